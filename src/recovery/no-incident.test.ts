/** Silence that is no incident, and silence that is one though it looks like it. */
import { expect, it } from 'vitest';
import { fallSilent, useRecoveryBenches } from './testing/use-recovery-bench.ts';

const open = useRecoveryBenches();

it.each([
  { name: 'in maintenance', row: { maintenance: 1 } },
  { name: 'off on purpose', row: { off_on_purpose: 1 } },
  { name: 'deploying', row: { state: 'deploying' } },
  { name: 'failed by something else', row: { state: 'failed' } },
] as const)('does not begin for a machine that is $name', async ({ row }) => {
  const bench = await open();
  const machine = await bench.addMachine({}, row);
  await bench.start();
  await fallSilent(bench, machine);
  await bench.pass(300_000, 5_000);
  expect(await bench.incidents()).toEqual([]);
  expect(bench.looks).toEqual([]);
});

it('does not begin for a system that went down as it said; it does when it has power still', async () => {
  const bench = await open();
  const down = await bench.addMachine({ power: 'off', stopping: true, alive: false });
  const stuck = await bench.addMachine({ power: 'on', stopping: true, alive: false });
  const nobodyKnows = await bench.addMachine({ power: 'unknown', stopping: true, alive: false });
  await bench.start();
  await bench.pass(59_000);
  expect(await bench.incidents()).toEqual([]);
  await bench.pass(2_000);
  const machines = (await bench.incidents()).map(({ machine_id: id }) => id);
  expect(new Set(machines)).toEqual(new Set([stuck.id, nobodyKnows.id]));
  // Somebody switches it on, and nothing is heard.
  down.power = 'on';
  await bench.pass(600_000, 5_000);
  expect((await bench.incidents(down)).length).toBe(1);
});

it('begins for a machine that lost its power without a word', async () => {
  const bench = await open();
  const machine = await bench.addMachine({ power: 'off', screen: null, alive: false });
  await bench.start();
  await bench.pass(31_000);
  expect((await bench.incident(machine)).state).toBe('escalated');
});

it('asks the database nothing while everybody is heard', async () => {
  const bench = await open();
  await bench.addMachines(3);
  await bench.start();
  const before = bench.committed();
  await bench.pass(120_000);
  expect(bench.committed()).toBe(before);
});

it('does not begin while a machine whose power a person switched may still be starting; it does after that', async () => {
  const bench = await open();
  const machine = await bench.addMachine();
  await bench.start();
  await bench.pass(20_000);
  machine.alive = false;
  await bench.setMachine(machine, { switched_at: bench.now() });
  await bench.pass(9 * 60_000, 5_000);
  expect(await bench.incidents()).toEqual([]);
  await bench.pass(3 * 60_000, 5_000);
  expect(await bench.incidents(machine)).toHaveLength(1);
});

it('begins for a machine that was switched off once, and has been heard long after that', async () => {
  const bench = await open();
  const machine = await bench.addMachine({}, { off_on_purpose: 1, switched_at: bench.now() });
  await bench.start();
  await bench.pass(3 * 60_000, 5_000);
  const heard = { last_sequence: 9, enrolled_at: 1, last_heard_at: bench.now(), stopping_at: null };
  await bench.store.db
    .insertInto('agents')
    .values({ machine_id: machine.id, token_hash: 'x', address: '192.0.2.1', boot_id: 'b', interval_ms: 1, ...heard })
    .execute();
  await fallSilent(bench, machine);
  await bench.pass(60_000, 5_000);
  expect(await bench.incidents(machine)).toHaveLength(1);
});
