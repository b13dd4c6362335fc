/** Whatever playbook, whatever goes wrong, wherever the process dies: nothing is done twice, unseen or against anybody's will. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { enumeratePoints, stepsOf } from '../../operation/index.ts';
import { observationsOf } from '../observations/observation-store.ts';
import { screenFits } from '../rules/pattern.ts';
import type { PlaybookStep, ScreenCondition } from '../rules/rule.ts';
import { actionsOf } from './actions.ts';
import { healMachine } from './heal-machine.ts';
import { planOf } from './plan.ts';
import type { HealBench, Patient } from './testing/heal-bench.ts';
import { type BmcManner, createScriptedServer, type Done, type ScriptedServer } from './testing/scripted-server.ts';
import { useHealBenches } from './testing/use-heal-bench.ts';

const open = useHealBenches();
const screens = ['ALPHA', 'BETA', 'GAMMA'] as const;
const begin = fc.constantFrom('ALPHA', 'ALPHA', 'ALPHA', 'BETA');
const shows = (text: string): ScreenCondition => ({ all: [text], none: [] });

const screen = fc.constantFrom(...screens);
const step: fc.Arbitrary<PlaybookStep> = fc.oneof(
  fc.record({
    action: fc.constant('power' as const),
    to: fc.constantFrom('on' as const, 'off' as const, 'cycle' as const),
  }),
  fc.record({
    action: fc.constant('keys' as const),
    press: fc.constantFrom(['F1' as const], ['Enter' as const]),
    see: screen.map(shows),
    withinMs: fc.constant(15),
  }),
  fc.record({ action: fc.constant('wait-for-screen' as const), screen: screen.map(shows), withinMs: fc.constant(15) }),
  fc.record({ action: fc.constant('wait-for-heartbeat' as const), withinMs: fc.constant(40) }),
);

const trouble = fc.record({
  manner: fc.constantFrom<BmcManner>('obeys', 'obeys', 'obeys', 'refuses', 'request lost', 'answer lost', 'deaf'),
  /** At that picture this happens. */
  at: fc.integer({ min: 1, max: 6 }),
  what: fc.constantFrom('nothing', 'nothing', 'swap', 'maintenance', 'heard', 'console dies', 'unreadable', 'abort'),
  /** What the screen becomes after each action and boot. */
  next: fc.array(screen, { minLength: 1, maxLength: 4 }),
  boots: fc.boolean(),
});

const death = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ where: 'nowhere' as const }) },
  { weight: 2, arbitrary: fc.record({ where: fc.constant('checkpoint' as const), index: fc.nat(30) }) },
  {
    weight: 2,
    arbitrary: fc.record({ where: fc.constantFrom('before' as const, 'after' as const), action: fc.nat(2) }),
  },
);

interface Course {
  steps: PlaybookStep[];
  begin: string;
  trouble: { manner: BmcManner; at: number; what: string; next: string[]; boots: boolean };
  death: { where: 'nowhere' } | { where: 'checkpoint'; index: number } | { where: 'before' | 'after'; action: number };
}

/** What was done while it must not have been. */
type Wrong = string[];

function script(
  bench: HealBench,
  server: ScriptedServer,
  patient: Patient,
  course: Course,
  wrong: Wrong,
  die: () => void,
): void {
  const { manner, at, what, next, boots } = course.trouble;
  let changes = 0;
  let forbidden = '';
  const nextScreen = (): void => {
    server.screen = { lines: [next[changes % next.length] ?? ''] };
    changes += 1;
  };
  server.manner = () => manner;
  server.onBoot = () => {
    server.bootId += '+';
    nextScreen();
    if (boots) patient.beat();
  };
  server.beforeFrame = async (number) => {
    if (number !== at) return;
    if (what === 'swap') server.screen = { lines: ['OTHER'] };
    if (what === 'unreadable') server.screen = { lines: ['NO TEXT'] };
    if (what === 'console dies') server.consoleDead = true;
    if (what === 'maintenance') await patient.setMaintenance();
    if (what === 'heard') patient.beat();
    // It may have ended before.
    if (what === 'abort') await bench.operations.abort(patient.operationId, 'a test').catch(() => undefined);
    const against = ['maintenance', 'abort', ...(server.done.length === 0 ? ['heard'] : [])];
    if (against.includes(what)) forbidden = what;
  };
  let arrivals = 0;
  const { death: dying } = course;
  const mayDie = async (where: 'before' | 'after'): Promise<void> => {
    if (dying.where !== where || arrivals - 1 !== dying.action) return;
    die();
    await new Promise(() => undefined);
  };
  server.onArrival = async (done) => {
    arrivals += 1;
    if (forbidden !== '') wrong.push(`${done} after ${forbidden}`);
    await mayDie('before');
  };
  server.onDone = async (done) => {
    if (done.startsWith('press')) nextScreen();
    await mayDie('after');
  };
}

function count(done: readonly Done[], what: (entry: Done) => boolean): number {
  return done.filter(what).length;
}

it('does each action of the playbook at most once, on the screen it was meant for', { timeout: 120_000 }, async () => {
  const bench = await open();
  await fc.assert(
    fc.asyncProperty(
      fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 4 }), begin, trouble, death }),
      async (course: Course) => {
        const server = await createScriptedServer({ lines: [course.begin] });
        const died = Promise.withResolvers<void>();
        const wrong: Wrong = [];
        const rule = { when: { screen: shows('ALPHA') } };
        if (course.death.where === 'checkpoint') {
          const definition = healMachine(bench.environment);
          const input = { rule, playbook: { steps: course.steps } };
          const points = enumeratePoints(definition, stepsOf(definition, input as never));
          void bench.dieAt(points[course.death.index % points.length] ?? '').then(died.resolve);
        } else void bench.dieAt('nowhere');
        const patient = await bench.begin(server, course.steps, {
          when: rule.when.screen,
          prepare: (begun) => script(bench, server, begun, course, wrong, died.resolve),
        });
        const ended = patient.ended();
        ended.catch(() => undefined);
        const first = await Promise.race([ended.then(() => 'ended'), died.promise.then(() => 'died')]);
        if (first === 'died') await bench.revive();
        const { state } = await ended;

        const planned = planOf(rule, { steps: course.steps });
        const actions = await actionsOf(bench.store.db, patient);
        const label = JSON.stringify({ state, done: server.done, actions, wrong });
        expect(wrong, label).toEqual([]);
        // Each at most once, and everything that was done is written down.
        expect(new Set(actions.map((action) => action.step)).size, label).toBe(actions.length);
        for (const to of ['on', 'off'] as const) {
          const meant = planned.filter((step) => step.action === 'power' && step.to === to).length;
          const written = actions.filter(({ action }) => action === `power ${to}`).length;
          expect(
            count(server.done, (entry) => entry === `power ${to}`),
            label,
          ).toBeLessThanOrEqual(Math.min(meant, written));
        }
        expect(
          count(server.done, (entry) => entry.startsWith('press')),
          label,
        ).toBeLessThanOrEqual(actions.filter(({ action }) => action === 'keys').length);
        // Each was decided on a screen that fitted, or on our own power-off before it.
        const film = await observationsOf(bench.store, patient.incidentId);
        for (const [index, { step: name, action, observation }] of actions.entries()) {
          const expected = planned.find((candidate) => candidate.name === name)?.expected;
          const lines = film.find(({ id }) => id === observation)?.reading?.lines;
          const fits = expected !== undefined && lines !== undefined && screenFits(expected, lines);
          const ours = action === 'power on' && actions[index - 1]?.action === 'power off';
          expect(fits || ours, label).toBe(true);
        }
        // It is over, for the machine and for the incident.
        expect((await patient.machine()).state, label).toBe(state === 'succeeded' ? 'active' : 'failed');
        expect((await patient.incident()).state, label).not.toBe('healing');
        if (state === 'succeeded')
          expect(bench.outcomes.get(patient.operationId), label).toBe(actions.length === 0 ? 'returned' : 'healed');
      },
    ),
    { numRuns: 120 },
  );
});
