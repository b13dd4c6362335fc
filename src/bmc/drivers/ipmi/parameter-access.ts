/** Reading and writing configuration parameters: LAN, serial over LAN and serial alike (IPMI v2.0 §23.1, §25.1, §26.2). */
import { AthanorError, asAthanorError, isUnreachableBmc } from '../../../errors/index.ts';
import type { GetParameterCommand, Parameter, SetParameterCommand } from '../../../protocols/ipmi/index.ts';
import { completionCode, IpmiDecodeError, parameterRefusal } from '../../../protocols/ipmi/index.ts';
import { sleep } from '../../ports.ts';
import type { Note } from '../../settle.ts';
import { outcomeUnknown } from '../../settle.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';
import { undo } from './undo.ts';

export interface ParameterPlace {
  context: IpmiContext;
  get: GetParameterCommand;
  set: SetParameterCommand;
  channel: number;
  note: Note;
  signal?: AbortSignal;
}

/** One parameter to write, and what must read back. */
export interface ParameterWrite {
  name: string;
  selector: number;
  data: Buffer;
  set: number;
  /** Whether it may cut the connection that it comes over. */
  cuts: boolean;
  agrees(data: Uint8Array): boolean;
}

/** Some BMCs take a while to hold what they accepted (FreeIPMI's `slowcommit`). */
const readBackTries = 5;
const readBackPauseMs = 1_000;
const inProgress = 0x01;

/** Undefined where the BMC does not tell. Such parameters are listed in `untold`. */
export async function readParameter<Value extends object>(
  place: ParameterPlace,
  parameter: Parameter<Value>,
  untold: string[],
  set = 0,
  block = 0,
): Promise<Value | undefined> {
  const { context, get, channel, signal, note } = place;
  const request = { channel, revisionOnly: false, parameter: parameter.selector, set, block };
  const answer = await context.client.ask(get, request, signal);
  if ('refused' in answer) {
    const { completionCode: code } = answer.refused;
    const whole =
      code === completionCode.invalidCommand ||
      code === completionCode.invalidCommandForLun ||
      code === completionCode.insufficientPrivilege;
    if (whole) throw refusedError(context.peer, get.name, answer.refused);
    untold.push(parameter.name);
    return undefined;
  }
  try {
    return parameter.decode(answer.value.data);
  } catch (error) {
    if (!(error instanceof IpmiDecodeError)) throw error;
    note(get.name, `parameter ${parameter.selector}: ${error.message}`);
    untold.push(parameter.name);
    return undefined;
  }
}

/** A write of the whole value, of which the fields in `checked` (all when left out) must read back. */
export function writeOf<Value extends object>(
  parameter: Parameter<Value>,
  value: Value,
  options: { set?: number; cuts?: boolean; checked?: readonly string[] } = {},
): ParameterWrite {
  const data = parameter.encode(value);
  // What the bytes can hold: an interval in steps of 5 ms is rounded to one.
  const wanted = new Map<string, unknown>(Object.entries(parameter.decode(data)));
  const checked = options.checked ?? [...wanted.keys()];
  return {
    name: parameter.name,
    selector: parameter.selector,
    data,
    set: options.set ?? 0,
    cuts: options.cuts ?? false,
    agrees(read) {
      const now = new Map<string, unknown>(Object.entries(parameter.decode(read)));
      return checked.every((field) => JSON.stringify(now.get(field)) === JSON.stringify(wanted.get(field)));
    },
  };
}

/**
 * Set in progress, the writes, commit, set complete. Tolerates BMCs without the protocol. Returns why the connection
 * broke where one of the writes may have cut it, else undefined.
 */
export async function writeParameters(
  place: ParameterPlace,
  writes: readonly ParameterWrite[],
  force: boolean,
): Promise<AthanorError | undefined> {
  const { note, set } = place;
  await beginWriting(place, force);
  let written = 0;
  let cut = false;
  try {
    for (const write of writes) {
      cut ||= write.cuts;
      await writeOne(place, write, written);
      written += 1;
      note(set.name, `parameter ${write.selector} (${write.name}): accepted by the BMC`);
    }
    await endWriting(place);
    return undefined;
  } catch (thrown) {
    const error = asAthanorError(thrown);
    if (!isUnreachableBmc(error.code)) await release(place);
    if (isUnreachableBmc(error.code) || error.code === 'aborted') {
      if (cut) return error;
      throw outcomeUnknown(`BMC ${place.context.peer.name} may hold some of the new settings, or none`, error);
    }
    throw error;
  }
}

/** What was begun is ended, or the next change finds one in progress. */
async function release(place: ParameterPlace): Promise<void> {
  await undo(place.context.clock, (signal) => sendProgress({ ...place, signal }, 0)).catch(() => undefined);
}

async function writeOne(place: ParameterPlace, write: ParameterWrite, written: number): Promise<void> {
  const { context, set, channel, signal } = place;
  const request = { channel, parameter: write.selector, data: write.data };
  const answer = await context.client.ask(set, request, signal);
  if ('value' in answer) return;
  const code = answer.refused.completionCode;
  const error = refusedError(context.peer, `${set.name}, parameter ${write.selector} (${write.name})`, answer.refused);
  const cannot = code === parameterRefusal.notSupported || code === parameterRefusal.readOnly;
  if (cannot && written === 0) throw new AthanorError('unsupported', error.message);
  throw new AthanorError(
    error.code,
    written === 0 ? error.message : `${error.message}; what came before it is written`,
  );
}

async function sendProgress(place: ParameterPlace, state: number): Promise<number> {
  const { context, set, channel, signal } = place;
  const answer = await context.client.ask(set, { channel, parameter: 0, data: Buffer.of(state) }, signal);
  return 'value' in answer ? completionCode.ok : answer.refused.completionCode;
}

/** Whether a change has begun already; a BMC that does not tell has none. */
async function isInProgress({ context, get, channel, signal }: ParameterPlace): Promise<boolean> {
  const answer = await context.client.ask(
    get,
    { channel, revisionOnly: false, parameter: 0, set: 0, block: 0 },
    signal,
  );
  return 'value' in answer && ((answer.value.data[0] ?? 0) & 0x03) === inProgress;
}

async function beginWriting(place: ParameterPlace, force: boolean): Promise<void> {
  const { context, set, note } = place;
  const before = await isInProgress(place);
  let code = await sendProgress(place, inProgress);
  if (code === parameterRefusal.alreadyInProgress && !before) {
    // The first answer was lost: the BMC takes the second request for that of another client.
    note(set.name, '`set in progress` was sent twice, and is taken for our own');
    code = completionCode.ok;
  }
  if (code === parameterRefusal.alreadyInProgress && force) {
    note(set.name, 'a change by another client was in progress, and was ended by force');
    await sendProgress(place, 0);
    code = await sendProgress(place, inProgress);
  }
  if (code === parameterRefusal.alreadyInProgress) {
    throw new AthanorError('conflict', `BMC ${context.peer.name}: another client is changing these settings`, {
      remedy: 'Wait a minute; where nobody is, an earlier change was broken off: go on with `force`.',
    });
  }
  if (code === completionCode.insufficientPrivilege) {
    const text = 'Cannot execute command due to insufficient privilege level';
    throw refusedError(context.peer, set.name, { completionCode: code, text });
  }
  if (code !== completionCode.ok) note(set.name, 'goes without `set in progress`, which this BMC does not do');
}

async function endWriting(place: ParameterPlace): Promise<void> {
  // Optional in the specification: a BMC that needs none refuses it.
  await sendProgress(place, 2);
  const code = await sendProgress(place, 0);
  if (code !== completionCode.ok) place.note(place.set.name, '`set complete` was refused');
}

/** Throws when what was accepted does not read back. Throws `bmc-unreachable` when nothing answers any more. */
export async function checkWritten(place: ParameterPlace, writes: readonly ParameterWrite[]): Promise<void> {
  const { context, get, channel, note, signal } = place;
  for (const write of writes) {
    for (let attempt = 1; ; attempt += 1) {
      const request = { channel, revisionOnly: false, parameter: write.selector, set: write.set, block: 0 };
      const answer = await context.client.ask(get, request, signal);
      if ('refused' in answer) {
        note(get.name, `parameter ${write.selector} (${write.name}) cannot be read back: ${answer.refused.text}`);
        break;
      }
      if (agrees(write, answer.value.data)) {
        note(get.name, `parameter ${write.selector} (${write.name}) reads as it was set`);
        break;
      }
      if (attempt >= readBackTries) {
        throw new AthanorError(
          'bmc-refused',
          `BMC ${context.peer.name} accepted parameter ${write.selector} (${write.name}), but it reads otherwise`,
          { remedy: 'The BMC may keep this setting for its own web page, or need a restart.' },
        );
      }
      await sleep(context.clock, readBackPauseMs, signal);
    }
  }
}

function agrees(write: ParameterWrite, data: Uint8Array): boolean {
  try {
    return write.agrees(data);
  } catch (error) {
    if (error instanceof IpmiDecodeError) return false;
    throw error;
  }
}

/** The value now, to change a part of it; throws where the rest of it is not known. */
export async function requireParameter<Value extends object>(
  place: ParameterPlace,
  parameter: Parameter<Value>,
  set = 0,
): Promise<Value> {
  const value = await readParameter(place, parameter, [], set);
  if (value !== undefined) return value;
  throw new AthanorError(
    'unsupported',
    `BMC ${place.context.peer.name} does not tell parameter ${parameter.selector} (${parameter.name})`,
  );
}
