/** Machines that are missed: whose silence is an incident, whose is not, and whether it is an outage; in one transaction. */
import type { Transaction } from 'kysely';
import type { Database, Row } from '../../store/index.ts';
import { judgeOutage } from '../heartbeats/outage.ts';
import type { WatchedMachine } from '../heartbeats/tracker.ts';
import { createOutages, outageInWords } from '../incidents/outages.ts';
import { isLookedAt, incidentStateOf } from '../incidents/states.ts';
import { createIncidents } from '../incidents/transition.ts';
import { conditionsOf, excuseOf } from './conditions.ts';
import { isLate, type Known, type KnownOutage } from './known.ts';
import type { Surroundings } from './ports.ts';

export interface Begun {
  incidents: { row: Row<'incidents'>; watched: WatchedMachine }[];
  /** Machines whose silence is no incident, with the reason. */
  excused: Map<string, string>;
  /** An outage that was seen now. */
  outage: KnownOutage | undefined;
  /** Which outage took in which machines. */
  joined: { outage: KnownOutage; machineId: string }[];
  /** Incidents that had begun before it showed that they are of the outage. */
  held: string[];
}

/** One transaction stays short; who is left over is still missed at the next tick. */
const mostAtOnce = 200;

/** @param at monotonic time, taken before `watched` */
export async function beginIncidents(
  around: Surroundings,
  known: Known,
  seen: { watched: readonly WatchedMachine[]; missed: readonly WatchedMachine[]; at: number },
): Promise<Begun> {
  const { store, now, settings } = around;
  const incidents = createIncidents(store, now);
  const outages = createOutages(store, now);
  const asked = seen.watched.filter((machine) => isLate(machine) && !known.incidents.has(machine.machineId));

  /** Those whose silence could be one failure with the others': not excused, and not broken for long already. */
  function comparable(excused: ReadonlySet<string>): WatchedMachine[] {
    return seen.watched.filter((machine) => {
      if (excused.has(machine.machineId)) return false;
      return !known.incidents.has(machine.machineId) || machine.silentForMs < machine.missedAfterMs * 2;
    });
  }

  /** An outage that goes on takes in whoever fell silent about when it began. */
  function outageOfSilence(machine: WatchedMachine): KnownOutage | undefined {
    const silentFrom = seen.at - machine.silentForMs;
    return [...known.outages.values()].find(({ since }) => silentFrom <= since + machine.missedAfterMs);
  }

  async function holdBegun(trx: Transaction<Database>, outage: KnownOutage): Promise<string[]> {
    const held: string[] = [];
    for (const machineId of outage.members) {
      const incident = known.incidents.get(machineId);
      if (incident === undefined) continue;
      const row = await trx.selectFrom('incidents').select('state').where('id', '=', incident.id).executeTakeFirst();
      // What heals has an operation of its own, which looks again before each action.
      if (row === undefined || !isLookedAt(incidentStateOf(row.state))) continue;
      await incidents.change(trx, { incidentId: incident.id, to: 'held', reason: outage.reason, outageId: outage.id });
      held.push(incident.id);
    }
    return held;
  }

  return await store.transaction(async (trx) => {
    const begun: Begun = { incidents: [], excused: new Map(), outage: undefined, joined: [], held: [] };
    const conditions = await conditionsOf(trx, [...new Set([...asked, ...seen.missed].map((each) => each.machineId))]);
    const time = { now: now(), settleMs: settings.settleMs, bootMs: settings.bootMs };
    for (const { machineId, lastHeardAt } of [...asked, ...seen.missed]) {
      const found = conditions.get(machineId);
      const excuse =
        found === undefined ? 'the machine is not in the store' : excuseOf(found, { ...time, lastHeardAt });
      if (excuse !== undefined) begun.excused.set(machineId, excuse);
    }
    const silent = seen.missed.filter(({ machineId }) => !begun.excused.has(machineId)).slice(0, mostAtOnce);
    if (silent.length === 0) return begun;

    const judged = silent.every((machine) => outageOfSilence(machine) !== undefined)
      ? undefined
      : judgeOutage(comparable(new Set(begun.excused.keys())), settings.outage);
    if (judged !== undefined) {
      const seenNow = { machines: judged.machineIds.length, watched: judged.watched };
      const row = await outages.open(trx, seenNow);
      const reason = outageInWords(seenNow);
      begun.outage = {
        id: row.id,
        since: seen.at,
        machines: row.machines,
        reason,
        members: new Set(judged.machineIds),
      };
      begun.held = await holdBegun(trx, begun.outage);
    }
    for (const machine of silent) {
      const { machineId, lastHeardAt } = machine;
      const outage = outageOfSilence(machine) ?? begun.outage;
      const row = await incidents.open(trx, {
        machineId,
        silentSince: lastHeardAt,
        outage: outage === undefined ? undefined : { id: outage.id, reason: outage.reason },
      });
      if (row === undefined) continue;
      begun.incidents.push({ row, watched: machine });
      if (outage !== undefined) begun.joined.push({ outage, machineId });
    }
    return begun;
  });
}
