/** The process dies at every checkpoint, and in the middle of every action: nothing is done twice, and everything ends. */
import { describe, expect, it } from 'vitest';
import { enumeratePoints, stepsOf } from '../../operation/index.ts';
import type { PlaybookStep, ScreenCondition } from '../rules/rule.ts';
import type { HealEnvironment } from './environment.ts';
import { healMachine } from './heal-machine.ts';
import type { HealMachineInput } from './heal-input.ts';
import { type HealBench, panickedServer, PANIC, type Patient } from './testing/heal-bench.ts';
import { createScriptedServer, type Done, echoingPrompt, type ScriptedServer } from './testing/scripted-server.ts';
import { useHealBenches } from './testing/use-heal-bench.ts';

const open = useHealBenches();

interface Scenario {
  name: string;
  steps: PlaybookStep[];
  when: ScreenCondition;
  server: () => Promise<ScriptedServer>;
  /** All that it does to the machine when nothing goes wrong. */
  does: Done[];
}

const scenarios: Scenario[] = [
  {
    name: 'power-cycle',
    steps: [
      { action: 'power', to: 'cycle' },
      { action: 'wait-for-heartbeat', withinMs: 3_000 },
    ],
    when: PANIC,
    server: panickedServer,
    does: ['power off', 'power on'],
  },
  {
    name: 'keys',
    steps: [
      { action: 'keys', type: 'boot', press: ['Enter'], see: { all: ['login:'], none: [] }, withinMs: 300 },
      { action: 'wait-for-screen', screen: { all: ['login:'], none: [] }, withinMs: 300 },
      { action: 'wait-for-heartbeat', withinMs: 3_000 },
    ],
    when: { all: ['^grub>'], none: [] },
    server: async () => {
      const server = await createScriptedServer({ lines: [] });
      echoingPrompt(server, 'grub> ', (line) => {
        if (line === 'boot') server.onBoot();
      });
      return server;
    },
    does: ['type boot', 'press Enter'],
  },
];

/** Pure: no port is used to tell the points. */
function pointsOf({ steps, when }: Scenario): string[] {
  const definition = healMachine({
    confirmBmc: { name: 'confirm-bmc', deadlineMs: 1, run: () => Promise.resolve({}) },
  } as unknown as HealEnvironment);
  const input = { rule: { when: { screen: when } }, playbook: { steps } } as unknown as HealMachineInput;
  return enumeratePoints(definition, stepsOf(definition, input));
}

function expectNothingTwice(done: readonly Done[], does: readonly Done[]): void {
  expect(does.slice(0, done.length)).toEqual(done);
}

async function expectAnEnd(bench: HealBench, patient: Patient): Promise<void> {
  const { state } = await patient.ended();
  const [machine, incident] = [await patient.machine(), await patient.incident()];
  expect([state, machine.state, incident.state]).toEqual(
    state === 'succeeded' ? ['succeeded', 'active', 'resolved'] : ['failed', 'failed', 'open'],
  );
  expect((await bench.operations.list({ machineId: patient.machineId, states: ['queued', 'running'] })).length).toBe(0);
}

describe.each(scenarios)('$name', (scenario) => {
  const points = pointsOf(scenario);

  it('has a checkpoint around every step', () => {
    expect(points).toContain('heal-machine/confirm-bmc/begin');
    expect(points).toHaveLength(4 * 4 + 1);
  });

  it.each(points)('killed at %s goes on and heals, everything once', async (point) => {
    const bench = await open();
    const died = bench.dieAt(point);
    const server = await scenario.server();
    const patient = await bench.begin(server, scenario.steps, { when: scenario.when });
    await died;
    await bench.revive();
    await expectAnEnd(bench, patient);
    expect(server.done).toEqual(scenario.does);
    expect((await patient.ended()).state).toBe('succeeded');
  });

  it('killed at every checkpoint in turn still heals, everything once', async () => {
    const bench = await open();
    const server = await scenario.server();
    let patient: Patient | undefined;
    let deaths = 0;
    for (const point of points) {
      const died = bench.dieAt(point);
      if (patient === undefined) patient = await bench.begin(server, scenario.steps, { when: scenario.when });
      else await bench.revive();
      const ended = patient.ended().then(() => 'ended' as const);
      ended.catch(() => undefined);
      if ((await Promise.race([died.then(() => 'died' as const), ended])) === 'ended') break;
      deaths += 1;
    }
    expect(deaths).toBe(points.length);
    await bench.revive();
    if (patient === undefined) throw new Error('there are no points');
    await expectAnEnd(bench, patient);
    expect(server.done).toEqual(scenario.does);
    expect((await patient.ended()).state).toBe('succeeded');
  });

  describe.each(['onArrival', 'onDone'] as const)('in the middle of an action (%s)', (moment) => {
    it.each(scenario.does)('%s: it is not done again', async (action) => {
      const bench = await open();
      const server = await scenario.server();
      const reached = Promise.withResolvers<void>();
      const before = server[moment];
      server[moment] = async (what) => {
        await before(what);
        if (what !== action) return;
        reached.resolve();
        // This process hears no more of it.
        await new Promise(() => undefined);
      };
      const patient = await bench.begin(server, scenario.steps, { when: scenario.when });
      await reached.promise;
      await bench.revive();
      await expectAnEnd(bench, patient);
      expectNothingTwice(server.done, scenario.does);
      const { state, failure } = await patient.ended();
      // What arrived before the process died had its effect; of what did not, nobody knows, so a person is asked.
      const arrived = moment === 'onDone' && action !== 'type boot';
      expect(state).toBe(arrived ? 'succeeded' : 'failed');
      if (!arrived) expect(failure?.code).toBe(scenario.name === 'keys' ? 'not-seen' : 'outcome-unknown');
      if (!arrived && scenario.name === 'keys') expect(failure?.message).toContain('may have been typed');
    });
  });

  it('killed in the last look does nothing before a look of its own', async () => {
    const bench = await open();
    const server = await scenario.server();
    const looking = Promise.withResolvers<void>();
    server.beforeFrame = (number) => {
      if (number > 1) return undefined;
      looking.resolve();
      return new Promise(() => undefined);
    };
    const patient = await bench.begin(server, scenario.steps, { when: scenario.when });
    await looking.promise;
    server.screen = { lines: ['another screen'] };
    await bench.revive();
    expect((await patient.ended()).failure).toMatchObject({ code: 'screen-changed' });
    expect(server.done).toEqual([]);
  });

  it('aborted after a restart ends aborted, with nothing done', async () => {
    const bench = await open();
    const [, , , , , intent] = points;
    if (intent === undefined) throw new Error('no point');
    const died = bench.dieAt(intent);
    const server = await scenario.server();
    const patient = await bench.begin(server, scenario.steps, { when: scenario.when });
    await died;
    await bench.operations.stop();
    await bench.operations.abort(patient.operationId, 'a person looks');
    await bench.operations.startWorker();
    expect((await patient.ended()).state).toBe('aborted');
    expect(server.done).toEqual([]);
    expect((await patient.incident()).state).toBe('escalated');
  });
});
