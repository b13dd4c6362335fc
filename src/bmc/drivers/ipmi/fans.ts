/** Fans by their vendor's raw commands (fan-commands.ts), verified by the tachometers where the sensors can be read. */
import { AthanorError } from '../../../errors/index.ts';
import type { FanDuty, FanReading, FansCapability } from '../../capabilities/fans.ts';
import type { SensorsCapability } from '../../capabilities/sensors.ts';
import { sleep } from '../../ports.ts';
import type { FanControl } from '../../quirks/fan-control.ts';
import type { CallOptions } from '../../result.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import type { IpmiContext } from './context.ts';
import { fanControlOf, holdsDuty, readDuty, readMode, restoreAutomatic, setDuty, setMode } from './fan-commands.ts';
import type { DutyChange, Tachometer, WatchedTachometer } from './fan-tachometers.ts';
import { defaultWatchMs, inWords, isStopped, readTachometers, watchTachometers } from './fan-tachometers.ts';
import { readBack } from './send-change.ts';
import type { UntilClosed } from './until-closed.ts';

/** Less than this lets most machines run hot: it needs the caller's word. */
const safePercent = 20;
/** How often a held duty is looked at, and set again where the BMC has dropped it. */
const holdMs = 30_000;

/** One call: what is spoken to, how, and what is told of it. */
interface Task {
  context: IpmiContext;
  sensors: SensorsCapability;
  fans: FanControl;
  note: Note;
  options: CallOptions;
  /** Something was sent that has to be taken back on failure. */
  changed: boolean;
}

/**
 * @param sensors of the same BMC: where the tachometers are
 * @param open ends held duties when the BMC is closed
 */
export function ipmiFans(context: IpmiContext, sensors: SensorsCapability, open: UntilClosed): FansCapability {
  const about = { driver: 'ipmi', capability: 'fans', clock: context.clock } as const;
  const begin = async (note: Note, options: CallOptions): Promise<Task> => {
    const fans = await fanControlOf(context, note, options.signal);
    return { context, sensors, fans, note, options, changed: false };
  };
  const change = <Value>(options: CallOptions, task: () => Promise<Value>) => context.lane.change(task, options.signal);
  return {
    get: (options = {}) =>
      settle(about, async (note) => {
        const task = await begin(note, options);
        const now = await readTachometers(sensors, note, options.signal);
        note('tachometers', now.map(({ name, rpm }) => `${name} ${rpm} RPM`).join(', ') || 'none read');
        return read(task, now);
      }),
    setMode: (mode, options = {}) =>
      settle(about, async (note) => {
        const task = await begin(note, options);
        const watched = await change(options, () => restoringOnFailure(task, () => changeMode(task, mode)));
        return readBack(context, 'the new fan mode', () => read(task, watched));
      }),
    setDuty: (duty, options = {}) =>
      settle(about, async (note) => {
        refuseDangerous(duty);
        const task = await begin(note, options);
        const watched = await change(options, () => restoringOnFailure(task, () => changeDuty(task, duty)));
        requireSign(task, watched);
        return readBack(context, 'the new fan duty', () => read(task, watched));
      }),
    hold: (duty, options = {}) =>
      open.keep(
        settle(about, async (note) => {
          refuseDangerous(duty);
          const signal = AbortSignal.any(options.signal === undefined ? [open.signal] : [options.signal, open.signal]);
          const task = await begin(note, { signal });
          const watched = await holdUntilAborted(task, duty, options.deadlineMs);
          return readBack(context, 'the automatic fan mode again', () => read({ ...task, options: {} }, watched));
        }),
      ),
  };
}

function refuseDangerous({ percent, force }: FanDuty): void {
  if (!Number.isInteger(percent) || percent < 0 || percent > 100) {
    throw new AthanorError('invalid-input', 'A duty is 0 to 100 percent', { field: 'percent', value: String(percent) });
  }
  if (percent >= safePercent || force === true) return;
  throw new AthanorError('invalid-input', `A duty under ${safePercent} % may overheat the machine`, {
    field: 'percent',
    value: String(percent),
    remedy: 'Say `force` if it is really meant, and watch the temperatures.',
  });
}

async function changeMode(task: Task, mode: string): Promise<WatchedTachometer[]> {
  const { context, sensors, fans, note, options } = task;
  const before = await readTachometers(sensors, note, options.signal);
  const to = fans.percentOfModes?.[mode];
  const changes = to === undefined ? [] : await changesTo(task, fans.zones, to);
  task.changed = Object.hasOwn(fans.modes, mode);
  await setMode(context, fans, mode, note, options.signal);
  return watch(task, before, changes, `mode ${mode}`);
}

async function changeDuty(task: Task, { percent, zone }: FanDuty): Promise<WatchedTachometer[]> {
  const { context, sensors, fans, note, options } = task;
  const zones = zonesOf(fans, zone);
  const before = await readTachometers(sensors, note, options.signal);
  const changes = await changesTo(task, zones, percent);
  task.changed = true;
  await setDuty(context, fans, zones, percent, note, options.signal);
  return watch(task, before, changes, `duty of ${percent} %`);
}

function zonesOf(fans: FanControl, named: string | undefined): FanControl['zones'] {
  const zones = named === undefined ? fans.zones : fans.zones.filter(({ zone }) => zone === named);
  if (zones.length > 0) return zones;
  const known = fans.zones.map(({ zone }) => zone).join(', ');
  throw new AthanorError('invalid-input', `Fan zone ${named} is none of ${known}`, { field: 'zone' });
}

async function changesTo({ context, fans, options }: Task, zones: FanControl['zones'], to: number) {
  const changes: DutyChange[] = [];
  for (const { number } of zones) {
    changes.push({ from: await readDuty(context, fans, number, options.signal), to });
  }
  return changes;
}

/** Fails where the BMC tells the wanted duty, and no fan turns accordingly. */
async function watch(
  { context, sensors, note, options }: Task,
  before: readonly Tachometer[],
  changes: readonly DutyChange[],
  what: string,
): Promise<WatchedTachometer[]> {
  if (before.length === 0) {
    note('tachometers', `none can be read: the ${what} rests on what the BMC says alone`);
    return [];
  }
  const quiet: Note = () => undefined;
  const now = () => readTachometers(sensors, quiet, options.signal);
  const watched = await watchTachometers(context.clock, now, before, changes, options);
  for (const { name, rpm, beforeRpm, follows } of watched) {
    const judged = follows === undefined ? '' : follows ? ': follows' : ': does not follow';
    note(`tachometer ${name}`, `${beforeRpm} → ${rpm} RPM${judged}`);
  }
  if (watched.length === 0) {
    note('tachometers', `none can be read any more: the ${what} rests on what the BMC says alone`);
  } else if (isStopped(watched)) {
    note('tachometers', `no fan turns: the ${what} rests on what the BMC says alone`);
  } else if (changes.some(({ from }) => from !== undefined) && !watched.some(({ follows }) => follows === true)) {
    const seconds = Math.round((options.deadlineMs ?? defaultWatchMs) / 1_000);
    throw new AthanorError(
      'deadline-exceeded',
      `BMC ${context.peer.name} confirmed the ${what}, but no fan followed within ${seconds} s: ${inWords(watched)}`,
    );
  }
  return watched;
}

/** Where the BMC tells no duty, fans that stand still may have turned so before. */
function requireSign({ context, fans }: Task, watched: readonly WatchedTachometer[]): void {
  if (fans.readDuty !== undefined || isStopped(watched) || watched.some(({ follows }) => follows === true)) return;
  throw new AthanorError(
    'outcome-unknown',
    `BMC ${context.peer.name} confirmed the duty, but tells none, and no fan changed its speed: ${inWords(watched)}`,
    { remedy: 'Set a duty that differs, or the mode `automatic`, and watch the tachometers.' },
  );
}

/** Whatever stops a change half-way, the machine is not left with it. */
async function restoringOnFailure<Value>(task: Task, run: () => Promise<Value>): Promise<Value> {
  try {
    return await run();
  } catch (error) {
    if (task.changed) await restoreAutomatic(task.context, task.fans, task.note);
    throw error;
  }
}

/** @param deadlineMs how long it is held; until aborted when left out */
async function holdUntilAborted(
  task: Task,
  duty: FanDuty,
  deadlineMs: number | undefined,
): Promise<WatchedTachometer[]> {
  const { context, fans, note, options } = task;
  const { clock, lane } = context;
  const { signal } = options;
  const zones = zonesOf(fans, duty.zone);
  const ends = deadlineMs === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() + deadlineMs;
  let dropped = 0;
  const again = async () => {
    const holds = await holdsDuty(context, fans, zones, duty.percent, signal);
    // Setting it anew would send the fans through full speed each time.
    if (holds === true) return;
    if (holds === false) dropped += 1;
    await setDuty(context, fans, zones, duty.percent, () => undefined, signal);
  };
  let watched: WatchedTachometer[] = [];
  try {
    watched = await lane.change(() => changeDuty(task, duty), signal);
    while (clock.monotonic() < ends && signal?.aborted !== true) {
      await sleep(clock, Math.min(holdMs, ends - clock.monotonic()), signal);
      if (clock.monotonic() < ends) await lane.change(again, signal);
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  } finally {
    if (dropped > 0) note('held duty', `set again ${dropped} times, for the BMC had dropped it`);
    // Not in turn with other changes: the queue may be full, or stand behind a restart of the BMC.
    if (task.changed) await restoreAutomatic(context, fans, note);
  }
  return watched;
}

async function read({ context, fans, options }: Task, tachometers: FanReading['tachometers']): Promise<FanReading> {
  const mode = await readMode(context, fans, options.signal);
  const duties: FanReading['duties'] = [];
  for (const { zone, number } of fans.zones) {
    const percent = await readDuty(context, fans, number, options.signal);
    if (percent !== undefined) duties.push({ zone, percent });
  }
  return {
    ...(mode !== undefined && { mode }),
    duties,
    tachometers,
    modes: Object.keys(fans.modes),
    control: fans.name,
  };
}
