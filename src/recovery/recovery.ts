/**
 * The loop that keeps machines alive: who is silent → an incident → a look → the rule that fits → its playbook → the end. What
 * is in memory here can be had again from the store at any moment: a restart goes on with whatever is not resolved.
 */
import { AthanorError } from '../errors/index.ts';
import { HEAL_MACHINE } from '../machine/index.ts';
import type { Event } from '../store/index.ts';
import { everyByTimer } from './every-by-timer.ts';
import { followHistory, type Following } from './follow-history.ts';
import type { WatchedMachine } from './heartbeats/tracker.ts';
import { isLookedAt } from './incidents/states.ts';
import { bounded } from './observations/bounded.ts';
import type { Observation } from './observations/observation.ts';
import { createBackground, inTurns } from './watch/background.ts';
import { conditionsOf, notWatched } from './watch/conditions.ts';
import { endOutage } from './watch/end-outage.ts';
import { isMissed, type Known, type KnownIncident, knownIncident } from './watch/known.ts';
import { lookAtIncident } from './watch/look-at-incident.ts';
import { createLooks, type LookResult } from './watch/looks.ts';
import { defaultRecoverySettings, type RecoveryOptions, type Surroundings } from './watch/ports.ts';
import { mendHeard, resolveReturned, settleOrphan, withdraw } from './watch/resolve.ts';
import { createSilence } from './watch/silence.ts';
import { readUnresolved } from './watch/unresolved.ts';

export interface Recovery {
  /** Goes on with what is not resolved, and watches. The agents are loaded already. */
  start(): Promise<void>;
  /** Ends the watch; what is under way in the store goes on at the next start. */
  stop(): Promise<void>;
  /** Look at the machine of this incident now. */
  look(incidentId: string): void;
  /** Other rules are in force: all that waits for a person is looked at again. */
  rulesChanged(): void;
  /** Maintenance was switched on or off. */
  maintenanceChanged(machineId: string): Promise<void>;
  /** A heartbeat came. */
  heard(machineId: string): void;
  /** Resolves when nothing is under way and the history was followed to its end. */
  quiet(): Promise<void>;
}

/** Events of a machine that change nothing that is asked here, and come often. */
const unimportant = /^operation\.(progress|step\.)/;

export function createRecovery(options: RecoveryOptions): Recovery {
  const { every = everyByTimer, settings: chosen, ...rest } = options;
  const around: Surroundings = { ...rest, settings: { ...defaultRecoverySettings, ...chosen } };
  const { store, operations, heartbeats, logger, monotonic, settings } = around;
  const life = new AbortController();
  const known: Known = { incidents: new Map(), outages: new Map() };
  /** What each incident's machine showed when it was looked at last. */
  const lastSeen = new Map<string, Observation>();
  /** Failed by a heal, without an incident: active as soon as they are heard. */
  const mendable = new Set<string>();
  const reconsider = inTurns(reconsiderNow, life.signal);
  const background = createBackground(logger, monotonic);
  const ends: (() => void)[] = [];
  /** Machines that are to be reconsidered. */
  const owed = new Set<string>();
  /** It is not known whether the last write about silent machines came to be. */
  let unsure = false;
  let following: Following | undefined;

  const looks = createLooks({
    look,
    atOnce: settings.concurrentLooks,
    firstPauseMs: settings.firstPauseMs,
    longestPauseMs: settings.longestPauseMs,
    monotonic,
    keep: background.keep,
    onError: (error, incident) => {
      if (!life.signal.aborted) logger.error({ err: error, incident }, 'a look failed; it is taken again later');
    },
  });

  const silence = createSilence(around, known, background, life.signal, {
    begun: ({ incidents, held }) => {
      for (const incident of known.incidents.values()) if (held.includes(incident.id)) hold(incident);
      for (const { row, watched } of incidents) {
        known.incidents.set(row.machine_id, knownIncident(row, watched));
        if (row.state === 'open') looks.now(row.id);
      }
    },
    released: (incidentIds) => {
      const open = new Set(incidentIds);
      for (const incident of known.incidents.values()) if (open.has(incident.id)) incident.state = 'open';
      for (const id of incidentIds) looks.now(id);
    },
    failed: () => {
      unsure = true;
    },
  });

  function hold(incident: KnownIncident): void {
    incident.state = 'held';
    looks.forget(incident.id);
  }

  function drop(incident: KnownIncident): void {
    if (known.incidents.get(incident.machineId) === incident) known.incidents.delete(incident.machineId);
    lastSeen.delete(incident.id);
    looks.forget(incident.id);
    silence.judgeAnew(incident.machineId);
  }

  async function look(incidentId: string): Promise<LookResult> {
    const isBack = (machineId: string): boolean => known.incidents.get(machineId)?.heard === true;
    const keepSeen = (observation: Observation): void => void lastSeen.set(incidentId, observation);
    const late = (): AthanorError =>
      new AthanorError('deadline-exceeded', `the look took longer than ${settings.lookMs / 1000} s`);
    // A look that does not let go keeps its place no longer than this; it changes nothing any more after the signal.
    const result = await bounded(
      (signal) => lookAtIncident(around, incidentId, { isBack, last: lastSeen.get(incidentId), keepSeen, signal }),
      settings.lookMs,
      life.signal,
      late,
    );
    if (result === 'over') {
      lastSeen.delete(incidentId);
      for (const { id, machineId } of known.incidents.values()) if (id === incidentId) concern(machineId);
    }
    return result;
  }

  function returned(incident: KnownIncident): void {
    background.once(`return of ${incident.machineId}`, async () => {
      const state = await resolveReturned(around, incident.id, incident.machineId);
      if (state === 'resolved') drop(incident);
      else incident.state = state;
    });
  }

  function heard(machineId: string): void {
    silence.judgeAnew(machineId);
    const incident = known.incidents.get(machineId);
    if (incident !== undefined) {
      incident.heard = true;
      // What heals is ended by its operation.
      if (incident.state !== 'healing') returned(incident);
    } else if (mendable.has(machineId))
      background.once(`mending of ${machineId}`, async () => {
        await mendHeard(around, machineId);
        mendable.delete(machineId);
      });
  }

  /** It was heard, and fell silent again before its incident ended. */
  function silentAgain(incident: KnownIncident, { lastHeardAt }: WatchedMachine): void {
    incident.heard = false;
    incident.lastHeardAt = lastHeardAt;
  }

  /** Whoever is heard tells of it at once; this is for what got lost, e.g. while the database was away. */
  function findReturned(watched: readonly WatchedMachine[]): void {
    if (known.incidents.size === 0) return;
    for (const machine of watched) {
      const incident = known.incidents.get(machine.machineId);
      if (incident === undefined) continue;
      incident.lastHeardAt ??= machine.lastHeardAt;
      const returning = background.isRunning(`return of ${machine.machineId}`);
      if (isMissed(machine) && incident.heard && !returning) silentAgain(incident, machine);
      if (isMissed(machine) || (!incident.heard && machine.lastHeardAt === incident.lastHeardAt)) continue;
      incident.heard = true;
      if (incident.state !== 'healing') returned(incident);
    }
  }

  function tick(): void {
    const at = monotonic();
    const watched = heartbeats.watched();
    findReturned(watched);
    for (const machineId of owed) concern(machineId);
    if (unsure)
      background.once('what is not resolved', async () => {
        await load();
        unsure = false;
      });
    else silence.look(watched, at);
    looks.begin();
  }

  /** Reads anew what the store says of a machine, and does what follows from it. */
  async function reconsiderNow(machineId: string): Promise<void> {
    silence.judgeAnew(machineId);
    const conditions = (await conditionsOf(store.db, [machineId])).get(machineId);
    const row = conditions?.incident ?? null;
    const before = known.incidents.get(machineId);
    if (before !== undefined && before.id !== row?.id) drop(before);
    if (conditions === undefined || row === null) {
      const mends = conditions?.failedByHeal === true && notWatched(conditions) === undefined;
      if (mends) mendable.add(machineId);
      else mendable.delete(machineId);
      return;
    }
    mendable.delete(machineId);
    const watched = heartbeats.watched().find((machine) => machine.machineId === machineId);
    const incident = known.incidents.get(machineId) ?? knownIncident(row, watched);
    known.incidents.set(machineId, incident);
    incident.state = knownIncident(row, watched).state;
    if (incident.state === 'healing') {
      if (conditions.operation === null) await settleOrphan(around, incident.id, machineId);
      else if (conditions.maintenance) await abortHeal(conditions.operation.id);
    } else if (notWatched(conditions) !== undefined) {
      if (await withdraw(around, incident.id, machineId)) drop(incident);
    } else {
      if (incident.heard) returned(incident);
      else if (isLookedAt(incident.state)) looks.later(incident.id, row.attempts);
    }
  }

  /** Reconsiders it in the background, until that was done after the last time that somebody asked. */
  function concern(machineId: string): void {
    owed.add(machineId);
    background.once(`state of ${machineId}`, async () => {
      while (owed.has(machineId)) {
        owed.delete(machineId);
        try {
          await reconsider(machineId);
        } catch (error) {
          owed.add(machineId);
          throw error;
        }
      }
    });
  }

  async function abortHeal(operationId: string): Promise<void> {
    try {
      await operations.abort(operationId, 'the machine is in maintenance');
    } catch (error) {
      logger.info({ err: error, operation: operationId }, 'it ended before it could be aborted');
    }
  }

  function rulesChanged(): void {
    for (const { id, state } of known.incidents.values()) if (state !== 'held') looks.now(id);
  }

  function take({ kind, subject, data }: Event): void {
    if (kind === 'rules.applied') return rulesChanged();
    if (subject.kind !== 'machine' || unimportant.test(kind)) return;
    const ended = /^operation\.(succeeded|failed|aborted)$/.test(kind);
    if (ended && Object(data)['operation'] === HEAL_MACHINE) looks.roomForHeals(1);
    const concerned =
      kind === 'machine.maintenance' ||
      known.incidents.has(subject.id) ||
      silence.isExcused(subject.id) ||
      mendable.has(subject.id) ||
      ended;
    if (concerned) concern(subject.id);
  }

  /** What is known is what the store says: at a start, and whenever it is not known what became of a write. */
  async function load(): Promise<void> {
    const { incidents, outages, over, failed } = await readUnresolved(store, monotonic);
    const present = new Set(outages.map(({ id }) => id));
    for (const id of known.outages.keys()) if (!present.has(id)) known.outages.delete(id);
    for (const outage of outages) if (!known.outages.has(outage.id)) known.outages.set(outage.id, outage);
    for (const outage of over) await endOutage(around, outage, 0);
    const machineIds = [...known.incidents.keys(), ...incidents.map((row) => row.machine_id), ...failed];
    for (const machineId of new Set(machineIds)) await reconsider(machineId);
  }

  return {
    start: async () => {
      const after = await store.events.newestSequence();
      await load();
      for (const { id, state } of known.incidents.values()) if (state === 'open') looks.now(id);
      ends.push(heartbeats.onHeard(heard));
      following = followHistory(store, after, life.signal, take, (error) =>
        logger.error({ err: error }, 'recovery cannot follow the history; it is tried again'),
      );
      ends.push(every(settings.tickMs, tick));
    },
    stop: async () => {
      life.abort();
      for (const end of ends.splice(0)) end();
      looks.stop();
      await following?.ended;
      await background.quiet();
    },
    look: (incidentId) => looks.now(incidentId),
    rulesChanged,
    maintenanceChanged: reconsider,
    heard,
    quiet: async () => {
      // What runs writes history, and following it makes more work: quiet is when neither adds anything.
      for (let sequence = -1; sequence !== (await store.events.newestSequence()); ) {
        sequence = await store.events.newestSequence();
        await background.quiet();
        await following?.caughtUp();
        await background.quiet();
      }
    },
  };
}
