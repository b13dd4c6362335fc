/** Whatever happens in whatever order, the process dying between any two transactions included: incident, operation and machine agree. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { incidentLeadsTo } from './incidents/states.ts';
import { incidentStates, type IncidentState } from './index.ts';
import type { HealEnding, RecoveryBench, ScriptedMachine } from './testing/recovery-bench.ts';
import { useRecoveryBenches } from './testing/use-recovery-bench.ts';

const open = useRecoveryBenches();
const panic = ['Kernel panic - not syncing'];
const concurrentHeals = 2;

type Action =
  | { do: 'pass'; ms: number }
  | {
      do: 'silence' | 'revive' | 'blip' | 'panic' | 'boot' | 'maintain' | 'release' | 'deploy' | 'switch off';
      machine: number;
    }
  | { do: 'end'; machine: number; ending: HealEnding; acted: boolean }
  | { do: 'silence all' | 'revive all' | 'restart' | 'rules' | 'no rules' }
  | { do: 'die' | 'lose'; after: number };

const count = 5;
const machine = fc.nat({ max: count - 1 });
const on = <Do extends string>(...names: Do[]) => fc.record({ do: fc.constantFrom(...names), machine });
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('pass' as const),
      ms: fc.constantFrom(1_000, 6_000, 16_000, 31_000, 130_000),
    }),
  },
  { weight: 4, arbitrary: on('silence', 'panic') },
  { weight: 4, arbitrary: on('revive', 'blip', 'boot', 'maintain', 'release', 'deploy', 'switch off') },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('end' as const),
      machine,
      ending: fc.constantFrom<HealEnding>('succeeded', 'failed', 'aborted'),
      acted: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('silence all', 'revive all', 'restart', 'rules', 'no rules') }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('die' as const, 'lose' as const), after: fc.nat({ max: 6 }) }),
  },
);

async function act(bench: RecoveryBench, machines: readonly ScriptedMachine[], step: Action): Promise<void> {
  const target = 'machine' in step ? machines[step.machine] : undefined;
  switch (step.do) {
    case 'pass':
      return await bench.pass(step.ms, 1_000);
    case 'silence all':
      for (const each of machines) Object.assign(each, { alive: false, screen: panic });
      return;
    case 'revive all':
      for (const each of machines) each.alive = true;
      return;
    case 'restart':
      return await bench.restart();
    case 'rules':
      return await bench.applyPanicRule();
    case 'no rules':
      return await bench.applyNoRules();
    case 'lose':
      return bench.loseAnswerAfter(step.after);
    case 'die':
      bench.dieAfter(step.after);
      await bench.pass(31_000);
      return await bench.restart();
  }
  if (target === undefined) throw new Error('no such machine');
  switch (step.do) {
    case 'silence':
      target.alive = false;
      return;
    case 'revive':
      target.alive = true;
      return;
    case 'blip':
      return await bench.beat(target);
    case 'panic':
      target.screen = panic;
      return;
    case 'boot':
      target.screen = ['login:'];
      return;
    case 'maintain':
      return await bench.setMaintenance(target, true);
    case 'release':
      return await bench.setMaintenance(target, false);
    case 'switch off':
    case 'deploy': {
      const { state } = await bench.machine(target);
      // What the machine room refuses does not happen.
      if (state === 'recovering') return;
      if (step.do === 'switch off') return await bench.setMachine(target, { off_on_purpose: 1 });
      await bench.setMachine(target, { state: 'deploying', failure: null });
      await bench.recovery().maintenanceChanged(target.id);
      await bench.recovery().quiet();
      return await bench.setMachine(target, { state: 'active' });
    }
    case 'end':
      if ((await bench.running(target)).length > 0) await bench.endHeal(target, step.ending, step.acted);
  }
}

async function agree(bench: RecoveryBench, machines: readonly ScriptedMachine[]): Promise<void> {
  const incidents = await bench.incidents();
  const running = await bench.running();
  const healing = incidents.filter(({ state }) => state === 'healing');
  expect(new Set(running.map(({ id }) => id))).toEqual(new Set(healing.map((incident) => incident.operation_id)));
  expect(running.length).toBeLessThanOrEqual(concurrentHeals);
  const outages = await bench.store.db.selectFrom('outages').selectAll().execute();
  const openOutages = new Set(outages.filter((outage) => outage.resolved_at === null).map(({ id }) => id));
  for (const each of machines) {
    const own = incidents.filter(({ machine_id: id }) => id === each.id);
    const unresolved = own.filter(({ state }) => state !== 'resolved');
    expect(unresolved.length).toBeLessThanOrEqual(1);
    const { state } = await bench.machine(each);
    expect(state === 'recovering').toBe(unresolved[0]?.state === 'healing');
    for (const incident of unresolved)
      if (incident.state === 'held') expect(openOutages.has(incident.outage_id ?? '')).toBe(true);
  }
}

/** The events of each incident tell a way through its table, and no heal begins but from a state that is looked at. */
async function followsItsTable(bench: RecoveryBench): Promise<void> {
  const leads: Record<string, IncidentState> = {
    'incident.matched': 'healing',
    'incident.reopened': 'open',
    'incident.held': 'held',
    'incident.escalated': 'escalated',
    'incident.resolved': 'resolved',
  };
  const told = new Map<string, IncidentState>();
  for (const { kind, subject } of await bench.events()) {
    if (kind === 'incident.opened') told.set(subject.id, 'open');
    const to = leads[kind];
    if (to === undefined) continue;
    const from = told.get(subject.id);
    if (from === undefined) throw new Error(`${kind} before the incident began`);
    expect(incidentLeadsTo(from, to), `${from} to ${to}`).toBe(true);
    if (to === 'healing') expect(['open', 'escalated']).toContain(from);
    told.set(subject.id, to);
  }
  for (const { id, state } of await bench.incidents()) expect(told.get(id)).toBe(state);
}

async function neverTriedTooOften(bench: RecoveryBench): Promise<void> {
  const heals = await bench.heals();
  for (const heal of heals) {
    const within = heals.filter(
      (other) =>
        other.machine_id === heal.machine_id &&
        other.created_at <= heal.created_at &&
        other.created_at > heal.created_at - 3_600_000,
    );
    expect(within.length).toBeLessThanOrEqual(2);
  }
}

it('keeps incident, operation, machine and history in agreement, and everything ends well when all are well', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (steps) => {
      const bench = await open({ concurrentHeals });
      try {
        await bench.applyPanicRule();
        const machines = await bench.addMachines(count);
        await bench.start();
        for (const step of steps) {
          await act(bench, machines, step);
          await agree(bench, machines);
        }
        await followsItsTable(bench);
        await neverTriedTooOften(bench);

        for (const each of machines) {
          each.alive = true;
          await bench.setMachine(each, { off_on_purpose: 0 });
          await bench.setMaintenance(each, false);
        }
        for (const each of machines) if ((await bench.running(each)).length > 0) await bench.endHeal(each, 'failed');
        await bench.pass(90_000);
        await agree(bench, machines);
        expect((await bench.incidents()).filter(({ state }) => state !== 'resolved')).toEqual([]);
        for (const each of machines) expect((await bench.machine(each)).state).toBe('active');
        const outages = await bench.store.db.selectFrom('outages').select('resolved_at').execute();
        expect(outages.filter((outage) => outage.resolved_at === null)).toEqual([]);
      } finally {
        await bench.close();
        await bench.store.close();
      }
    }),
    { numRuns: 25 },
  );
}, 120_000);

describe('a process that dies between any two transactions', () => {
  it.each(Array.from({ length: 7 }, (_, transactions) => transactions))(
    'after %i: one incident, one heal, and it goes on',
    async (transactions) => {
      const bench = await open();
      await bench.applyPanicRule();
      const [sick] = await bench.addMachines(1);
      if (sick === undefined) throw new Error('no machine');
      await bench.start();
      bench.dieAfter(transactions);
      Object.assign(sick, { alive: false, screen: panic });
      await bench.pass(40_000);
      await bench.restart();
      await bench.pass(32_000);
      expect((await bench.incidents()).map(({ state }) => state)).toEqual(['healing']);
      expect((await bench.heals()).length).toBe(1);
      await agree(bench, [sick]);

      bench.dieAfter(transactions);
      await bench.endHeal(sick, 'failed');
      await bench.pass(10_000);
      await bench.restart();
      await bench.pass(10_000);
      expect(await bench.incident(sick)).toMatchObject({ state: 'healing', attempts: 2 });
      sick.alive = true;
      await bench.endHeal(sick, 'failed');
      bench.dieAfter(transactions);
      await bench.beat(sick);
      await bench.restart();
      await bench.pass(15_000);
      expect((await bench.incidents()).map(({ outcome }) => outcome)).toEqual(['returned']);
      expect((await bench.machine(sick)).state).toBe('active');
      await followsItsTable(bench);
    },
  );
});

it.each(Array.from({ length: 5 }, (_, transactions) => transactions))(
  'goes on when the database takes write %i and its answer is lost',
  async (transactions) => {
    const bench = await open();
    await bench.applyPanicRule();
    const [sick] = await bench.addMachines(1);
    if (sick === undefined) throw new Error('no machine');
    await bench.start();
    bench.loseAnswerAfter(transactions);
    Object.assign(sick, { alive: false, screen: panic });
    await bench.pass(45_000);
    expect((await bench.incidents()).map(({ state }) => state)).toEqual(['healing']);
    await bench.endHeal(sick, 'failed');
    await bench.pass(15_000);
    expect(await bench.incident(sick)).toMatchObject({ state: 'healing', attempts: 2 });
    await agree(bench, [sick]);
    await followsItsTable(bench);
  },
);

it('ends an incident whose operation ended without a word', async () => {
  const bench = await open();
  await bench.applyPanicRule();
  const [sick] = await bench.addMachines(1);
  if (sick === undefined) throw new Error('no machine');
  await bench.start();
  Object.assign(sick, { alive: false, screen: panic });
  await bench.pass(40_000);
  await bench.store.db.updateTable('operations').set({ state: 'failed', ended_at: bench.now() }).execute();
  await bench.restart();
  expect(await bench.incident(sick)).toMatchObject({
    state: 'escalated',
    reason: 'its heal operation ended without a word',
  });
  expect(await bench.machine(sick)).toMatchObject({ state: 'failed' });
});

it('knows every state in its table', () => {
  for (const from of incidentStates) expect(incidentLeadsTo(from, 'resolved')).toBe(from !== 'resolved');
});
