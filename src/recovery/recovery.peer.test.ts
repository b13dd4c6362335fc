/** The transactions of recovery on a real PostgreSQL server. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type PostgresServer, startPostgres } from '../store/testing/postgres.ts';
import { getIncident, listIncidents, listOutages, openIncidentOf } from './index.ts';
import type { RecoveryBench } from './testing/recovery-bench.ts';
import { useRecoveryBenches } from './testing/use-recovery-bench.ts';

const open = useRecoveryBenches();
const panic = ['Kernel panic - not syncing'];
let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(async () => {
  await server.stop();
});

async function openOnPostgres(): Promise<RecoveryBench> {
  return await open({}, { kind: 'postgres', url: await server.createDatabase() });
}

it('heals, tries again over a restart, gives up, and sees the machine return', async () => {
  const bench = await openOnPostgres();
  await bench.applyPanicRule();
  const [machine] = await bench.addMachines(1);
  if (machine === undefined) throw new Error('no machine');
  await bench.start();
  Object.assign(machine, { alive: false, screen: panic });
  await bench.pass(31_000);
  expect((await bench.incident(machine)).state).toBe('healing');
  await bench.restart();
  await bench.endHeal(machine, 'failed');
  await bench.pass(10_000);
  expect(await bench.incident(machine)).toMatchObject({ state: 'healing', attempts: 2 });
  await bench.endHeal(machine, 'failed');
  const incident = await bench.incident(machine);
  expect(incident).toMatchObject({ state: 'escalated' });
  expect(incident.reason).toContain('tried 2 times within 1 h');
  expect((await openIncidentOf(bench.store, [machine.id])).get(machine.id)?.state).toBe('escalated');
  machine.alive = true;
  await bench.beat(machine);
  expect((await bench.machine(machine)).state).toBe('active');
  expect(await listIncidents(bench.store, { state: 'all' })).toMatchObject([
    { state: 'resolved', outcome: 'returned' },
  ]);
  const { timeline, observations } = await getIncident(bench.store, incident.id);
  expect(timeline.filter(({ kind }) => kind === 'incident.matched').length).toBe(2);
  expect(observations.length).toBeGreaterThan(0);
  expect(bench.complaints).toEqual([]);
});

it('holds an outage as one, and sees its end', async () => {
  const bench = await openOnPostgres();
  await bench.applyPanicRule();
  const machines = await bench.addMachines(40);
  await bench.start();
  await bench.pass(65_000, 5_000);
  for (const machine of machines) Object.assign(machine, { alive: false, screen: panic });
  await bench.pass(45_000, 5_000);
  expect((await bench.incidents()).map(({ state }) => state)).toEqual(machines.map(() => 'held'));
  for (const machine of machines.slice(1)) machine.alive = true;
  await bench.pass(5_000);
  expect(await listOutages(bench.store)).toMatchObject([{ machines: 40, watched: 40, resolvedAt: expect.any(Number) }]);
  expect((await bench.incidents()).filter(({ state }) => state === 'healing').length).toBe(1);
  expect((await bench.heals()).length).toBe(1);
});
