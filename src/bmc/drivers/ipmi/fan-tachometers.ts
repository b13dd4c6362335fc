/** Whether fans do what their BMC was told: their tachometers are read until they have moved, or time is up. */
import type { SensorsCapability } from '../../capabilities/sensors.ts';
import type { Clock } from '../../ports.ts';
import { sleep } from '../../ports.ts';
import type { Note } from '../../settle.ts';

export interface Tachometer {
  name: string;
  rpm: number;
}

/** The duty of one zone. Undefined: the BMC does not tell what it was. */
export interface DutyChange {
  from: number | undefined;
  to: number;
}

export interface WatchedTachometer extends Tachometer {
  beforeRpm: number;
  /** Left out where nothing was to be expected of it. */
  follows?: boolean;
}

const pollMs = 1_000;
/** Fans are heavy: those of 80 mm need some ten seconds down from full speed. */
export const defaultWatchMs = 20_000;
/** Of the speed: what a fan wavers by itself, and what counts as the same duty. */
const waverShare = 0.03;
const steadyShare = 0.15;
const sameDutyPoints = 2;
/** A fan's speed grows at most as its duty does; beyond it the BMC runs the fan by something else. */
const overshoot = 1.5;

/** The tachometers that give a speed now; empty where none can be read. */
export async function readTachometers(
  sensors: SensorsCapability,
  note: Note,
  signal?: AbortSignal,
): Promise<Tachometer[]> {
  const listed = await sensors.list({ type: 'fan' }, signal === undefined ? {} : { signal });
  if (listed.outcome !== 'done') {
    if (signal?.aborted === true && listed.outcome !== 'unsupported') throw listed.error;
    note('tachometers', listed.outcome === 'unsupported' ? listed.reason : listed.error.message);
    return [];
  }
  return listed.value.flatMap(({ name, value, unit }) =>
    value !== undefined && unit === 'RPM' ? [{ name, rpm: value }] : [],
  );
}

/**
 * Returns once the speeds stand still with a fan where it is expected, and at the latest after `deadlineMs`. Without
 * `changes` nothing is expected of the fans but that they come to rest.
 */
export async function watchTachometers(
  clock: Clock,
  read: () => Promise<Tachometer[]>,
  before: readonly Tachometer[],
  changes: readonly DutyChange[],
  { deadlineMs = defaultWatchMs, signal }: { deadlineMs?: number; signal?: AbortSignal },
): Promise<WatchedTachometer[]> {
  const until = clock.monotonic() + deadlineMs;
  let last: readonly Tachometer[] = [];
  for (;;) {
    const now = await read();
    const watched = now.map((one, index) => judge(one, find(before, one.name, index)?.rpm ?? one.rpm, changes));
    const resting = now.every((one, index) => isWithin(one.rpm, find(last, one.name, index)?.rpm, waverShare));
    const asExpected = changes.length === 0 || watched.some(({ follows }) => follows === true);
    const seen = watched.length > 0 && ((resting && asExpected) || isStopped(watched));
    if (seen || clock.monotonic() >= until) return watched;
    last = now;
    await sleep(clock, Math.min(pollMs, Math.max(1, until - clock.monotonic())), signal);
  }
}

/** No fan turned before, and none does now: the machine is off. */
export function isStopped(watched: readonly WatchedTachometer[]): boolean {
  return watched.every(({ rpm, beforeRpm }) => rpm === 0 && beforeRpm === 0);
}

/** `Fan 1 6100 → 9200 RPM`, for each. */
export function inWords(watched: readonly WatchedTachometer[]): string {
  return watched.map(({ name, rpm, beforeRpm }) => `${name} ${beforeRpm} → ${rpm} RPM`).join(', ');
}

/** Which zone a fan belongs to is not known: it follows if it does what any changed zone asks for. */
function judge(one: Tachometer, beforeRpm: number, changes: readonly DutyChange[]): WatchedTachometer {
  if (changes.length === 0) return { ...one, beforeRpm };
  const changed = changes.filter((change) => !isSteady(change));
  const follows = (changed.length > 0 ? changed : changes).some((change) => does(one.rpm, beforeRpm, change));
  return { ...one, beforeRpm, follows };
}

function isSteady({ from, to }: DutyChange): boolean {
  return from !== undefined && Math.abs(to - from) <= sameDutyPoints;
}

function does(rpm: number, beforeRpm: number, change: DutyChange): boolean {
  const { from, to } = change;
  if (from === undefined) return !isWithin(rpm, beforeRpm, waverShare);
  if (isSteady(change)) return isWithin(rpm, beforeRpm, steadyShare) && rpm > 0;
  if (to < from) return rpm < beforeRpm * (1 - waverShare);
  const most = from === 0 || beforeRpm === 0 ? Infinity : beforeRpm * (to / from) * overshoot;
  return rpm > beforeRpm * (1 + waverShare) && rpm <= most;
}

function isWithin(rpm: number, other: number | undefined, share: number): boolean {
  return other !== undefined && Math.abs(rpm - other) <= Math.max(rpm, other) * share;
}

/** Several may have the same name: then by their place. */
function find(all: readonly Tachometer[], name: string, index: number): Tachometer | undefined {
  const there = all[index];
  return there?.name === name ? there : all.find((one) => one.name === name);
}
