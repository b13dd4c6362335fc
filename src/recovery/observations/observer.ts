/**
 * Looks at a machine out-of-band: power and picture at the same time, each bounded, so that one that is deaf never hides
 * the other. What could not be had is said in words; only an abort throws.
 */
import { asAthanorError, AthanorError } from '../../errors/index.ts';
import { encodePng, type Frame, type GraphicalConsole, type Reading } from '../../console/index.ts';
import type { Store } from '../../store/index.ts';
import { bounded } from './bounded.ts';
import { keepLook, toStoredReading } from './observation-store.ts';
import type { Look, Observation, PowerSeen } from './observation.ts';

export interface ObserverOptions {
  store: Store;
  /** A frame's text, or undefined when no grid fits it: `readScreen` with the fonts of this installation. */
  read: (frame: Frame) => Reading | undefined;
  consoleOf: (machineId: string) => Promise<GraphicalConsole | undefined>;
  powerOf: (machineId: string, signal: AbortSignal) => Promise<PowerSeen>;
  now: () => number;
  /** How long the picture, and how long the power, is waited for. 1.5 s each when left out. */
  boundMs?: number | undefined;
}

/** Where the picture comes from instead of a connection of its own: a session that is open already. */
export type FrameSource = (signal: AbortSignal) => Promise<Frame>;

export interface Observed {
  observation: Observation;
  /** The same as in the observation, with its cells. */
  reading: Reading | undefined;
}

export interface Observer {
  /** Looks and keeps nothing. */
  look(machineId: string, signal: AbortSignal, frame?: FrameSource): Promise<Look>;
  /** Keeps a look for the film of its incident. */
  keep(machineId: string, incidentId: string | null, look: Look): Promise<Observation>;
  /** Looks and keeps. */
  observe(machineId: string, incidentId: string | null, signal: AbortSignal): Promise<Observed>;
  /** Looks again, and keeps it only when it is not what `last` is; else the answer holds `last` itself. */
  observeAgain(
    last: Observation | undefined,
    machineId: string,
    incidentId: string | null,
    signal: AbortSignal,
  ): Promise<Observed & { changed: boolean }>;
}

const defaultBoundMs = 1_500;

/**
 * Does a look tell something else than what was kept last? The text counts where there is one: a blinking cursor makes
 * another picture of the same screen.
 */
export function tellsOtherwise(look: Look, last: Observation | undefined): boolean {
  if (last === undefined || look.power !== last.power || look.problem !== last.problem) return true;
  if ((look.frame === undefined) !== (last.frameId === null)) return true;
  const reading = toStoredReading(look);
  if (reading === null || last.reading === null) return reading !== last.reading;
  return reading.font !== last.reading.font || reading.lines.join('\n') !== last.reading.lines.join('\n');
}

export function createObserver(options: ObserverOptions): Observer {
  const { store, read, consoleOf, powerOf, now, boundMs = defaultBoundMs } = options;

  /** The value, or why there is none; only the outer signal throws. */
  async function attempt<T>(
    what: string,
    work: (signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<{ value: T } | { problem: string }> {
    const late = () => new AthanorError('deadline-exceeded', `no answer within ${boundMs / 1000} s`);
    try {
      return { value: await bounded(work, boundMs, signal, late) };
    } catch (error) {
      signal.throwIfAborted();
      return { problem: `${what}: ${asAthanorError(error).message}` };
    }
  }

  async function pictureOf(machineId: string, signal: AbortSignal, source?: FrameSource): Promise<Frame | undefined> {
    if (source !== undefined) return await source(signal);
    return await (await consoleOf(machineId))?.frame(signal);
  }

  function readSafely(frame: Frame): { reading?: Reading | undefined; problem?: string } {
    try {
      const reading = read(frame);
      return reading === undefined ? { problem: 'the screen could not be read: no known grid fits it' } : { reading };
    } catch (error) {
      return { problem: `the screen could not be read: ${asAthanorError(error).message}` };
    }
  }

  const look: Observer['look'] = async (machineId, signal, source) => {
    const time = now();
    const [power, picture] = await Promise.all([
      attempt('the power could not be read', (bound) => powerOf(machineId, bound), signal),
      attempt('the console gave no picture', (bound) => pictureOf(machineId, bound, source), signal),
    ]);
    const frame = 'value' in picture ? picture.value : undefined;
    const { reading, problem } =
      frame !== undefined
        ? readSafely(frame)
        : { problem: 'problem' in picture ? picture.problem : 'no console of this machine is known' };
    const problems = ['problem' in power ? [power.problem] : [], problem === undefined ? [] : [problem]].flat();
    return {
      time,
      power: 'value' in power ? power.value : 'unknown',
      frame,
      reading,
      problem: problems.length === 0 ? null : problems.join('; '),
    };
  };

  const keep: Observer['keep'] = async (machineId, incidentId, seen) =>
    await keepLook(store, machineId, incidentId, seen, seen.frame === undefined ? undefined : encodePng(seen.frame));

  return {
    look,
    keep,
    observe: async (machineId, incidentId, signal) => {
      const seen = await look(machineId, signal);
      return { observation: await keep(machineId, incidentId, seen), reading: seen.reading };
    },
    observeAgain: async (last, machineId, incidentId, signal) => {
      const seen = await look(machineId, signal);
      if (last !== undefined && !tellsOtherwise(seen, last))
        return { observation: last, reading: seen.reading, changed: false };
      return { observation: await keep(machineId, incidentId, seen), reading: seen.reading, changed: true };
    },
  };
}
