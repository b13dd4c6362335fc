/**
 * When many machines fall silent together, the cause is not in any of them: a switch, a power feed, or this server's own
 * network. No playbook mends that, and power-cycling them all would make it worse.
 */
import type { WatchedMachine } from './tracker.ts';

export interface OutageSettings {
  /** So many late machines are an outage, whatever their share. */
  atOnce: number;
  /** More than this share of the watched machines is one, */
  share: number;
  /** if so many are watched at least. */
  leastWatched: number;
}

export const defaultOutageSettings: OutageSettings = { atOnce: 10, share: 0.5, leastWatched: 4 };

export interface JudgedOutage {
  /** Missed or late, the one that is silent for the longest time first. */
  machineIds: string[];
  watched: number;
}

/**
 * Machines that stopped at one moment are missed one after another, over a whole interval, since their beats were spread
 * over it. The first of them must not be healed as if it were alone. So those count that are *late*: silent for at least
 * half of the time after which they are missed. That is more than an interval, so one that is well never is.
 */
function isLate({ silentForMs, missedAfterMs, stopping }: WatchedMachine): boolean {
  // One that has been missed for long did not fall silent together with those that are missed now.
  return !stopping && silentForMs >= missedAfterMs / 2 && silentForMs < missedAfterMs * 2;
}

/**
 * Whether what is missed now is an outage; undefined when nothing is missed, or too few are late. To be asked with the
 * machines whose silence would open an incident: without those in maintenance, off on purpose, or known to be broken.
 */
export function judgeOutage(
  watched: readonly WatchedMachine[],
  settings: OutageSettings = defaultOutageSettings,
): JudgedOutage | undefined {
  const late = watched.filter(isLate);
  if (!late.some(({ silentForMs, missedAfterMs }) => silentForMs >= missedAfterMs)) return undefined;
  const enough =
    late.length >= settings.atOnce ||
    (watched.length >= settings.leastWatched && late.length > watched.length * settings.share);
  if (!enough) return undefined;
  const machineIds = late.toSorted((a, b) => b.silentForMs - a.silentForMs).map(({ machineId }) => machineId);
  return { machineIds, watched: watched.length };
}
