/**
 * Type and press, seeing: one session looks, types, sees the echo and only then presses; then what was hoped for must be
 * seen. A group of keys is typed at most once in the life of the operation.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { asAthanorError, AthanorError } from '../../errors/index.ts';
import type { ConsoleSession, Reading } from '../../console/index.ts';
import type { OperationStep, StepContext } from '../../operation/index.ts';
import { actionsOf } from './actions.ts';
import { decide } from './decide.ts';
import { echoIsSeen } from './echo.ts';
import { type HealEnvironment, keyOf, timingOf } from './environment.ts';
import type { HealMachineInput } from './heal-input.ts';
import { mayGoOn } from './leave.ts';
import type { PlannedStep } from './plan.ts';
import { screenInWords } from './screen-words.ts';
import { isBack, machineIsBack } from './standing.ts';
import { waitForScreen } from './waits.ts';

type Context = StepContext<HealMachineInput>;
type PlannedKeys = Extract<PlannedStep, { action: 'keys' }>;

export function keysStep(environment: HealEnvironment, planned: PlannedKeys): OperationStep<HealMachineInput> {
  const { see, withinMs } = planned;
  return {
    name: planned.name,
    deadlineMs: withinMs + 60_000,
    waitsFor: 'the screen to show what the keys were typed for',
    recover: async (context) => {
      const done = (await actionsOf(environment.store.db, keyOf(context))).find(({ step }) => step === planned.name);
      // Not written down, so not one key was typed: it begins anew, with a look of its own.
      if (done === undefined) return undefined;
      const note = 'The keys may have been typed, whole or in part, before an interruption; they are not typed again.';
      const seen = await waitForScreen(environment, context, planned, { screen: see, withinMs, note });
      return { acted: true, observation: done.observation, ...seen };
    },
    run: async (context) => {
      if (await isBack(environment, context, planned)) return machineIsBack;
      const typed = await typeSeeing(environment, context, planned);
      if (typed === 'back') return machineIsBack;
      const seen = await waitForScreen(environment, context, planned, {
        screen: see,
        withinMs,
        otherThan: typed.before,
        note: 'The keys were typed.',
      });
      return { acted: true, observation: typed.observation, ...seen };
    },
  };
}

interface Typed {
  observation: string;
  /** The screen directly before the last keys. */
  before: readonly string[];
}

async function typeSeeing(
  environment: HealEnvironment,
  context: Context,
  { name, expected, type, press }: PlannedKeys,
): Promise<Typed | 'back'> {
  const { machineId } = keyOf(context);
  const { signal } = context;
  const console = await environment.consoleOf(machineId);
  if (console === undefined)
    throw new AthanorError('console-unreachable', 'no console of this machine is known; nothing was typed');
  return await console.withSession(async (session) => {
    const frame = (bound: AbortSignal) => session.frame(bound);
    const decision = await decide(environment, context, { step: name, action: 'keys', expected, frame });
    if (decision.kind !== 'act') return 'back';
    const { observation, look } = decision;
    // `decide` acts on no screen that it could not read.
    if (look.reading === undefined) throw new AthanorError('internal', 'keys were decided on without a reading');
    let before = look.reading;
    if (type !== undefined && type !== '') {
      await certainly(() => session.type(type, signal));
      before = await seeEcho(environment, context, session, type, before);
      if (press.length > 0 && (await mayGoOn(environment, context)) === 'back') return 'back';
    }
    if (press.length > 0) await certainly(() => session.press(press, signal));
    return { observation: observation.id, before: before.lines };
  }, signal);
}

/** Says of a connection that broke while keys went over it what it means. */
async function certainly(send: () => Promise<void>): Promise<void> {
  try {
    await send();
  } catch (error) {
    const known = asAthanorError(error);
    // The console knows before the first key that it has none for a character.
    if (known.code === 'invalid-input') throw known;
    throw new AthanorError('outcome-unknown', `${known.message}; some of the keys may have been typed`, {
      field: 'keys',
      remedy: 'Look at the screen: it shows how much of it was typed. It is not typed again.',
      cause: known,
    });
  }
}

/** The screen with the text on it; nothing is pressed before. */
async function seeEcho(
  environment: HealEnvironment,
  { machineId, input, signal }: Context,
  session: ConsoleSession,
  text: string,
  before: Reading,
): Promise<Reading> {
  const { observer, monotonic } = environment;
  const { echoEveryMs, echoWithinMs } = timingOf(environment);
  if (machineId === null) throw new AthanorError('internal', 'this operation has no machine');
  const until = monotonic() + echoWithinMs;
  for (;;) {
    const look = await observer.look(machineId, signal, (bound) => session.frame(bound));
    const { reading } = look;
    const seen = reading !== undefined && echoIsSeen(text, before, reading);
    if (seen || monotonic() >= until) await observer.keep(machineId, input.incident, look);
    if (seen) return reading;
    if (monotonic() >= until) {
      const shown = reading === undefined ? (look.problem ?? '') : screenInWords(reading.lines);
      throw new AthanorError(
        'not-seen',
        `the text was typed but does not stand on the screen; nothing was pressed after it. ${shown}`,
        { field: 'type', value: text },
      );
    }
    await sleep(echoEveryMs, undefined, { signal });
  }
}
