/**
 * One life: from a box that nobody knows to a machine that is `active`, asked for by the command line as an operator
 * would, followed by the event stream, and checked against the lab's own witnesses: the chassis program's log, the
 * serial console and the bytes on the disk.
 */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import type { LabMachine } from '../index.ts';
import type { Athanor, LifeEvent } from './athanor.ts';
import { bmcName } from './configuration.ts';
import type { EventWatch } from './event-watch.ts';
import { atStage, type StageName, type StageSeen, witness } from './stages.ts';

export interface LifeOptions {
  athanor: Athanor;
  watch: EventWatch;
  machine: LabMachine;
  image: { name: string; file: string; sha256: string };
  /** Its loader travels over TFTP, because its card brings none along. */
  loaderByTftp: boolean;
  onStage(seen: StageSeen): void;
  /** Longest wait for one stage, milliseconds. */
  patienceMs?: number;
}

/** What one machine's life is followed with. */
interface Follower {
  /** Waits for an event of this machine; a failed machine ends the wait at once with its cause. */
  expect(
    stage: StageName,
    fits: (event: LifeEvent) => boolean,
    detail: (event: LifeEvent) => string,
  ): Promise<LifeEvent>;
  ofKind(kind: string): (event: LifeEvent) => boolean;
  movedTo(state: string): (event: LifeEvent) => boolean;
  stepDone(step: string): (event: LifeEvent) => boolean;
}

const DEFAULT_PATIENCE_MS = 180_000;

/** @param after only events behind this sequence number count */
function follow(
  { watch, machine, onStage, patienceMs = DEFAULT_PATIENCE_MS }: LifeOptions,
  machineId: string,
  after: number,
): Follower {
  const own = (event: LifeEvent): boolean =>
    event.subjectKind === 'machine' && event.subjectId === machineId && event.sequence > after;
  const movedTo = (state: string) => (event: LifeEvent) =>
    own(event) && event.kind === 'machine.state' && event.data['to'] === state;
  const failed = movedTo('failed');
  return {
    movedTo,
    ofKind: (kind) => (event) => own(event) && event.kind === kind,
    stepDone: (step) => (event) => own(event) && event.kind === 'operation.step.done' && event.data['step'] === step,
    expect: async (stage, fits, detail) =>
      await atStage(machine.name, stage, async () => {
        const event = await watch.waitFor((candidate) => fits(candidate) || failed(candidate), {
          timeoutMs: patienceMs,
          what: `stage ${stage} of ${machine.name}`,
        });
        if (!fits(event)) throw new Error(describeFailure(event));
        onStage({ machine: machine.name, stage, time: Date.parse(event.time), detail: detail(event) });
        return event;
      }),
  };
}

/**
 * From a box that nobody knows to a machine that is `free` and powered off, with the lab's name for it.
 *
 * @returns the machine's id
 * @throws StageMissing naming the first stage that was not seen, or that the witnesses contradict
 */
export async function liveUntilFree(options: LifeOptions): Promise<string> {
  const { athanor, watch, machine, loaderByTftp, onStage, patienceMs = DEFAULT_PATIENCE_MS } = options;
  const { name, mac } = machine;
  await atStage(name, 'power-on', async () => {
    await asked(athanor, ['bmc', 'boot', 'pxe', bmcName(name)]);
    await asked(athanor, ['bmc', 'power', 'on', bmcName(name)]);
  });
  const calls = await machine.chassisLog();
  const poweredOn = calls.some((call) => call.operation === 'set' && call.what === 'power' && call.value === '1');
  witness(machine, 'power-on', poweredOn, `the chassis of ${name} was never told to power on`);
  onStage({ machine: name, stage: 'power-on', time: Date.now(), detail: 'through its BMC' });

  const discovered = await atStage(name, 'address', () =>
    watch.waitFor((event) => event.kind === 'machine.discovered' && event.data['mac'] === mac, {
      timeoutMs: patienceMs,
      what: `stage address of ${name}`,
    }),
  );
  const machineId = discovered.subjectId;
  const { expect, ofKind, movedTo } = follow(options, machineId, 0);
  await expect('address', ofKind('boot.address'), ({ data }) => String(data['address']));
  if (loaderByTftp) await expect('loader', ofKind('boot.loader'), ({ data }) => `${String(data['detail'])} over TFTP`);
  await expect('script', ofKind('boot.script'), ({ data }) => String(data['detail']));
  await expect('ramdisk', ofKind('machine.ramdisk-up'), ({ data }) => `attempt ${String(data['attempt'])}`);
  const { data: hardware } = await expect(
    'inventory',
    ofKind('machine.inventory'),
    ({ data }) => `${String(data['vendor'])} ${String(data['product'])}, ${String(data['firmware'])}`,
  );
  witness(machine, 'inventory', String(hardware['uuid']) === machine.uuid, `its UUID is ${machine.uuid}`);
  witness(machine, 'inventory', hardware['firmware'] === machine.firmware, `its firmware is ${machine.firmware}`);
  await expect('bmc-tied', ofKind('machine.bmc-tied'), ({ data }) => String(data['bmc']));
  await expect('free', movedTo('free'), () => 'powered off');
  witness(machine, 'free', !(await machine.isPoweredOn()), `${name} still has power`);
  await atStage(name, 'free', () => asked(athanor, ['machine', 'name', machineId, name]));
  return machineId;
}

/**
 * From `free` to `active`: the image on the disk, and its own system up.
 *
 * @throws StageMissing naming the first stage that was not seen, or that the witnesses contradict
 */
export async function deployLife(options: LifeOptions, machineId: string): Promise<void> {
  const { athanor, watch, machine, image, patienceMs = DEFAULT_PATIENCE_MS } = options;
  const { name } = machine;
  const { expect, ofKind, movedTo, stepDone } = follow(options, machineId, watch.seen.at(-1)?.sequence ?? 0);
  const serialBefore = statSync(machine.serialLogFile, { throwIfNoEntry: false })?.size ?? 0;
  await atStage(name, 'deploy', () =>
    asked(athanor, ['machine', 'deploy', name, '--image', image.name, '--hostname', name]),
  );
  await expect('deploy', movedTo('deploying'), () => image.name);
  await expect('image-checked', stepDone('check-image'), () => `sha256 ${image.sha256.slice(0, 12)}…`);
  await expect('deploy-power-on', stepDone('power-on'), () => 'through its BMC, network boot once');
  await expect('deploy-ramdisk', ofKind('machine.ramdisk-up'), ({ data }) => `attempt ${String(data['attempt'])}`);
  await expect('image-written', stepDone('write-image'), () => `sha256 ${image.sha256.slice(0, 12)}… read back`);
  const onDisk = await machine.diskSha256(statSync(image.file).size);
  witness(machine, 'image-written', onDisk === image.sha256, `the disk does not hold ${image.name}`);
  await expect('active', movedTo('active'), () => 'the installed system took its address');
  await atStage(name, 'active', () =>
    machine.waitForSerial(/ATHANOR-LAB-OS up .*root=ok/, { timeoutMs: patienceMs, from: serialBefore }),
  );
}

/** The whole life; see `liveUntilFree` and `deployLife`. */
export async function playLife(options: LifeOptions): Promise<void> {
  await deployLife(options, await liveUntilFree(options));
}

export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const block of createReadStream(file)) hash.update(block as Buffer);
  return hash.digest('hex');
}

function describeFailure(event: LifeEvent): string {
  const failure = event.data['failure'];
  return typeof failure === 'object' && failure !== null
    ? `the machine failed: ${JSON.stringify(failure)}`
    : `the machine failed: ${String(event.data['reason'])}`;
}

export async function asked(athanor: Athanor, args: string[]): Promise<void> {
  const { code, output, errors } = await athanor.command(args);
  if (code !== 0) throw new Error(`athanor ${args.join(' ')} ended with ${code}: ${errors}${output}`);
}
