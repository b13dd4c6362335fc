/**
 * A whole life of one BIOS and one UEFI server, the process killed at every checkpoint of the deployment and once in the
 * middle of the download. The rack is the witness: what was asked of the BMCs, what the disks hold, what the consoles said.
 */
import { statSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { defaultDeadlines, deployMachine, type MachineEnvironment } from '../../src/machine/index.ts';
import { enumeratePoints } from '../../src/operation/index.ts';
import { type LabMachine, run } from '../index.ts';
import { watchEvents } from '../life/event-watch.ts';
import { type LifeOptions, liveUntilFree, playLife } from '../life/life.ts';
import { startPostgresFor } from './postgres.ts';
import { history, setStage, type TestStage } from './stage.ts';

const slowLine = ['rate', '200mbit', 'burst', '512k', 'latency', '200ms'];
const RESUME_WITHIN_MS = 5_000;

/** The checkpoints as the code has them. The definition looks at nothing but the deadlines before it runs. */
const checkpoints = enumeratePoints(deployMachine({ deadlines: defaultDeadlines } as MachineEnvironment));

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function stageOf(...parameters: Parameters<typeof setStage>): Promise<TestStage> {
  const stage = await setStage(...parameters);
  closing.push(stage.close);
  return stage;
}

const bios = { name: 'bios', firmware: 'bios', guidOrder: 'rfc4122' } as const;
const uefi = { name: 'uefi', firmware: 'uefi', nicRom: false, guidOrder: 'smbios' } as const;

function lives(stage: TestStage): LifeOptions[] {
  const watch = watchEvents(stage.athanor);
  closing.push(() => Promise.resolve(watch.stop()));
  const { athanor, image } = stage;
  const onStage = (): void => undefined;
  return stage.rack.machines.map((machine) => ({
    athanor,
    watch,
    machine,
    image,
    loaderByTftp: machine.name === 'uefi',
    onStage,
  }));
}

async function powerCalls(machine: LabMachine, since: number): Promise<string[]> {
  const calls = await machine.chassisLog();
  return calls
    .filter((call) => call.operation === 'set' && call.time >= since)
    .map((call) => `${call.what} ${call.value}`);
}

describe('a life', () => {
  it('is lived on PostgreSQL as on SQLite', async () => {
    const stage = await stageOf([bios], {}, async (rack) => {
      const postgres = await startPostgresFor(rack);
      closing.push(postgres.stop);
      return { postgresUrl: postgres.url };
    });
    await stage.athanor.start();
    await stage.athanor.login();
    await Promise.all(lives(stage).map(playLife));
    const [machine] = stage.rack.machines;
    expect(await machine?.diskSha256(statSync(stage.image.file).size)).toBe(stage.image.sha256);
  });

  it('goes on after kill -9 at every checkpoint of the deployment, and does nothing twice', async () => {
    const stage = await stageOf([bios, uefi]);
    const { athanor, rack, image } = stage;
    await athanor.start();
    await athanor.login();

    await Promise.all(lives(stage).map(liveUntilFree));
    await athanor.stop();

    // A line as slow as a busy 200 Mbit/s: the download must last long enough to be killed in its middle.
    const shaped = rack.inControl(['tc', 'qdisc', 'add', 'dev', 'cp0', 'root', 'tbf', ...slowLine]);
    await run(shaped.file, shaped.args);
    const begun = Date.now();
    const serialStart = rack.machines.map((machine) => statSync(machine.serialLogFile).size);
    const starts: number[] = [];
    const restart = async (killAt?: string): Promise<void> => {
      starts.push(Date.now());
      await athanor.start(killAt === undefined ? {} : { killAt });
    };

    const [first = '', ...others] = checkpoints;
    await restart(first);
    // The process dies while it answers: the command may see that.
    await Promise.all(
      rack.machines.map(({ name }) => athanor.command(['machine', 'deploy', name, '--image', image.name])),
    );
    expect(await athanor.ended()).toBe('SIGKILL');
    // The second machine's request may have come too late; it is asked for again below, as an operator would.
    for (const point of others) {
      await restart(point);
      if (point.endsWith('/write-image/effect')) await killWhileDownloading();
      expect(await athanor.ended(), point).toBe('SIGKILL');
    }
    await restart();
    const states = new Set(['deploying', 'active']);
    for (const { name } of rack.machines) {
      const { state } = (await athanor.ask(['machine', 'describe', name])) as { state: string };
      if (!states.has(state)) await athanor.command(['machine', 'deploy', name, '--image', image.name]);
    }
    const watch = watchEvents(athanor);
    closing.push(() => Promise.resolve(watch.stop()));
    for (const machine of rack.machines)
      await watch.waitFor(
        (event) =>
          event.kind === 'machine.state' && event.data['machine'] === machine.name && event.data['to'] === 'active',
        { timeoutMs: 240_000, what: `${machine.name} active` },
      );

    for (const [index, machine] of rack.machines.entries()) {
      const calls = await powerCalls(machine, begun);
      expect(
        calls.filter((call) => call === 'power 1'),
        machine.name,
      ).toHaveLength(1);
      expect(
        calls.filter((call) => call.startsWith('reset') || call === 'power 0'),
        machine.name,
      ).toHaveLength(0);
      // Setting the boot device twice is the same as once; only the gap before its checkpoint makes it twice.
      const bootCalls = calls.filter((call) => call === 'boot pxe').length;
      expect(bootCalls, machine.name).toBeGreaterThanOrEqual(1);
      expect(bootCalls, machine.name).toBeLessThanOrEqual(2);
      expect(await machine.diskSha256(statSync(image.file).size)).toBe(image.sha256);
      // The system takes its address, which makes the machine active, a moment before it says that it is up.
      const from = serialStart[index] ?? 0;
      await machine.waitForSerial(/ATHANOR-LAB-OS up .*root=ok/, { timeoutMs: 60_000, from });
      const serial = (await machine.serialLog()).slice(from);
      expect(serial.match(/ATHANOR ramdisk write-begin/g), machine.name).toHaveLength(1);
      expect(serial.match(/ATHANOR-LAB-OS up/g), machine.name).toHaveLength(1);
    }

    const events = await history(athanor);
    const resumed = events.filter((event) => event.kind === 'operation.resumed').map((event) => Date.parse(event.time));
    const delays = starts
      .slice(1)
      .map((start) => (resumed.find((time) => time >= start) ?? Number.POSITIVE_INFINITY) - start);
    console.log(`resumed after ${checkpoints.length} kills: slowest ${Math.max(...delays)} ms`);
    expect(Math.max(...delays)).toBeLessThanOrEqual(RESUME_WITHIN_MS);

    /** Kills the process in the middle of a download, and starts it again on the way to the same checkpoint. */
    async function killWhileDownloading(): Promise<void> {
      const watch = watchEvents(athanor);
      try {
        await watch.waitFor(
          (event) =>
            event.kind === 'operation.progress' &&
            event.data['text'] === 'writing' &&
            event.data['done'] !== event.data['total'],
          { timeoutMs: 120_000, what: 'a download under way' },
        );
      } finally {
        watch.stop();
      }
      await athanor.kill();
      await restart(others.find((point) => point.endsWith('/write-image/effect')));
    }
  });
});
