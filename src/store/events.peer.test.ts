import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Event, Store } from './index.ts';
import { dialects, storeFixture } from './testing/store-fixture.ts';

const subject = { kind: 'test', id: '1' };

async function append(store: Store, count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    await store.events.appendEvent(store.db, { kind: 'test.counted', subject, data: { number } });
  }
}

/** Reads events until there are `count`; the test's time limit is the deadline. */
async function take(store: Store, after: number, count: number): Promise<Event[]> {
  const stop = new AbortController();
  const events: Event[] = [];
  for await (const event of store.events.subscribe(after, stop.signal)) {
    events.push(event);
    if (events.length === count) stop.abort();
  }
  return events;
}

describe.each(dialects)('the event log on %s', (dialect) => {
  const fixture = storeFixture(dialect);

  test('gives an event back as it was appended', async () => {
    const clock = { now: () => 1234 };
    const store = await fixture.open({ ...(await fixture.freshOptions()), clock });
    const event = {
      kind: 'machine.discovered',
      subject: { kind: 'machine', id: 'm' },
      operationId: 'o',
      data: { a: [1] },
    };
    const appended = await store.events.appendEvent(store.db, event);
    expect(appended).toEqual({ ...event, sequence: 1, time: 1234 });
    expect(await store.events.listEvents({ after: 0, limit: 10 })).toEqual([appended]);
    expect(await store.events.newestSequence()).toBe(1);
  });

  test('lists pages, and what concerns one subject', async () => {
    const store = await fixture.open();
    expect(await store.events.newestSequence()).toBe(0);
    await append(store, 3);
    await store.events.appendEvent(store.db, { kind: 'other', subject: { kind: 'test', id: '2' } });
    const sequences = async (query: Parameters<Store['events']['listEvents']>[0]): Promise<number[]> =>
      (await store.events.listEvents(query)).map((event) => event.sequence);
    expect(await sequences({ after: 1, limit: 2 })).toEqual([2, 3]);
    expect(await sequences({ after: 0, limit: 10, subject: { kind: 'test', id: '2' } })).toEqual([4]);
    expect(await sequences({ after: 0, limit: 2, newest: true })).toEqual([3, 4]);
    expect(await sequences({ after: 3, limit: 2, newest: true })).toEqual([4]);
    expect(await sequences({ after: 0, limit: 10, kinds: ['other', 'unheard-of'] })).toEqual([4]);
    await store.events.appendEvent(store.db, { kind: 'other', subject: { kind: 'test', id: '2' }, operationId: 'o' });
    expect(await sequences({ after: 0, limit: 10, operationIds: ['o', 'p'] })).toEqual([5]);
  });

  test.each([
    ['update', sql`update events set kind = 'forged'`],
    ['delete', sql`delete from events`],
  ])('the database refuses to %s an event', async (_name, statement) => {
    const store = await fixture.open();
    await append(store, 1);
    await expect(statement.execute(store.db)).rejects.toThrow('append-only');
    expect((await store.events.listEvents({ after: 0, limit: 10 })).map((event) => event.kind)).toEqual([
      'test.counted',
    ]);
  });

  test('the database refuses to replace an event or empty the table', async () => {
    const store = await fixture.open();
    await append(store, 1);
    const statement =
      dialect === 'sqlite'
        ? sql`insert or replace into events values (1, 1, 'forged', 'a', 'b', null, '{}')`
        : sql`truncate events`;
    await expect(statement.execute(store.db)).rejects.toThrow('append-only');
    expect((await store.events.listEvents({ after: 0, limit: 10 })).map((event) => event.kind)).toEqual([
      'test.counted',
    ]);
  });

  test('a subscription yields history longer than a page, then what comes', async () => {
    const store = await fixture.open();
    await store.transaction(async (trx) => {
      for (let number = 0; number < 250; number += 1) {
        await store.events.appendEvent(trx, { kind: 'test.counted', subject, data: { number } });
      }
    });
    const reading = take(store, 10, 245);
    await append(store, 5);
    expect((await reading).map((event) => event.sequence)).toEqual(
      Array.from({ length: 245 }, (_, index) => index + 11),
    );
  });

  test('subscribers see every commit in order, whatever the writers do at once', async () => {
    const options = await fixture.freshOptions();
    const store = await fixture.open(options);
    // On PostgreSQL a second program writes too.
    const other = dialect === 'postgres' ? await fixture.open(options) : store;
    const writers = 60;
    const committed = (number: number): boolean => number % 5 !== 0;
    const count = Array.from({ length: writers }, (_, number) => number).filter(committed).length * 2;

    const readers = [take(store, 0, count), take(other, 0, count)];
    const writing = Array.from({ length: writers }, async (_, number) => {
      const writer = number % 2 === 0 ? store : other;
      const event = { kind: 'test.written', subject: { kind: 'test', id: String(number) } };
      await writer
        .transaction(async (trx) => {
          await writer.events.appendEvent(trx, event);
          // Let the others run between append and commit: an order by number alone would show here as a gap.
          for (let turn = 0; turn < (number * 7) % 11; turn += 1) await new Promise(setImmediate);
          await writer.events.appendEvent(trx, event);
          if (!committed(number)) throw new Error('rolled back');
        })
        .catch((error: unknown) => {
          if (committed(number)) throw error;
        });
      if (number === 20) readers.push(take(store, 0, count));
    });
    await Promise.all(writing);

    const stored = await store.events.listEvents({ after: 0, limit: 1000 });
    expect(stored).toHaveLength(count);
    expect(readers).toHaveLength(3);
    for (const reader of readers) expect(await reader).toEqual(stored);
  });

  test('a slow reader does not hold up the others and misses nothing', async () => {
    const store = await fixture.open();
    const slow = store.events.subscribe(0, new AbortController().signal)[Symbol.asyncIterator]();
    await append(store, 1);
    expect((await slow.next()).value).toMatchObject({ sequence: 1 });
    const fast = take(store, 1, 150);
    await append(store, 150);
    expect(await fast).toHaveLength(150);
    for (let sequence = 2; sequence <= 151; sequence += 1) {
      expect((await slow.next()).value).toMatchObject({ sequence });
    }
    await slow.return?.();
  });

  test('a waiting subscription ends when it is aborted and when the store closes', async () => {
    const store = await fixture.open();
    const abort = new AbortController();
    const first = store.events.subscribe(0, abort.signal)[Symbol.asyncIterator]().next();
    const second = store.events.subscribe(0, new AbortController().signal)[Symbol.asyncIterator]().next();
    abort.abort();
    expect(await first).toEqual({ done: true, value: undefined });
    await store.close();
    expect(await second).toEqual({ done: true, value: undefined });
  });

  // Only PostgreSQL has other programs on the same database.
  if (dialect === 'postgres') {
    test('events of another program still come after the connections that listen were dropped', async () => {
      const options = await fixture.freshOptions();
      const lost = Promise.withResolvers<void>();
      const store = await fixture.open({ ...options, logger: { warn: () => lost.resolve() } });
      const other = await fixture.open(options);
      const reading = take(store, 0, 2);
      await append(other, 1);
      const listeners = sql`from pg_stat_activity where datname = current_database() and query like 'listen %'`;
      const listening = async (): Promise<number> => (await sql`select pid ${listeners}`.execute(store.db)).rows.length;
      await expect.poll(listening, { timeout: 10_000 }).toBe(2);
      await sql`select pg_terminate_backend(pid) ${listeners}`.execute(store.db);
      await lost.promise;
      await append(other, 1);
      expect((await reading).map((event) => event.sequence)).toEqual([1, 2]);
    });
  }
});
