/** What is not resolved, as the store has it: where a start, or a doubt about what was written, goes on from. */
import type { Row, Store } from '../../store/index.ts';
import { outageInWords } from '../incidents/outages.ts';
import type { KnownOutage } from './known.ts';

export interface Unresolved {
  incidents: Row<'incidents'>[];
  outages: KnownOutage[];
  /** Outages that are over, though incidents are still held by them. */
  over: string[];
  /** Machines that are `failed`, by whatever. */
  failed: string[];
}

export async function readUnresolved({ db }: Store, monotonic: () => number): Promise<Unresolved> {
  const incidents = await db.selectFrom('incidents').selectAll().where('state', '!=', 'resolved').execute();
  const outages = await db.selectFrom('outages').selectAll().where('resolved_at', 'is', null).execute();
  const failed = await db.selectFrom('machines').select('id').where('state', '=', 'failed').execute();
  const members = await db
    .selectFrom('incidents')
    .innerJoin('outages', 'outages.id', 'incidents.outage_id')
    .select(['incidents.outage_id', 'incidents.machine_id'])
    .where('outages.resolved_at', 'is', null)
    .execute();
  const open = new Set(outages.map(({ id }) => id));
  const held = incidents.flatMap(({ state, outage_id: id }) => (state === 'held' && id !== null ? [id] : []));
  return {
    incidents,
    outages: outages.map((outage) => ({
      id: outage.id,
      since: monotonic(),
      machines: outage.machines,
      reason: outageInWords(outage),
      members: new Set(members.filter((row) => row.outage_id === outage.id).map((row) => row.machine_id)),
    })),
    over: [...new Set(held)].filter((id) => !open.has(id)),
    failed: failed.map(({ id }) => id),
  };
}
