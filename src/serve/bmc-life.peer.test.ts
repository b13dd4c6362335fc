/** A machine behind a real BMC (ipmi_sim): found, tied, deployed; the chassis program is the witness of every change. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { administrator, type IpmiSim, startIpmiSim } from '../bmc/testing/ipmi-sim.ts';
import { realDependencies } from '../bmc/testing/real-dependencies.ts';
import { identifyBmc } from '../discovery/index.ts';
import { type MachineBench, openMachineBench } from '../machine/testing/machine-bench.ts';
import { bootAnswer, goodWork, netboot, takeLease } from '../machine/testing/scripted-machine.ts';
import { hardware, imageContent } from '../machine/testing/use-bench.ts';
import { createBmcHost } from '../site/index.ts';
import type { Configuration } from './configuration/index.ts';
import { createCredentials } from './credentials.ts';
import { createRefusedCredentials, declareBmcs, declareToSite } from './declarations.ts';

let directory: string;
let sim: IpmiSim;
let bench: MachineBench;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'athanor-bmc-life-'));
  sim = await startIpmiSim({ guid: hardware.uuid.replaceAll('-', '') });
});
afterEach(async () => {
  await bench.close();
  await sim.stop();
  await rm(directory, { recursive: true, force: true });
});

/** The BMC as `serve` declares it; `password` is what the configuration says it is. */
async function open(password: string): Promise<void> {
  const refused = Promise.withResolvers<ReturnType<typeof createRefusedCredentials>>();
  const host = createBmcHost({
    ...realDependencies(),
    refusedCredentials: {
      isRefused: async (...asked) => await (await refused.promise).isRefused(...asked),
      remember: async (...asked) => await (await refused.promise).remember(...asked),
    },
  });
  bench = await openMachineBench({ directory, bmcs: host });
  refused.resolve(createRefusedCredentials(bench.store, bench.now));
  await bench.addImage('lab-os', imageContent);
  const none = { guid: undefined, mac: undefined, cipherSuites: undefined, console: undefined };
  const bmc = {
    name: 'bmc-1',
    driver: 'ipmi',
    address: '127.0.0.1',
    port: sim.port,
    credential: 'lab',
    ...none,
  } as const;
  const configuration: Configuration = {
    site: 'here',
    dataDirectory: directory,
    database: { kind: 'sqlite' },
    api: { listen: [] },
    loaders: '',
    ramdisk: undefined,
    networks: [],
    credentials: [],
    bmcs: [bmc],
    images: [],
    deployment: { netbootTimeoutMs: undefined, writeStallTimeoutMs: undefined, bootTimeoutMs: undefined },
    recovery: {
      heartbeatIntervalMs: undefined,
      missedBeats: undefined,
      stoppedGraceMs: undefined,
      concurrentHeals: undefined,
      outageAtOnce: undefined,
      keepFilmsMs: undefined,
    },
  };
  const credentials = createCredentials(bench.store, bench.now, async () => {
    await declareToSite(bench.environment.site, [bmc], credentials);
  });
  await declareBmcs(bench.store, configuration, bench.now());
  await credentials.set('lab', { protocol: 'ipmi', username: administrator.username, password });
  await bench.operations.startWorker();
}

it('is found, tied by its GUID and deployed, each change made once', async () => {
  await open(administrator.password);
  const { requests } = bench;
  await sim.setPower(true);
  const found = await netboot(bench, hardware);
  const machineId = bench.directory.find(hardware.mac)?.machineId ?? '';
  const [inspection] = await bench.operations.list();
  await found?.inventory();
  expect(await found?.task()).toEqual({ task: 'power-off' });
  await sim.setPower(false);
  bench.wakeups.wake(machineId);
  const inspected = await bench.ended(inspection?.id ?? '');
  expect(inspected.failure).toBeUndefined();
  expect(inspected.steps.find((step) => step.name === 'tie-bmc')?.evidence).toMatchObject({ tied: true, bmc: 'bmc-1' });
  expect(await sim.sets()).toEqual([]);

  const id = await requests.deploy(hardware.mac, { image: 'lab-os' });
  await bench.event(id, 'operation.step.done', 'power-on');
  const ramdisk = await netboot(bench, hardware);
  if (ramdisk === undefined) throw new Error('the machine got no ticket');
  await goodWork(ramdisk, 1);
  expect(bootAnswer(bench, hardware)).toEqual({ kind: 'local-disk' });
  await takeLease(bench, hardware, 'none');
  const deployed = await bench.ended(id);
  expect(deployed.failure).toBeUndefined();
  expect((await bench.machine(machineId)).state).toBe('active');
  expect(await sim.sets()).toEqual(['boot pxe', 'power 1']);
  expect(await sim.ipmitool('chassis', 'power', 'status')).toContain('is on');
});

it('with a wrong password is tried once and left alone', async () => {
  await open('wrong-canary');
  const { store, now } = bench;
  const { site } = bench.environment;
  const ask = async () => await identifyBmc(store, site, 'bmc-1', now);
  expect((await ask())?.code).toBe('bmc-authentication');
  expect((await ask())?.code).toBe('bmc-authentication');
  const refusals = await store.db.selectFrom('credential_refusals').selectAll().execute();
  expect(refusals).toHaveLength(1);
  const row = await store.db.selectFrom('bmcs').selectAll().executeTakeFirstOrThrow();
  expect(row).toMatchObject({ guid: null, last_error: expect.stringContaining('bmc-authentication') });
  expect(await bench.events('bmc.failing')).toHaveLength(1);
  expect(JSON.stringify([row, await bench.events()])).not.toContain('wrong-canary');
});
