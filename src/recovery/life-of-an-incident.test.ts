/** One machine falls silent, is looked at, and is healed or not. */
import { expect, it } from 'vitest';
import { getIncident, listIncidents, openIncidentOf } from './index.ts';
import type { RecoveryBench } from './testing/recovery-bench.ts';
import { fallSilent, panic, useRecoveryBenches } from './testing/use-recovery-bench.ts';

const open = useRecoveryBenches();

async function kinds(bench: RecoveryBench): Promise<string[]> {
  return (await bench.events()).map(({ kind }) => kind).filter((kind) => /^(incident|outage)\./.test(kind));
}

it('is healed: silence, look, rule, playbook, back', async () => {
  const bench = await open();
  await bench.applyPanicRule();
  const machine = await bench.addMachine();
  await bench.start();
  await bench.pass(40_000);
  expect(await bench.incidents()).toEqual([]);
  const lastHeard = machine.lastHeardAt;
  await fallSilent(bench, machine);

  const incident = await bench.incident(machine);
  expect(incident).toMatchObject({
    state: 'healing',
    rule: 'panic',
    attempts: 1,
    silent_since: lastHeard,
    reason: null,
  });
  expect(incident.opened_at - lastHeard).toBe(30_000);
  expect((await bench.machine(machine)).state).toBe('recovering');
  const [heal] = await bench.running(machine);
  expect(heal?.id).toBe(incident.operation_id);
  expect(JSON.parse(heal?.input ?? '')).toMatchObject({
    incident: incident.id,
    rule: { name: 'panic', when: { screen: { all: ['Kernel panic'] } } },
    playbook: { name: 'power-cycle', steps: [{ action: 'power', to: 'cycle' }, { action: 'wait-for-heartbeat' }] },
  });

  machine.alive = true;
  await bench.endHeal(machine, 'succeeded');
  expect(await bench.incident(machine)).toMatchObject({
    state: 'resolved',
    outcome: 'healed',
    resolved_at: bench.now(),
  });
  expect((await bench.machine(machine)).state).toBe('active');
  expect(await kinds(bench)).toEqual([
    'incident.opened',
    'incident.observed',
    'incident.matched',
    'incident.acting',
    'incident.resolved',
  ]);
  await bench.pass(120_000);
  expect((await bench.incidents()).length).toBe(1);
  expect(bench.complaints).toEqual([]);
});

it('tells its film in sentences', async () => {
  const bench = await open();
  await bench.applyPanicRule();
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  const [view] = await listIncidents(bench.store, { state: 'open' });
  expect(view).toMatchObject({ machine: machine.id, machineName: 'm1', state: 'healing', signal: 'heartbeat-missed' });
  expect(await openIncidentOf(bench.store, [machine.id])).toEqual(
    new Map([[machine.id, { id: view?.id, state: 'healing', reason: null }]]),
  );
  await bench.endHeal(machine, 'failed');
  const { timeline, observations } = await getIncident(bench.store, view?.id ?? '');
  expect(timeline.map(({ text }) => text)).toEqual([
    'The machine fell silent: its last heartbeat came 30 s before.',
    'Looked: power on, the screen ends with “---[ end Kernel panic”.',
    'The rule panic fits: playbook power-cycle begins, attempt 1.',
    'First action on the machine: step power-off-1 acts.',
    'The playbook failed: no reason given.',
    'It is looked at again: step power-off-1 failed: it changed.',
  ]);
  expect(timeline[2]).toMatchObject({ operation: view?.operation, observation: observations[0]?.id, matched: panic });
  expect(await listIncidents(bench.store, { state: 'resolved' })).toEqual([]);
  await expect(getIncident(bench.store, 'none')).rejects.toMatchObject({ code: 'not-found' });
});

it('is escalated when no rule fits, looked at less and less often, and healed once a rule does', async () => {
  const bench = await open();
  await bench.applyPanicRule({ pattern: 'something else' });
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  expect(await bench.incident(machine)).toMatchObject({
    state: 'escalated',
    reason: 'no rule fits what its screen shows',
  });
  expect(bench.looks.length).toBe(1);
  await bench.pass(35_000);
  expect(bench.looks.length).toBe(4);
  await bench.pass(3_600_000, 60_000);
  expect(bench.looks.length).toBeLessThan(4 + 4 + 13);
  // What stands still is told once.
  expect((await bench.events('incident.observed')).length).toBe(1);
  expect((await bench.events('incident.escalated')).length).toBe(1);
  expect(await bench.heals()).toEqual([]);

  await bench.applyPanicRule();
  expect((await bench.incident(machine)).state).toBe('healing');
});

it('heals when another screen comes that a rule fits', async () => {
  const bench = await open();
  await bench.applyPanicRule();
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine, ['Booting...']);
  expect((await bench.incident(machine)).state).toBe('escalated');
  machine.screen = panic;
  await bench.pass(5_000);
  expect((await bench.incident(machine)).state).toBe('healing');
});

it.each([
  { name: 'no rules', screen: panic, power: 'on', reason: 'no rules are applied' },
  {
    name: 'nothing to read',
    screen: null,
    power: 'on',
    reason: 'its screen could not be read (no console of this machine is known)',
  },
  {
    name: 'power lost',
    screen: null,
    power: 'off',
    reason: 'its power is off, and nobody switched it off by Athanor',
  },
] as const)('says why a person is needed: $name', async ({ screen, power, reason }) => {
  const bench = await open();
  const machine = await bench.addMachine({ power });
  await bench.start();
  await fallSilent(bench, machine, screen);
  expect(await bench.incident(machine)).toMatchObject({ state: 'escalated', reason });
});

it('is tried as often as its rule says, over incidents and restarts', async () => {
  const bench = await open();
  await bench.applyPanicRule({ attempts: '2 in 1h' });
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  machine.alive = true;
  await bench.endHeal(machine, 'succeeded');
  await bench.pass(60_000);

  await fallSilent(bench, machine);
  await bench.restart();
  await bench.endHeal(machine, 'failed');
  const failed = await bench.incident(machine);
  expect(failed).toMatchObject({ state: 'escalated', attempts: 1 });
  expect(failed.reason).toContain('the rule panic was tried 2 times within 1 h');
  expect(await bench.machine(machine)).toMatchObject({ state: 'failed' });
  await bench.restart();
  await bench.pass(600_000, 5_000);
  expect((await bench.heals()).length).toBe(2);
  // The first try is more than an hour ago: it may be tried again.
  await bench.pass(3_600_000, 30_000);
  expect((await bench.heals()).length).toBe(3);
  expect((await bench.incident(machine)).state).toBe('healing');
});

it('is looked at again after a failed heal while attempts remain', async () => {
  const bench = await open();
  await bench.applyPanicRule();
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  await bench.endHeal(machine, 'failed');
  expect(await bench.incident(machine)).toMatchObject({ state: 'open', reason: 'step power-off-1 failed: it changed' });
  expect((await bench.machine(machine)).state).toBe('failed');
  await bench.pass(4_000);
  expect((await bench.running()).length).toBe(0);
  await bench.pass(2_000);
  expect(await bench.incident(machine)).toMatchObject({ state: 'healing', attempts: 2 });
  expect((await bench.machine(machine)).state).toBe('recovering');
});

it('is tried again, ever more slowly, until its BMC answers: what only asked it costs no attempt', async () => {
  const bench = await open();
  await bench.applyPanicRule({ attempts: '1 in 1h' });
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  for (const [heals, pauseMs] of [5_000, 10_000, 20_000, 40_000].entries()) {
    await bench.endHeal(machine, 'failed', false, 'confirm-bmc');
    expect(await bench.incident(machine)).toMatchObject({ state: 'open', attempts: heals + 1 });
    await bench.pass(pauseMs - 1_000);
    expect((await bench.running()).length).toBe(0);
    await bench.pass(2_000);
    expect(await bench.incident(machine)).toMatchObject({ state: 'healing', attempts: heals + 2 });
  }
  await bench.endHeal(machine, 'failed');
  const { state, reason } = await bench.incident(machine);
  expect([state, reason]).toEqual(['escalated', expect.stringContaining('the rule panic was tried 1 time within 1 h')]);
});

it('is left to the person who aborted its heal', async () => {
  const bench = await open();
  await bench.applyPanicRule({ attempts: '5 in 1h' });
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  await bench.endHeal(machine, 'aborted');
  await bench.pass(600_000, 5_000);
  expect(await bench.incident(machine)).toMatchObject({ state: 'escalated', reason: 'aborted: a person said so' });
  await bench.applyNoRules();
  await bench.applyPanicRule({ attempts: '6 in 1h' });
  await bench.restart();
  await bench.pass(60_000);
  expect((await bench.heals()).length).toBe(1);
});

it('heals so many at a time, and the next as soon as one ends', async () => {
  const bench = await open({ concurrentHeals: 2 });
  await bench.applyPanicRule();
  const machines = await bench.addMachines(3);
  await bench.start();
  for (const machine of machines) {
    machine.screen = panic;
    machine.alive = false;
  }
  await bench.pass(30_000);
  expect((await bench.running()).length).toBe(2);
  const states = async () => (await bench.incidents()).map(({ state }) => state).toSorted();
  expect(await states()).toEqual(['healing', 'healing', 'open']);
  const [first] = await bench.running();
  const healed = machines.find(({ id }) => id === first?.machine_id);
  if (healed === undefined) throw new Error('nothing is healed');
  await bench.endHeal(healed, 'succeeded');
  expect(await states()).toEqual(['healing', 'healing', 'resolved']);
});

it('is taken up again after a look that failed or hung, and stops no other', async () => {
  const bench = await open({ concurrentLooks: 1, lookMs: 50 });
  await bench.applyPanicRule();
  const [broken, hanging, well] = await bench.addMachines(3);
  if (broken === undefined || hanging === undefined || well === undefined) throw new Error('no machines');
  await bench.start();
  for (const machine of [broken, hanging, well]) {
    machine.alive = false;
    machine.screen = panic;
  }
  broken.screen = new Error('the BMC is on fire');
  hanging.screen = 'hangs';
  await bench.pass(30_000, 5_000);
  expect((await bench.incident(well)).state).toBe('healing');
  expect((await bench.incident(broken)).state).toBe('open');
  expect(bench.complaints.join('\n')).toContain('the BMC is on fire');
  broken.screen = panic;
  hanging.screen = panic;
  await bench.pass(60_000, 5_000);
  expect((await bench.incidents()).map(({ state }) => state)).toEqual(['healing', 'healing', 'healing']);
});
