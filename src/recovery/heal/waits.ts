/** Waits of a playbook: for a screen and for a heartbeat. Both end in time, and say what was seen last when nothing came. */
import { AthanorError } from '../../errors/index.ts';
import { waitUntil } from '../../install/index.ts';
import type { OperationStep, StepContext, StepEvidence } from '../../operation/index.ts';
import type { Look, Observation } from '../observations/observation.ts';
import { tellsOtherwise } from '../observations/observer.ts';
import { screenFits } from '../rules/pattern.ts';
import type { ScreenCondition } from '../rules/rule.ts';
import { type HealEnvironment, keyOf, timingOf } from './environment.ts';
import type { HealMachineInput } from './heal-input.ts';
import type { Planned, PlannedStep } from './plan.ts';
import { screenInWords } from './screen-words.ts';
import { isBack, machineIsBack, wasBack } from './standing.ts';

type Context = StepContext<HealMachineInput>;

/** A boot that scrolls for minutes is kept as some of its screens. */
const MOST_KEPT_PER_WAIT = 40;
const KEEP_EVERY_MS = 1_000;

interface Film {
  /** Looks; keeps what is new, as far as there is room. */
  look(): Promise<Look>;
  /** Keeps the newest look whatever the room, unless it shows what was kept last. */
  keepNewest(): Promise<Observation | undefined>;
}

function createFilm({ observer, monotonic }: HealEnvironment, context: Context): Film {
  const { machineId, incidentId } = keyOf(context);
  let newest: Look | undefined;
  let last: Observation | undefined;
  let kept = 0;
  let keptAt = Number.NEGATIVE_INFINITY;

  async function keepNewest(): Promise<Observation | undefined> {
    if (newest === undefined || !tellsOtherwise(newest, last)) return last;
    last = await observer.keep(machineId, incidentId, newest);
    kept += 1;
    keptAt = monotonic();
    return last;
  }

  return {
    keepNewest,
    look: async () => {
      newest = await observer.look(machineId, context.signal);
      if (kept < MOST_KEPT_PER_WAIT && monotonic() - keptAt >= KEEP_EVERY_MS) await keepNewest();
      return newest;
    },
  };
}

export interface ScreenWait {
  screen: ScreenCondition;
  withinMs: number;
  /** The screen must have become another than this. */
  otherThan?: readonly string[] | undefined;
  /** Said when it does not come. */
  note?: string | undefined;
}

/** @throws AthanorError `not-seen` with the last lines */
export async function waitForScreen(
  environment: HealEnvironment,
  context: Context,
  planned: Pick<Planned, 'earlier'>,
  { screen, withinMs, otherThan, note }: ScreenWait,
): Promise<StepEvidence> {
  const { wakeups, monotonic } = environment;
  const { machineId } = keyOf(context);
  const film = createFilm(environment, context);
  const until = monotonic() + withinMs;
  return await waitUntil(
    wakeups,
    machineId,
    async () => {
      const last = monotonic() >= until;
      const look = await film.look();
      const lines = look.reading?.lines;
      const seen = lines !== undefined && screenFits(screen, lines) && !isSame(lines, otherThan);
      if (seen) return { seen: (await film.keepNewest())?.id };
      if (await heardAgain(environment, context, planned)) return machineIsBack;
      if (last) throw await notSeen(film, look, `the expected screen did not come within ${seconds(withinMs)}`, note);
      return undefined;
    },
    { everyMs: timingOf(environment).lookEveryMs, signal: context.signal },
  );
}

export function waitForScreenStep(
  environment: HealEnvironment,
  planned: Extract<PlannedStep, { action: 'wait-for-screen' }>,
): OperationStep<HealMachineInput> {
  return {
    name: planned.name,
    deadlineMs: planned.withinMs + 60_000,
    waitsFor: `the screen to show ${planned.screen.all.join(' and ')}`,
    run: async (context) => {
      if (await isBack(environment, context, planned)) return machineIsBack;
      return await waitForScreen(environment, context, planned, planned);
    },
  };
}

export function waitForHeartbeatStep(
  environment: HealEnvironment,
  planned: Extract<PlannedStep, { action: 'wait-for-heartbeat' }>,
): OperationStep<HealMachineInput> {
  const { withinMs } = planned;
  return {
    name: planned.name,
    deadlineMs: withinMs + 60_000,
    waitsFor: "a heartbeat of the machine's system",
    run: async (context) => {
      if (wasBack(context, planned)) return machineIsBack;
      const { wakeups, monotonic, heartbeats } = environment;
      const { machineId } = keyOf(context);
      const { lookEveryMs, filmEveryMs } = timingOf(environment);
      const film = createFilm(environment, context);
      const until = monotonic() + withinMs;
      let lookAt = Number.NEGATIVE_INFINITY;
      return await waitUntil(
        wakeups,
        machineId,
        async () => {
          const last = monotonic() >= until;
          if (await heardAgain(environment, context, planned)) {
            await film.look();
            const beat = heartbeats.lastBeat(machineId);
            return { heardAt: beat?.lastHeardAt, bootId: beat?.bootId, observation: (await film.keepNewest())?.id };
          }
          if (!last && monotonic() - lookAt < filmEveryMs) return undefined;
          const look = await film.look();
          lookAt = monotonic();
          if (last) throw await notSeen(film, look, `no heartbeat came within ${seconds(withinMs)}`);
          return undefined;
        },
        { everyMs: lookEveryMs, signal: context.signal },
      );
    },
  };
}

/** A last word before going down is no return. */
async function heardAgain(
  environment: HealEnvironment,
  context: Context,
  planned: Pick<Planned, 'earlier'>,
): Promise<boolean> {
  const beat = environment.heartbeats.lastBeat(keyOf(context).machineId);
  return beat !== undefined && !beat.stopping && (await isBack(environment, context, planned));
}

async function notSeen(film: Film, look: Look, what: string, note?: string): Promise<AthanorError> {
  await film.keepNewest();
  const power = look.power === 'on' ? '' : ` The power reads ${look.power}.`;
  const shown =
    look.reading === undefined ? `${look.problem ?? 'There is no picture'}.` : screenInWords(look.reading.lines);
  return new AthanorError('not-seen', `${what}.${note === undefined ? '' : ` ${note}`}${power} ${shown}`, {
    field: 'screen',
  });
}

function isSame(lines: readonly string[], other: readonly string[] | undefined): boolean {
  return other !== undefined && lines.join('\n') === other.join('\n');
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
