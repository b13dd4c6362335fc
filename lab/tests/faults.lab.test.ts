/** What goes wrong ends in a named state with a way out, and takes nothing else along. */
import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabMachine, run } from '../index.ts';
import { type EventWatch, watchEvents } from '../life/event-watch.ts';
import { deployLife, type LifeOptions, liveUntilFree } from '../life/life.ts';
import { type LabImage, labImage, setStage, type TestStage } from './stage.ts';

interface FailureView {
  step: string;
  code: string;
  message: string;
  remedy: string;
  verbs: string[];
}

interface MachineView {
  state: string;
  failure: FailureView | null;
  allowedVerbs: string[];
}

const MIB = 1 << 20;

describe('a machine that fails', () => {
  let stage: TestStage;
  let watch: EventWatch;
  let image: LabImage;
  let roomy: LabMachine;
  let cramped: LabMachine;

  function lifeOf(machine: LabMachine): LifeOptions {
    return { athanor: stage.athanor, watch, machine, image, loaderByTftp: false, onStage: () => undefined };
  }

  async function viewOf(machine: LabMachine): Promise<MachineView> {
    return (await stage.athanor.ask(['machine', 'describe', machine.name])) as MachineView;
  }

  /** Asks for a deployment and waits until the machine is `failed`. */
  async function failToDeploy(
    machine: LabMachine,
    imageName: string,
    meanwhile?: () => Promise<void>,
  ): Promise<FailureView> {
    const after = watch.seen.at(-1)?.sequence ?? 0;
    const { code, errors } = await stage.athanor.command(['machine', 'deploy', machine.name, '--image', imageName]);
    expect(errors).toBe('');
    expect(code).toBe(0);
    await meanwhile?.();
    await watch.waitFor(
      (event) =>
        event.sequence > after &&
        event.kind === 'machine.state' &&
        event.data['machine'] === machine.name &&
        event.data['to'] === 'failed',
      { timeoutMs: 120_000, what: `${machine.name} failed` },
    );
    const { state, failure } = await viewOf(machine);
    expect(state).toBe('failed');
    if (failure === null) throw new Error('a failed machine without a failure');
    expect(failure.verbs).toContain('deploy');
    expect(failure.remedy).not.toBe('');
    return failure;
  }

  beforeAll(async () => {
    image = await labImage();
    stage = await setStage(
      [
        { name: 'roomy', firmware: 'bios' },
        { name: 'cramped', firmware: 'bios', diskBytes: 32 * MIB },
      ],
      {
        extraImages: [{ name: 'misdeclared', file: image.file, sha256: 'ab'.repeat(32) }],
        deadlines: { netbootTimeout: '60s', writeStallTimeout: '5s', bootTimeout: '120s' },
      },
    );
    await stage.athanor.start();
    await stage.athanor.login();
    watch = watchEvents(stage.athanor);
    roomy = stage.rack.machine('roomy');
    cramped = stage.rack.machine('cramped');
    await Promise.all([roomy, cramped].map((machine) => liveUntilFree(lifeOf(machine))));
  });

  afterAll(async () => {
    watch.stop();
    await stage.close();
  });

  it('is not touched for an image that does not have its declared digest', async () => {
    const before = (await roomy.chassisLog()).filter((call) => call.operation === 'set').length;
    const failure = await failToDeploy(roomy, 'misdeclared');
    expect(failure).toMatchObject({ step: 'check-image', code: 'digest-mismatch' });
    expect(failure.message).toContain(image.sha256);
    expect((await roomy.chassisLog()).filter((call) => call.operation === 'set')).toHaveLength(before);
  });

  it('says which disks it has when none is large enough, and writes not a byte', async () => {
    const failure = await failToDeploy(cramped, image.name);
    expect(failure.step).toBe('write-image');
    expect(failure.message).toContain('/dev/vda');
    const empty = await run('sh', ['-c', `head -c ${32 * MIB} /dev/zero | sha256sum | cut -d' ' -f1`]);
    expect(await cramped.diskSha256(32 * MIB)).toBe(empty.trim());
  });

  it('can be inspected again, and is free then', async () => {
    const after = watch.seen.at(-1)?.sequence ?? 0;
    expect((await stage.athanor.command(['machine', 'inspect', cramped.name])).code).toBe(0);
    await watch.waitFor(
      (event) =>
        event.sequence > after &&
        event.kind === 'machine.state' &&
        event.data['machine'] === cramped.name &&
        event.data['to'] === 'free',
      { timeoutMs: 90_000, what: 'cramped free again' },
    );
    expect(await viewOf(cramped)).toMatchObject({ state: 'free', failure: null });
    expect(await cramped.isPoweredOn()).toBe(false);
  });

  it('that stops in the middle of the download fails, is not heard when it comes back, and can be deployed again', async () => {
    const line = stage.rack.inControl([
      'tc',
      'qdisc',
      'add',
      'dev',
      'cp0',
      'root',
      'tbf',
      'rate',
      '100mbit',
      'burst',
      '512k',
      'latency',
      '200ms',
    ]);
    await run(line.file, line.args);
    const serialBefore = statSync(roomy.serialLogFile).size;
    const failure = await failToDeploy(roomy, image.name, async () => {
      await roomy.waitForSerial(/ATHANOR ramdisk write-begin/, { timeoutMs: 90_000, from: serialBefore });
      await roomy.freeze();
    });
    expect(failure).toMatchObject({ step: 'write-image', code: 'image-failed' });
    expect(failure.message).toMatch(/stopped after \d+ of \d+ bytes/);

    await roomy.thaw();
    await roomy.waitForSerial(/this attempt is over/, { timeoutMs: 60_000, from: serialBefore });
    const free = stage.rack.inControl(['tc', 'qdisc', 'del', 'dev', 'cp0', 'root']);
    await run(free.file, free.args);

    const { id } = (await stage.athanor.ask(['machine', 'describe', roomy.name])) as { id: string };
    await deployLife(lifeOf(roomy), id);
    expect((await viewOf(roomy)).state).toBe('active');
  });

  it('with a deaf BMC fails at the BMC, and names it', async () => {
    cramped.bmc.stop();
    try {
      const failure = await failToDeploy(cramped, image.name);
      expect(failure).toMatchObject({ step: 'confirm-bmc', code: 'bmc-unreachable' });
    } finally {
      cramped.bmc.continue();
    }
  });

  it('can be aborted in the middle, and refuses a second operation meanwhile', async () => {
    const started = (await stage.athanor.ask(['machine', 'deploy', roomy.name, '--image', image.name])) as {
      id: string;
    };
    const second = await stage.athanor.command(['machine', 'deploy', roomy.name, '--image', image.name]);
    expect(second.code).toBe(75);
    const power = await stage.athanor.command(['bmc', 'power', 'off', 'roomy-bmc']);
    expect(power.errors).toContain(started.id);
    await stage.athanor.ask(['operation', 'abort', started.id]);
    await watch.waitFor((event) => event.kind === 'operation.aborted' && event.operationId === started.id, {
      timeoutMs: 30_000,
      what: 'the operation aborted',
    });
    expect(await viewOf(roomy)).toMatchObject({ state: 'failed', failure: { code: 'aborted' } });
  });

  it('leaves no password in the log', async () => {
    const log = await readFile(stage.athanor.logFile, 'utf8');
    for (const machine of stage.rack.machines) expect(log).not.toContain(machine.bmcPassword);
  });
});
