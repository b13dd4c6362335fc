/** Who is silent: asked of memory many times a second; the store is asked only about machines that are missed. */
import type { WatchedMachine } from '../heartbeats/tracker.ts';
import type { Background } from './background.ts';
import { type Begun, beginIncidents } from './begin-incidents.ts';
import { endedWith, endOutage } from './end-outage.ts';
import { isMissed, type Known } from './known.ts';
import type { Surroundings } from './ports.ts';

export interface Silence {
  /** One look at who is silent; what follows runs in the background. */
  look(watched: readonly WatchedMachine[], at: number): void;
  /** A machine was heard, or something about it changed: its silence is judged anew. */
  judgeAnew(machineId: string): void;
  isExcused(machineId: string): boolean;
}

export interface SilenceEvents {
  begun(begun: Begun): void;
  /** An outage is over; these incidents are open now. */
  released(incidentIds: readonly string[]): void;
  /** Something was not written, or was without an answer. */
  failed(): void;
}

/** A machine whose silence is no incident is asked about again: a change of it tells of itself, this is for what is missed. */
const excusePauses = { first: 5_000, longest: 60_000 };
/** One that went down as it said, and is off, costs a question to its BMC. */
const stoppedPauses = { first: 5_000, longest: 5 * 60_000 };
const powerMs = 5_000;
const powersAtOnce = 16;

export function createSilence(
  around: Surroundings,
  known: Known,
  background: Background,
  life: AbortSignal,
  events: SilenceEvents,
): Silence {
  const { monotonic, powerOf, logger } = around;
  const startedAt = monotonic();
  const excuses = new Map<string, { until: number; pauseMs: number }>();
  /** They said that they go down, but have power still, or nobody can say. */
  const notDown = new Set<string>();
  let asking = 0;

  function excuse(machineId: string, pauses: { first: number; longest: number }): void {
    const before = excuses.get(machineId);
    const pauseMs = before === undefined ? pauses.first : Math.min(before.pauseMs * 2, pauses.longest);
    excuses.set(machineId, { until: monotonic() + pauseMs, pauseMs });
  }

  async function askStopped(machineId: string): Promise<void> {
    asking += 1;
    try {
      const power = await powerOf(machineId, AbortSignal.any([life, AbortSignal.timeout(powerMs)]));
      if (power === 'off') excuse(machineId, stoppedPauses);
      else notDown.add(machineId);
    } catch (error) {
      logger.warn({ err: error, machine: machineId }, 'whether it is off as it said is not known');
      notDown.add(machineId);
    } finally {
      asking -= 1;
    }
  }

  /** Those that said that they go down are incidents only when they are not off. */
  function withoutStopped(missed: readonly WatchedMachine[]): WatchedMachine[] {
    return missed.filter(({ machineId, stopping }) => {
      if (!stopping || notDown.has(machineId)) return true;
      if (asking < powersAtOnce) background.once(`is ${machineId} off`, () => askStopped(machineId));
      return false;
    });
  }

  /** After a start every machine has the time to be heard, or to be missed, before it is said that an outage is over. */
  function mayJudgeOutages(watched: readonly WatchedMachine[], at: number): boolean {
    const longest = watched.reduce(
      (most, { stopping, missedAfterMs }) => Math.max(most, stopping ? 0 : missedAfterMs),
      0,
    );
    return at - startedAt >= 2 * longest;
  }

  async function endOutages(watched: readonly WatchedMachine[]): Promise<void> {
    for (const outage of known.outages.values()) {
      const stillSilent = endedWith(outage, known, watched);
      if (stillSilent === undefined) continue;
      const released = await endOutage(around, outage.id, stillSilent);
      known.outages.delete(outage.id);
      logger.info({ outage: outage.id, stillSilent }, 'an outage is over');
      events.released(released);
    }
  }

  async function begin(
    watched: readonly WatchedMachine[],
    missed: readonly WatchedMachine[],
    at: number,
  ): Promise<void> {
    const begun = await beginIncidents(around, known, { watched, missed, at });
    for (const machineId of begun.excused.keys()) excuse(machineId, excusePauses);
    if (begun.outage !== undefined) {
      known.outages.set(begun.outage.id, begun.outage);
      logger.warn({ outage: begun.outage.id, machines: begun.outage.machines }, 'many machines fell silent together');
    }
    for (const { outage, machineId } of begun.joined) outage.members.add(machineId);
    events.begun(begun);
  }

  return {
    look: (watched, at) => {
      const present = watched.filter(
        (machine) =>
          isMissed(machine) &&
          !known.incidents.has(machine.machineId) &&
          (excuses.get(machine.machineId)?.until ?? 0) <= at,
      );
      const missed = withoutStopped(present);
      const outages = known.outages.size > 0 && mayJudgeOutages(watched, at);
      if (missed.length === 0 && !outages) return;
      // One after the other: nobody joins an outage that ends in the same moment.
      background.once('silence', async () => {
        try {
          if (missed.length > 0) await begin(watched, missed, at);
          if (outages) await endOutages(watched);
        } catch (error) {
          events.failed();
          throw error;
        }
      });
    },
    judgeAnew: (machineId) => {
      excuses.delete(machineId);
      notDown.delete(machineId);
    },
    isExcused: (machineId) => excuses.has(machineId),
  };
}
