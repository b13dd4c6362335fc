/**
 * A person (or a program) asks a BMC by a command of the table. Reads are passed on; whatever changes something is
 * refused while an operation has the machine (decision 6), and is written into the history with who asked and what came
 * of it.
 */
import type { ControlPlane } from '../api/index.ts';
import { answerOf, answerOfError, type BmcAnswer, type BmcCommand, parametersOf } from '../bmc/index.ts';
import { inventoryOf } from '../install/index.ts';
import type { Site } from '../site/index.ts';
import type { JsonValue, Row, Store } from '../store/index.ts';
import { requireNoOperation } from './require-no-operation.ts';

interface Parts {
  store: Store;
  site: Pick<Site, 'bmc'>;
  bmcRow(name: string): Promise<Row<'bmcs'>>;
  now(): number;
}

/** Changes that no operation can notice: the machine, its boot, its BMC's address and logins stay as they are. */
const harmless: ReadonlySet<string> = new Set([
  'identify',
  'sel time set',
  'events read',
  'sensor set-threshold',
  'dcmi asset-tag set',
  'dcmi controller-name set',
]);

export function createAskBmc({ store, site, bmcRow, now }: Parts): ControlPlane['askBmc'] {
  async function keepPower(bmc: Row<'bmcs'>, { value }: BmcAnswer): Promise<void> {
    const power = powerIn(value);
    if (bmc.machine_id === null || power === undefined) return;
    await store.db.updateTable('machines').set({ power }).where('id', '=', bmc.machine_id).execute();
  }

  /** A machine that a person switches off by Athanor is not missed; one that is switched on again is. */
  async function notePurpose(bmc: Row<'bmcs'>, off: boolean): Promise<void> {
    if (bmc.machine_id === null) return;
    await store.db
      .updateTable('machines')
      .set({ off_on_purpose: off ? 1 : 0, switched_at: now() })
      .where('id', '=', bmc.machine_id)
      .execute();
  }

  /** Boots as the machine's firmware does, where it was inspected and nothing else was asked for. */
  async function withFirmware(
    command: BmcCommand,
    bmc: Row<'bmcs'>,
    parameters: Record<string, unknown>,
  ): Promise<Record<string, unknown>> {
    const choosesBoot = command.name.startsWith('boot ') && command.effect === 'change' && bmc.machine_id !== null;
    if (!choosesBoot || bmc.machine_id === null || !('uefi' in command.parameters.shape)) return parameters;
    if (parameters['uefi'] === true || parameters['legacy'] === true) return parameters;
    const firmware = (await inventoryOf(store, bmc.machine_id))?.firmware;
    if (firmware === undefined) return parameters;
    return { ...parameters, [firmware === 'uefi' ? 'uefi' : 'legacy']: true };
  }

  return async (name, command, given, caller, signal) => {
    const options = signal === undefined ? {} : { signal };
    const bmc = await bmcRow(name);
    if (command.effect === 'read') {
      const answer = answerOf(name, await command.run(site.bmc(name), given, options));
      if (command.name === 'power status') await keepPower(bmc, answer);
      return answer;
    }
    if (!harmless.has(command.name)) await requireNoOperation(store, bmc);
    // A BMC that the site does not have throws here, before anything is noted.
    const open = site.bmc(name);
    const parameters = await withFirmware(command, bmc, given);
    const subject = { kind: 'bmc', id: bmc.id };
    const asked = { bmc: name, command: command.name, parameters: wishesOf(command, parameters), caller };
    await store.events.appendEvent(store.db, { kind: 'bmc.command', subject, data: asked });
    const answered = async (answer: BmcAnswer): Promise<void> => {
      const data = { ...asked, ...told(command, answer) };
      await store.events.appendEvent(store.db, { kind: 'bmc.answered', subject, data });
    };
    const goesOff = switches.get(command.name);
    // Before the act: its silence begins before the BMC has confirmed anything.
    if (goesOff !== undefined) await notePurpose(bmc, goesOff);
    const answer = await command.run(open, parameters, options).then(
      (result) => answerOf(name, result),
      async (error: unknown) => {
        // It could not be asked at all, for example because two parameters contradict each other.
        if (goesOff === true) await notePurpose(bmc, false);
        await answered(answerOfError(name, open.settings.driver, error));
        throw error;
      },
    );
    if (goesOff !== undefined) {
      if (answer.outcome === 'done') await keepPower(bmc, answer);
      // A power cut whose answer was lost was most likely made; a system that ignored the button runs on.
      else if (goesOff && (command.name === 'power soft' || answer.outcome !== 'outcome unknown'))
        await notePurpose(bmc, false);
    }
    await answered(answer);
    return answer;
  };
}

/** Command → whether the machine is to be off afterwards. */
const switches: ReadonlyMap<string, boolean> = new Map([
  ['power on', false],
  ['power off', true],
  ['power cycle', false],
  ['power reset', false],
  ['power soft', true],
]);

function powerIn(value: unknown): 'on' | 'off' | undefined {
  const state = typeof value === 'object' && value !== null && 'state' in value ? value.state : undefined;
  return state === 'on' || state === 'off' ? state : undefined;
}

/** What was asked for beyond what holds anyway, without what nobody may read. */
function wishesOf(command: BmcCommand, parameters: Record<string, unknown>): JsonValue {
  const wishes = parametersOf(command).filter(
    ({ name, secret, preset }) => !secret && name in parameters && parameters[name] !== preset,
  );
  const shown = Object.fromEntries(wishes.map(({ name }) => [name, parameters[name]]));
  return asJson(mayHoldSecret(command, parameters) ? { ...shown, data: 'not shown: it may hold a secret' } : shown);
}

/** Set User Password, Set Channel Security Keys, and Send Message, which may carry either (IPMI v2.0 §22.30, §22.25, §22.7). */
const secretCommands: ReadonlySet<unknown> = new Set([0x47, 0x56, 0x34]);

/** The network functions of vendors, whose commands set passwords and keys as well; nobody knows which (IPMI v2.0 §5.1). */
const firstVendorFunction = 0x2e;

/** Bytes that set a password or a key, or may. */
function mayHoldSecret({ name }: BmcCommand, { networkFunction, command }: Record<string, unknown>): boolean {
  if (name !== 'raw') return false;
  if (typeof networkFunction === 'number' && networkFunction >= firstVendorFunction) return true;
  return networkFunction === 0x06 && secretCommands.has(command);
}

/** The value in one line: the history is read by people, and a whole event log has no place in it. */
function told(command: BmcCommand, answer: BmcAnswer): Record<string, JsonValue> {
  const { outcome, driver, evidence, error, value } = answer;
  return {
    outcome,
    driver,
    evidence: evidence.map((line) => ({ ...line })),
    ...(outcome === 'done' ? { value: command.present(value).line } : {}),
    ...(error === undefined ? {} : { error: { ...error } }),
  };
}

function asJson(value: unknown): JsonValue {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value !== 'object') return null;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asJson(inner)]));
}
