import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { dialects, storeFixture } from './testing/store-fixture.ts';
import { startStoreProcess } from './testing/store-process.ts';
import { isUniqueViolation } from './index.ts';
import type { NewRow, Store } from './index.ts';

function machine(store: Store): NewRow<'machines'> {
  return {
    id: store.newId(),
    name: null,
    state: 'discovered',
    state_since: 1,
    maintenance: 0,
    power: 'unknown',
    failure: null,
    revision: 1,
    created_at: 1,
    updated_at: 1,
  };
}

async function queueOperation(store: Store, machineId: string): Promise<string> {
  const id = store.newId();
  await store.db
    .insertInto('operations')
    .values({ id, kind: 'deploy', machine_id: machineId, state: 'queued', input: '{}', deadline_at: 9, created_at: 1 })
    .execute();
  return id;
}

async function settings(store: Store): Promise<string[]> {
  const rows = await store.db.selectFrom('settings').select('key').orderBy('key').execute();
  return rows.map((row) => row.key);
}

describe.each(dialects)('the store on %s', (dialect) => {
  const fixture = storeFixture(dialect);

  test('reads back what was written, times as numbers', async () => {
    const store = await fixture.open();
    const row = {
      ...machine(store),
      off_on_purpose: 0 as const,
      switched_at: null,
      created_at: Number.MAX_SAFE_INTEGER,
    };
    await store.db.insertInto('machines').values(row).execute();
    expect(await store.db.selectFrom('machines').selectAll().executeTakeFirstOrThrow()).toEqual(row);
    const { count } = await store.db
      .selectFrom('machines')
      .select(({ fn }) => fn.countAll().as('count'))
      .executeTakeFirstOrThrow();
    expect(count).toBe(1);
  });

  test('keeps everything over a restart and migrates only once', async () => {
    const options = await fixture.freshOptions();
    const first = await fixture.open(options);
    await first.db.insertInto('settings').values({ key: 'kept', value: '1' }).execute();
    const sealed = first.secrets.seal({ table: 'a', id: 'b', field: 'c' }, 'hunter2');
    await first.close();
    const second = await fixture.open(options);
    expect(await settings(second)).toEqual(['kept']);
    expect(second.secrets.open({ table: 'a', id: 'b', field: 'c' }, sealed)).toBe('hunter2');
  });

  test('rolls everything back when a transaction throws, its event too', async () => {
    const store = await fixture.open();
    const failing = store.transaction(async (trx) => {
      await trx.insertInto('settings').values({ key: 'gone', value: '1' }).execute();
      await store.events.appendEvent(trx, { kind: 'never', subject: { kind: 'test', id: '1' } });
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    expect(await settings(store)).toEqual([]);
    expect(await store.events.listEvents({ after: 0, limit: 10 })).toEqual([]);
  });

  test('rolls back after a statement failed and can be used again', async () => {
    const store = await fixture.open();
    await store.db.insertInto('settings').values({ key: 'taken', value: '1' }).execute();
    const failing = store.transaction(async (trx) => {
      await trx.insertInto('settings').values({ key: 'gone', value: '1' }).execute();
      await trx.insertInto('settings').values({ key: 'taken', value: '2' }).execute();
    });
    const error: unknown = await failing.catch((thrown: unknown) => thrown);
    expect(isUniqueViolation(error)).toBe(true);
    await store.transaction((trx) => trx.insertInto('settings').values({ key: 'next', value: '1' }).execute());
    expect(await settings(store)).toEqual(['next', 'taken']);
  });

  test('concurrent transactions that read and then write lose no update', async () => {
    const store = await fixture.open();
    await store.db.insertInto('settings').values({ key: 'counter', value: '0' }).execute();
    const increment = (): Promise<void> =>
      store.transaction(async (trx) => {
        const row = await trx.selectFrom('settings').selectAll().where('key', '=', 'counter').executeTakeFirstOrThrow();
        await new Promise(setImmediate);
        await trx
          .updateTable('settings')
          .set({ value: String(Number(row.value) + 1) })
          .where('key', '=', 'counter')
          .execute();
      });
    await Promise.all(Array.from({ length: 25 }, increment));
    const row = await store.db.selectFrom('settings').selectAll().executeTakeFirstOrThrow();
    expect(row.value).toBe('25');
  });

  test('says so at once when a transaction uses db instead of trx, nests, or is begun past the store', async () => {
    const store = await fixture.open();
    await store.transaction(async () => {
      await expect(store.db.selectFrom('settings').selectAll().execute()).rejects.toThrow('instead of `trx`');
      await expect(store.transaction(async () => 1)).rejects.toThrow('inside store.transaction');
    });
    await expect(store.db.transaction().execute(async () => 1)).rejects.toThrow('use store.transaction');
    expect(await settings(store)).toEqual([]);
  });

  test('work started inside a transaction may use db after its end', async () => {
    const store = await fixture.open();
    const over = Promise.withResolvers<void>();
    let later: Promise<string[]> | undefined;
    await store.transaction(async () => {
      later = over.promise.then(() => settings(store));
    });
    over.resolve();
    expect(await later).toEqual([]);
  });

  test.each([
    ['a Date', new Date(0)],
    ['an object', { a: 1 }],
    ['a boolean', true],
    ['NaN', Number.NaN],
    ['an integer beyond 2^53', 2 ** 53],
    ['a bigint beyond 2^53', 2n ** 53n],
    ['U+0000', 'a\u0000b'],
  ])('refuses %s as a parameter', async (_name, value) => {
    const store = await fixture.open();
    await expect(sql`select ${value}`.execute(store.db)).rejects.toMatchObject({ code: 'internal' });
  });

  test('says so when an integer read is beyond 2^53', async () => {
    const store = await fixture.open();
    const read = sql`select ${sql.raw(dialect === 'sqlite' ? '9007199254740993' : '9007199254740993::bigint')} as value`;
    await expect(read.execute(store.db)).rejects.toThrow('beyond 2^53');
  });

  test('refuses a second operation on a machine until the first has ended', async () => {
    const store = await fixture.open();
    const row = machine(store);
    await store.db.insertInto('machines').values(row).execute();
    const first = await queueOperation(store, row.id);
    const error: unknown = await queueOperation(store, row.id).catch((thrown: unknown) => thrown);
    expect(isUniqueViolation(error)).toBe(true);
    const ended = { state: 'failed', ended_at: 5 } as const;
    await store.db.updateTable('operations').set(ended).where('id', '=', first).execute();
    await queueOperation(store, row.id);
  });

  test('refuses a row that points to no machine', async () => {
    const store = await fixture.open();
    const claim = {
      kind: 'mac',
      value: '52:54:00:00:00:01',
      source: 'dhcp',
      first_seen_at: 1,
      last_seen_at: 1,
    } as const;
    const orphan = { id: store.newId(), machine_id: 'nobody', ...claim };
    await expect(store.db.insertInto('machine_claims').values(orphan).execute()).rejects.toThrow(/foreign key/i);
  });

  test('two machines may claim the same UUID', async () => {
    const store = await fixture.open();
    for (const row of [machine(store), machine(store)]) {
      await store.db.insertInto('machines').values(row).execute();
      const claim = { kind: 'uuid', value: '0', source: 'smbios', first_seen_at: 1, last_seen_at: 1 } as const;
      await store.db
        .insertInto('machine_claims')
        .values({ id: store.newId(), machine_id: row.id, ...claim })
        .execute();
    }
    expect(await store.db.selectFrom('machine_claims').selectAll().execute()).toHaveLength(2);
  });

  test('a committed row survives kill -9, a half-done transaction leaves nothing', async () => {
    const options = await fixture.freshOptions();
    const half = await startStoreProcess(options, 'half');
    await half.kill();
    const commit = await startStoreProcess(options, 'commit');
    await commit.kill();
    const store = await fixture.open(options);
    expect(await settings(store)).toEqual(['task']);
    const events = await store.events.listEvents({ after: 0, limit: 10 });
    expect(events.map((event) => event.subject.id)).toEqual(['commit']);
  });

  test('a database of a newer program is refused and left alone', async () => {
    const options = await fixture.freshOptions();
    const newer = await fixture.open(options);
    await newer.db.insertInto('migrations').values({ number: 99, name: 'from-the-future', applied_at: 1 }).execute();
    await newer.close();
    const refused = expect(fixture.open(options)).rejects;
    await refused.toMatchObject({ code: 'database-newer', value: '99-from-the-future' });
  });

  test('a database of the first migration is brought up to date with its rows', async () => {
    const options = await fixture.freshOptions();
    const { migrations } = await import('./migrations/index.ts');
    const older = await fixture.open({ ...options, migrations: migrations.slice(0, 1) });
    const row = machine(older);
    await older.db.insertInto('machines').values(row).execute();
    await older.close();
    const store = await fixture.open(options);
    expect(await store.db.selectFrom('machines').selectAll().execute()).toEqual([
      { ...row, off_on_purpose: 0, switched_at: null },
    ]);
    expect(await store.db.selectFrom('migrations').selectAll().execute()).toHaveLength(migrations.length);
    const png = Uint8Array.of(0, 255, 7);
    await store.db.insertInto('frames').values({ id: 'f', width: 1, height: 1, png, created_at: 1 }).execute();
    const frame = await store.db.selectFrom('frames').select('png').executeTakeFirstOrThrow();
    expect(Buffer.from(frame.png)).toEqual(Buffer.from(png));
  });

  test('a migration that fails half-way leaves the database as it was', async () => {
    const options = await fixture.freshOptions();
    await (await fixture.open(options)).close();
    const first = (await import('./migrations/index.ts')).migrations;
    const broken = {
      number: first.length + 1,
      name: 'broken',
      statements: () => ['create table half_done (x integer)', 'create nonsense'],
    };
    await expect(fixture.open({ ...options, migrations: [...first, broken] })).rejects.toThrow();
    const store = await fixture.open(options);
    await expect(sql`select * from half_done`.execute(store.db)).rejects.toThrow();
    expect(await store.db.selectFrom('migrations').selectAll().execute()).toHaveLength(first.length);
  });
});
