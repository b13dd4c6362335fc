/**
 * One life: from a box that nobody knows to a machine that is `active`, asked for by the command line as an operator
 * would, followed by the event stream, and checked against the lab's own witnesses: the chassis program's log, the
 * serial console and the bytes on the disk.
 */
import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import type { LabMachine, Rack } from '../index.ts';
import type { Athanor, LifeEvent } from './athanor.ts';
import { bmcName } from './configuration.ts';
import type { EventWatch } from './event-watch.ts';

export const stages = [
  'power-on',
  'address',
  'loader',
  'script',
  'ramdisk',
  'inventory',
  'bmc-tied',
  'free',
  'deploy',
  'deploy-power-on',
  'deploy-ramdisk',
  'image-written',
  'active',
] as const;

export type StageName = (typeof stages)[number];

export interface StageSeen {
  machine: string;
  stage: StageName;
  /** Milliseconds since 1970. */
  time: number;
  detail: string;
}

/** A stage that did not come, and why. */
export class StageMissing extends Error {
  readonly machine: string;
  readonly stage: StageName;
  constructor(machine: string, stage: StageName, why: string) {
    super(`stage ${stage} of ${machine}: ${why}`);
    this.machine = machine;
    this.stage = stage;
  }
}

export interface LifeOptions {
  athanor: Athanor;
  rack: Rack;
  watch: EventWatch;
  machine: LabMachine;
  image: { name: string; file: string; sha256: string };
  /** Its loader travels over TFTP, because its card brings none along. */
  loaderByTftp: boolean;
  onStage(seen: StageSeen): void;
  /** Longest wait for one stage, milliseconds. */
  patienceMs?: number;
  /** Called when the machine is `free`, before it is deployed. */
  beforeDeploy?(machineId: string): Promise<void>;
}

export interface LifeResult {
  machineId: string;
  operationId: string;
}

export async function sha256OfFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const block of createReadStream(file)) hash.update(block as Buffer);
  return hash.digest('hex');
}

/** @throws StageMissing naming the first stage that was not seen, or that the witnesses contradict */
export async function playLife(options: LifeOptions): Promise<LifeResult> {
  const { athanor, watch, machine, image, loaderByTftp, onStage, patienceMs = 180_000 } = options;
  const { name, mac } = machine;
  let stage: StageName = 'power-on';

  function witness(holds: boolean, what: string): void {
    if (!holds) throw new Error(`the lab's witness disagrees: ${what}`);
  }

  async function saw(at: StageName, detail: string, time: number): Promise<void> {
    onStage({ machine: name, stage: at, time, detail });
    await Promise.resolve();
  }

  /** Waits for an event of this machine; a failed machine ends the wait at once with its cause. */
  async function expect(
    at: StageName,
    fits: (event: LifeEvent) => boolean,
    detail: (event: LifeEvent) => string,
  ): Promise<LifeEvent> {
    stage = at;
    const event = await watch.waitFor((candidate) => fits(candidate) || failed(candidate), {
      timeoutMs: patienceMs,
      what: `stage ${at} of ${name}`,
    });
    if (!fits(event)) throw new Error(describeFailure(event));
    await saw(at, detail(event), Date.parse(event.time));
    return event;
  }

  let machineId = '';
  let after = 0;
  const own = (event: LifeEvent): boolean =>
    event.subjectKind === 'machine' && event.subjectId === machineId && event.sequence > after;
  const failed = (event: LifeEvent): boolean =>
    own(event) && event.kind === 'machine.state' && event.data['to'] === 'failed';
  const ofKind = (kind: string) => (event: LifeEvent) => own(event) && event.kind === kind;
  const movedTo = (state: string) => (event: LifeEvent) =>
    own(event) && event.kind === 'machine.state' && event.data['to'] === state;
  const stepDone = (step: string) => (event: LifeEvent) =>
    own(event) && event.kind === 'operation.step.done' && event.data['step'] === step;

  try {
    await asked(athanor, ['bmc', 'boot', bmcName(name), 'pxe']);
    await asked(athanor, ['bmc', 'power', bmcName(name), 'on']);
    const calls = await machine.chassisLog();
    witness(
      calls.some((call) => call.operation === 'set' && call.what === 'power' && call.value === '1'),
      `the chassis of ${name} was never told to power on`,
    );
    await saw('power-on', 'through its BMC', Date.now());

    stage = 'address';
    const discovered = await watch.waitFor(
      (event) => event.kind === 'machine.discovered' && event.data['mac'] === mac,
      { timeoutMs: patienceMs, what: `stage address of ${name}` },
    );
    machineId = discovered.subjectId;
    await expect('address', ofKind('boot.address'), (event) => String(event.data['address']));
    if (loaderByTftp)
      await expect('loader', ofKind('boot.loader'), (event) => `${String(event.data['detail'])} over TFTP`);
    await expect('script', ofKind('boot.script'), (event) => String(event.data['detail']));
    await expect('ramdisk', ofKind('machine.ramdisk-up'), (event) => `attempt ${String(event.data['attempt'])}`);
    const inventory = await expect(
      'inventory',
      ofKind('machine.inventory'),
      (event) => `${String(event.data['vendor'])} ${String(event.data['product'])}, ${String(event.data['firmware'])}`,
    );
    witness(String(inventory.data['uuid']).toLowerCase() === machine.uuid, `its UUID is ${machine.uuid}`);
    witness(inventory.data['firmware'] === machine.firmware, `its firmware is ${machine.firmware}`);
    await expect('bmc-tied', ofKind('machine.bmc-tied'), (event) => String(event.data['bmc']));
    await expect('free', movedTo('free'), () => 'powered off');
    witness(!(await machine.isPoweredOn()), `${name} still has power`);

    await asked(athanor, ['machine', 'name', machineId, name]);
    await options.beforeDeploy?.(machineId);
    stage = 'deploy';
    after = watch.seen.at(-1)?.sequence ?? 0;
    const serialBefore = statSync(machine.serialLogFile, { throwIfNoEntry: false })?.size ?? 0;
    await asked(athanor, ['machine', 'deploy', name, '--image', image.name, '--hostname', name]);
    const deploying = await expect('deploy', movedTo('deploying'), () => image.name);
    await expect('deploy-power-on', stepDone('power-on'), () => 'through its BMC, network boot once');
    await expect('deploy-ramdisk', ofKind('machine.ramdisk-up'), (event) => `attempt ${String(event.data['attempt'])}`);
    await expect('image-written', stepDone('write-image'), () => `sha256 ${image.sha256.slice(0, 12)}… read back`);
    witness(
      (await machine.diskSha256(statSync(image.file).size)) === image.sha256,
      `the disk does not hold ${image.name}`,
    );
    await expect('active', movedTo('active'), () => 'the installed system took its address');
    await machine.waitForSerial(/ATHANOR-LAB-OS up .*root=ok/, { timeoutMs: patienceMs, from: serialBefore });
    return { machineId, operationId: deploying.operationId ?? '' };
  } catch (problem) {
    throw new StageMissing(name, stage, problem instanceof Error ? problem.message : String(problem));
  }
}

function describeFailure(event: LifeEvent): string {
  const failure = event.data['failure'];
  return typeof failure === 'object' && failure !== null
    ? `the machine failed: ${JSON.stringify(failure)}`
    : `the machine failed: ${String(event.data['reason'])}`;
}

async function asked(athanor: Athanor, args: string[]): Promise<void> {
  const { code, output, errors } = await athanor.command(args);
  if (code !== 0) throw new Error(`athanor ${args.join(' ')} ended with ${code}: ${errors}${output}`);
}
