/** The ends of an incident that no heal brings about. */
import { expect, it } from 'vitest';
import { fallSilent, useRecoveryBenches } from './testing/use-recovery-bench.ts';

const open = useRecoveryBenches();

it('ends as returned when the machine was back before anything was done', async () => {
  const bench = await open();
  await bench.applyPanicRule();
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  machine.alive = true;
  await bench.beat(machine);
  expect((await bench.incident(machine)).state).toBe('healing');
  await bench.endHeal(machine, 'succeeded', false);
  expect(await bench.incident(machine)).toMatchObject({
    state: 'resolved',
    outcome: 'returned',
    first_action_at: null,
  });
});

it.each(['open', 'escalated', 'failed'] as const)('ends when the machine is heard again: %s', async (state) => {
  const bench = await open({ concurrentHeals: state === 'open' ? 0 : 5 });
  if (state !== 'escalated') await bench.applyPanicRule({ attempts: '1 in 1h' });
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  if (state === 'failed') await bench.endHeal(machine, 'failed');
  expect((await bench.incident(machine)).state).toBe(state === 'failed' ? 'escalated' : state);
  expect((await bench.machine(machine)).state).toBe(state === 'failed' ? 'failed' : 'active');
  machine.alive = true;
  await bench.beat(machine);
  expect(await bench.incident(machine)).toMatchObject({ state: 'resolved', outcome: 'returned' });
  expect(await bench.machine(machine)).toMatchObject({ state: 'active', failure: null });
  await bench.pass(60_000);
  expect((await bench.incidents()).length).toBe(1);
});

it('ends when the machine was heard while it was healed in vain', async () => {
  const bench = await open();
  await bench.applyPanicRule();
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  machine.alive = true;
  await bench.beat(machine);
  await bench.endHeal(machine, 'failed');
  expect(await bench.incident(machine)).toMatchObject({ state: 'resolved', outcome: 'returned' });
  expect((await bench.machine(machine)).state).toBe('active');
});

it('goes on when the machine was heard while it was healed, and is silent again', async () => {
  const bench = await open();
  await bench.applyPanicRule();
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  await bench.beat(machine);
  await bench.pass(60_000);
  await bench.endHeal(machine, 'failed');
  await bench.pass(6_000);
  expect(await bench.incident(machine)).toMatchObject({ state: 'healing', attempts: 2 });
});

it('begins another when a playbook saw the machine well but it is not heard', async () => {
  const bench = await open();
  await bench.applyPanicRule();
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  machine.screen = ['login:'];
  await bench.endHeal(machine, 'succeeded');
  await bench.pass(110_000);
  expect((await bench.incidents()).map(({ state }) => state)).toEqual(['resolved']);
  await bench.pass(120_000);
  expect((await bench.incidents()).map(({ state }) => state)).toEqual(['resolved', 'escalated']);
});

it('is withdrawn by maintenance, and begins anew after it', async () => {
  const bench = await open();
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  await bench.setMaintenance(machine, true);
  expect(await bench.incident(machine)).toMatchObject({
    state: 'resolved',
    outcome: 'withdrawn',
    reason: 'the machine is in maintenance',
  });
  await bench.pass(600_000, 5_000);
  expect((await bench.incidents()).length).toBe(1);
  await bench.setMaintenance(machine, false);
  await bench.tick();
  expect((await bench.incidents()).map(({ state }) => state)).toEqual(['resolved', 'escalated']);
});

it('is aborted and withdrawn by maintenance while it is healed; the machine is active once heard', async () => {
  const bench = await open();
  await bench.applyPanicRule();
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  // Nobody works on operations here, so that this process may end it itself while it is queued.
  await bench.setMaintenance(machine, true);
  expect((await bench.heals()).map(({ state }) => state)).toEqual(['aborted']);
  expect(await bench.incident(machine)).toMatchObject({ state: 'resolved', outcome: 'withdrawn' });
  expect((await bench.machine(machine)).state).toBe('failed');
  // No person is asked for what a person does already.
  expect(await bench.events('incident.escalated')).toEqual([]);
  await bench.setMaintenance(machine, false);
  machine.alive = true;
  await bench.beat(machine);
  expect((await bench.machine(machine)).state).toBe('active');
});

it('leaves a machine that its heal failed active once heard, though nobody watched when its maintenance ended', async () => {
  const bench = await open();
  await bench.applyPanicRule();
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  await bench.setMaintenance(machine, true);
  await bench.setMachine(machine, { maintenance: 0 });
  await bench.restart();
  await bench.beat(machine);
  expect(await bench.machine(machine)).toMatchObject({ state: 'active', failure: null });
});

it('is not healed when the machine is heard while it is looked at', async () => {
  const bench = await open();
  await bench.applyPanicRule();
  const machine = await bench.addMachine();
  await bench.start();
  machine.onLook = () => bench.hear(machine);
  await fallSilent(bench, machine);
  expect(await bench.heals()).toEqual([]);
  expect(await bench.incident(machine)).toMatchObject({ state: 'resolved', outcome: 'returned' });
});

it('is not healed when maintenance begins while it is looked at', async () => {
  const bench = await open();
  await bench.applyPanicRule();
  const machine = await bench.addMachine();
  await bench.start();
  machine.onLook = async () => await bench.setMachine(machine, { maintenance: 1 });
  await fallSilent(bench, machine);
  expect(await bench.heals()).toEqual([]);
  await bench.pass(10_000);
  expect(await bench.incident(machine)).toMatchObject({ state: 'resolved', outcome: 'withdrawn' });
});

it('goes on when the database was away for the one heartbeat that came', async () => {
  const bench = await open();
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  bench.dieAfter(0);
  await bench.beat(machine);
  await bench.pass(60_000);
  bench.dieAfter(Number.POSITIVE_INFINITY);
  await bench.applyPanicRule();
  expect((await bench.incident(machine)).state).toBe('healing');
});

it('ends when the database was away for the first heartbeat', async () => {
  const bench = await open();
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  bench.dieAfter(0);
  await bench.beat(machine);
  bench.dieAfter(Number.POSITIVE_INFINITY);
  await bench.pass(2_000);
  expect(await bench.incident(machine)).toMatchObject({ state: 'resolved', outcome: 'returned' });
});

it('is withdrawn when the machine is deployed anew', async () => {
  const bench = await open();
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  await bench.setMachine(machine, { state: 'deploying' });
  await bench.pass(10_000);
  expect(await bench.incident(machine)).toMatchObject({
    state: 'resolved',
    outcome: 'withdrawn',
    reason: 'the machine is deploying',
  });
});
