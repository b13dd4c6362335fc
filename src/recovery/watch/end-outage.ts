/** Is an outage over, and what becomes of the machines that are still silent. */
import type { WatchedMachine } from '../heartbeats/tracker.ts';
import { createOutages } from '../incidents/outages.ts';
import { createIncidents } from '../incidents/transition.ts';
import { isLate, type Known, type KnownOutage } from './known.ts';
import type { Surroundings } from './ports.ts';

/** It is over when at most this share of its machines is still silent. */
const shareStillSilent = 0.25;

/**
 * How many of its machines are still silent, when that are few enough to end it; else undefined. Those that are not
 * listened for any more do not count. Who is late counts as silent: most machines of an outage are late when it is seen.
 */
export function endedWith(outage: KnownOutage, known: Known, watched: readonly WatchedMachine[]): number | undefined {
  const present = watched.filter(({ machineId }) => outage.members.has(machineId));
  const silent = present.filter(
    (machine) => isLate(machine) || known.incidents.get(machine.machineId)?.heard === false,
  ).length;
  // After a restart the machines that were only late are not known; their number is.
  const gone = outage.members.size - present.length;
  const all = Math.max(present.length, outage.machines - gone);
  return silent <= all * shareStillSilent ? silent : undefined;
}

/** Ends it. Returns the ids of the incidents that were held by it and are open now. */
export async function endOutage(around: Surroundings, outageId: string, stillSilent: number): Promise<string[]> {
  const { store, now } = around;
  const incidents = createIncidents(store, now);
  return await store.transaction(async (trx) => {
    await createOutages(store, now).resolve(trx, outageId, stillSilent);
    const held = await trx
      .selectFrom('incidents')
      .select('id')
      .where('outage_id', '=', outageId)
      .where('state', '=', 'held')
      .orderBy('id')
      .execute();
    for (const { id } of held)
      await incidents.change(trx, {
        incidentId: id,
        to: 'open',
        reason: 'the outage is over, and the machine is still silent',
      });
    return held.map(({ id }) => id);
  });
}
