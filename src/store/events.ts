import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { parseJson, toJson } from './json.ts';
import type { JsonValue } from './json.ts';
import type { Clock } from './identifiers.ts';
import type { Database, Row, Time } from './schema.ts';
import { subscribeToEvents } from './event-subscription.ts';
import type { Bell } from './event-subscription.ts';
import type { Dialect, RunTransaction, TransactionGuard } from './transaction.ts';

/** What an event is about, e.g. `{ kind: 'machine', id }`. */
export interface Subject {
  kind: string;
  id: string;
}

export interface NewEvent {
  /** Noun and past participle, e.g. `machine.discovered`. */
  kind: string;
  subject: Subject;
  operationId?: string | null;
  /** Never a secret: events are kept for ever and shown to everybody who may read. */
  data?: Record<string, JsonValue | undefined>;
}

export interface Event {
  /** Rises in the order of commits; numbers may be missing where a transaction rolled back. */
  sequence: number;
  time: Time;
  kind: string;
  subject: Subject;
  operationId: string | null;
  data: JsonValue;
}

export interface EventQuery {
  /** Only events with a higher sequence number; 0 for all. */
  after: number;
  limit: number;
  subject?: Subject;
  /** Only what these operations told. */
  operationIds?: readonly string[];
  kinds?: readonly string[];
  /** The newest that fit, instead of the oldest; in order all the same. */
  newest?: boolean;
}

/** The append-only history. */
export interface EventLog {
  /**
   * Adds an event, in the given transaction (so that it is there exactly if the change it tells of is) or, given
   * `store.db`, in one of its own.
   */
  appendEvent(executor: Kysely<Database>, event: NewEvent): Promise<Event>;
  /** A page of history in order, at most `MAX_EVENT_PAGE` long. */
  listEvents(query: EventQuery): Promise<Event[]>;
  /** The sequence number of the newest event, 0 when there is none: where a reader of only new events begins. */
  newestSequence(): Promise<number>;
  /**
   * All events after `afterSequence`, then each new one as it is committed, without gap or double, until `signal`
   * aborts or the store closes (both end the iteration). A slow reader holds one page of memory.
   */
  subscribe(afterSequence: number, signal: AbortSignal): AsyncIterable<Event>;
}

export const MAX_EVENT_PAGE = 1000;
/** The channel on which PostgreSQL tells other processes of new events. */
export const EVENT_CHANNEL = 'athanor_events';

export interface EventLogParts {
  db: Kysely<Database>;
  dialect: Dialect;
  guard: TransactionGuard;
  transaction: RunTransaction;
  clock: Clock;
  bell: Bell;
}

export function eventLog({ db, dialect, guard, transaction, clock, bell }: EventLogParts): EventLog {
  async function append(trx: Kysely<Database>, event: NewEvent): Promise<Event> {
    const row = await trx
      .insertInto('events')
      .values({
        time: clock.now(),
        kind: event.kind,
        subject_kind: event.subject.kind,
        subject_id: event.subject.id,
        operation_id: event.operationId ?? null,
        data: toJson(event.data ?? {}),
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    // PostgreSQL sends it at commit, and once however often it was asked for in one transaction.
    if (dialect === 'postgres') await sql`select pg_notify(${EVENT_CHANNEL}, '')`.execute(trx);
    guard.afterCommit(() => bell.ring());
    return fromRow(row);
  }

  async function listEvents(wanted: EventQuery): Promise<Event[]> {
    const { after, limit, subject, operationIds, kinds, newest = false } = wanted;
    let query = db.selectFrom('events').selectAll().where('sequence', '>', after);
    if (subject !== undefined) {
      query = query.where('subject_kind', '=', subject.kind).where('subject_id', '=', subject.id);
    }
    if (operationIds !== undefined) query = query.where('operation_id', 'in', operationIds);
    if (kinds !== undefined) query = query.where('kind', 'in', kinds);
    const rows = await query
      .orderBy('sequence', newest ? 'desc' : 'asc')
      .limit(Math.min(limit, MAX_EVENT_PAGE))
      .execute();
    return (newest ? rows.toReversed() : rows).map(fromRow);
  }

  return {
    appendEvent: (executor, event) =>
      executor.isTransaction ? append(executor, event) : transaction((trx) => append(trx, event)),
    listEvents,
    newestSequence: async () => {
      const { newest } = await db
        .selectFrom('events')
        .select(({ fn }) => fn.max('sequence').as('newest'))
        .executeTakeFirstOrThrow();
      // An aggregate over no rows is NULL, which Kysely's type of max does not say.
      return (newest as number | null) ?? 0;
    },
    subscribe: (afterSequence, signal) => subscribeToEvents(listEvents, bell, afterSequence, signal),
  };
}

function fromRow(row: Row<'events'>): Event {
  return {
    sequence: row.sequence,
    time: row.time,
    kind: row.kind,
    subject: { kind: row.subject_kind, id: row.subject_id },
    operationId: row.operation_id,
    data: parseJson(row.data, 'events.data'),
  };
}
