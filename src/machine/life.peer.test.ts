/** One whole life on both databases: found, inspected, free, deployed, active; then a failure and the way out of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { overTcp, type TcpUrl } from '../operation/testing/postgres-over-tcp.ts';
import { dialects } from '../store/testing/store-fixture.ts';
import { type PostgresServer, startPostgres } from '../store/testing/postgres.ts';
import { declareTied, type MachineBench, openMachineBench } from './testing/machine-bench.ts';
import { createMemoryBmcs, type MemoryBmc } from './testing/memory-bmc.ts';
import { goodWork, netboot, plugIn, type PluggedMachine } from './testing/scripted-machine.ts';
import { hardware, imageContent } from './testing/use-bench.ts';

describe.each(dialects)('a life on %s', (dialect) => {
  let server: PostgresServer | undefined;
  let tcp: TcpUrl | undefined;
  let directory: string;
  let bench: MachineBench;
  let bmc: MemoryBmc;
  let machine: PluggedMachine;

  beforeAll(async () => {
    if (dialect === 'postgres') server = await startPostgres();
  });
  afterAll(async () => await server?.stop());
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'athanor-life-'));
    if (server !== undefined) tcp = await overTcp(await server.createDatabase());
    const bmcs = await createMemoryBmcs();
    bmc = bmcs.add('bmc-1', { guid: hardware.uuid.replaceAll('-', ''), power: 'on' });
    const url = tcp === undefined ? undefined : ({ kind: 'postgres', url: tcp.url } as const);
    const databases = url === undefined ? {} : { database: url, engine: url };
    bench = await openMachineBench({ directory, bmcs: bmcs.host, ...databases });
    await bench.addImage('lab-os', imageContent);
    await declareTied(bench.store, 'bmc-1', null, bench.now());
    await bench.operations.startWorker();
    machine = plugIn(bench, bmc, hardware, async (ramdisk, boot) => {
      if (boot !== 2) return await goodWork(ramdisk, boot);
      await ramdisk.task();
      await ramdisk.write({ sha256ReadBack: 'b'.repeat(64) });
      return 'hang';
    });
  });
  afterEach(async () => {
    await bench.close();
    await tcp?.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('goes from an unknown MAC to an installed system, and on after a disk that lied', async () => {
    const ramdisk = await netboot(bench, hardware);
    const machineId = bench.directory.find(hardware.mac)?.machineId ?? '';
    const [inspection] = await bench.operations.list();
    await ramdisk?.inventory();
    expect(await ramdisk?.task()).toEqual({ task: 'power-off' });
    bmc.power = 'off';
    bench.wakeups.wake(machineId);
    expect((await bench.ended(inspection?.id ?? '')).failure).toBeUndefined();
    expect(await bench.machine(machineId)).toMatchObject({ state: 'free', power: 'off' });

    const deploy = async (): Promise<string | undefined> => {
      const id = await bench.requests.deploy(hardware.uuid, { image: 'lab-os', name: 'r1', hostname: 'web-1' });
      const operation = await bench.ended(id);
      await machine.quiet();
      return operation.failure?.step;
    };
    expect(await deploy()).toBeUndefined();
    expect((await bench.machine(machineId)).state).toBe('active');
    expect(await deploy()).toBe('write-image');
    expect((await bench.machine(machineId)).state).toBe('failed');
    expect(await deploy()).toBeUndefined();
    expect(await bench.machine(machineId)).toMatchObject({ state: 'active', name: 'r1', failure: null });

    const attempts = await bench.store.db
      .selectFrom('boot_attempts')
      .select(['number', 'state'])
      .orderBy('number')
      .execute();
    expect(attempts.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
    const moves = (await bench.events('machine.state')).map(({ data }) => Object(data).to);
    const deployed = ['deploying', 'active', 'deploying', 'failed', 'deploying', 'active'];
    expect(moves).toEqual(['inspecting', 'free', 'allocated', ...deployed]);
    expect(bench.errors).toEqual([]);
  });
});
