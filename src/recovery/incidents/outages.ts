/** The beginning and the end of an outage: many machines that fell silent together. */
import type { Transaction } from 'kysely';
import type { Database, Row, Store } from '../../store/index.ts';

type Trx = Transaction<Database>;

export interface Outages {
  open(trx: Trx, seen: { machines: number; watched: number }): Promise<Row<'outages'>>;
  /** Ends one; false when it had ended already. */
  resolve(trx: Trx, outageId: string, stillSilent: number): Promise<boolean>;
}

export function createOutages(store: Store, now: () => number): Outages {
  return {
    open: async (trx, { machines, watched }) => {
      const outage = { id: store.newId(), opened_at: now(), machines, watched, resolved_at: null };
      await trx.insertInto('outages').values(outage).execute();
      await store.events.appendEvent(trx, {
        kind: 'outage.opened',
        subject: { kind: 'outage', id: outage.id },
        data: { machines, watched },
      });
      return outage;
    },
    resolve: async (trx, outageId, stillSilent) => {
      const ended = await trx
        .updateTable('outages')
        .set({ resolved_at: now() })
        .where('id', '=', outageId)
        .where('resolved_at', 'is', null)
        .returning('machines')
        .executeTakeFirst();
      if (ended === undefined) return false;
      await store.events.appendEvent(trx, {
        kind: 'outage.resolved',
        subject: { kind: 'outage', id: outageId },
        data: { machines: ended.machines, stillSilent },
      });
      return true;
    },
  };
}

/** Why an incident is held, in words. */
export function outageInWords({ machines, watched }: { machines: number; watched: number }): string {
  return `${machines} of ${watched} machines fell silent together: one cause, which no playbook mends`;
}
