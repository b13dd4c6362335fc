import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore, toJson } from './index.ts';
import type { Store, StoreOptions } from './index.ts';

let directory = '';
let options: StoreOptions;
let store: Store;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'athanor-sqlite-'));
  const database = { kind: 'sqlite', file: join(directory, 'data', 'athanor.db') } as const;
  options = { database, keyFile: join(directory, 'key'), clock: Date, random: randomBytes };
  store = await openStore(options);
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

async function pragma(name: string): Promise<unknown> {
  const { rows } = await sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(store.db);
  return Object.values(rows[0] ?? {})[0];
}

test('a commit is on the disk before it returns, and foreign keys hold', async () => {
  expect(await pragma('journal_mode')).toBe('wal');
  expect(await pragma('synchronous')).toBe(2);
  expect(await pragma('foreign_keys')).toBe(1);
  expect(await pragma('busy_timeout')).toBeGreaterThan(0);
});

test.each([
  "select max(resolved_at) from incidents where machine_id = 'm' and outcome = 'healed'",
  "select id from incidents where machine_id = 'm' and state <> 'resolved'",
  "select id from observations where incident_id = 'i' order by time",
  "select id from observations where frame_id = 'f' limit 1",
  "delete from frames where id = 'f'",
])('asks an index, however long the history of failures is: %s', async (question) => {
  const plan = await sql<{ detail: string }>`explain query plan ${sql.raw(question)}`.execute(store.db);
  expect(plan.rows.map(({ detail }) => detail).join('\n')).toMatch(/^(SEARCH .* USING .*\n?)+$/);
});

test('the database and all beside it is readable by its owner alone', async () => {
  await store.db.insertInto('settings').values({ key: 'a', value: '1' }).execute();
  const names = await readdir(join(directory, 'data'));
  expect(names).toContain('athanor.db-wal');
  for (const name of names) expect((await stat(join(directory, 'data', name))).mode & 0o077).toBe(0);
});

test('a sealed secret is nowhere in the database’s files, plain or encoded', async () => {
  const canary = `canary-${randomBytes(12).toString('hex')}`;
  const token = store.secrets.newToken();
  const id = store.newId();
  const place = { table: 'credentials', id, field: 'password' };
  const credential = {
    id,
    name: 'rack',
    protocol: 'ipmi',
    username: 'visible-name',
    password_sealed: store.secrets.seal(place, canary),
    fingerprint: store.secrets.fingerprint('rack', 'admin', canary),
    updated_at: 1,
  };
  await store.db.insertInto('credentials').values(credential).execute();
  const files = await readdir(join(directory, 'data'));
  const contents = await Promise.all(files.map((name) => readFile(join(directory, 'data', name))));
  const all = Buffer.concat(contents);
  expect(all.includes('visible-name')).toBe(true);
  for (const secret of [canary, token, (await readFile(options.keyFile)).toString('latin1')]) {
    for (const encoding of ['utf8', 'base64', 'base64url', 'hex'] as const) {
      // Base64 of a part depends on its offset by three; drop the ends that neighbours would change.
      for (let offset = 0; offset < 3; offset += 1) {
        const text = Buffer.from(secret).subarray(offset).toString(encoding).slice(0, 24);
        expect(all.includes(text), encoding).toBe(false);
      }
    }
  }
  const row = await store.db.selectFrom('credentials').selectAll().executeTakeFirstOrThrow();
  expect(store.secrets.open(place, row.password_sealed)).toBe(canary);
});

test('a full disk is a clear error, half of nothing, and over once there is room', async () => {
  const pages = Number(await pragma('page_count'));
  await pragma(`max_page_count = ${pages + 2}`);
  const filling = store.transaction(async (trx) => {
    await trx.insertInto('settings').values({ key: 'small', value: '1' }).execute();
    await trx
      .insertInto('settings')
      .values({ key: 'big', value: toJson('x'.repeat(100_000)) })
      .execute();
  });
  await expect(filling).rejects.toMatchObject({ code: 'database-failed', message: 'the database: the disk is full' });
  await pragma(`max_page_count = ${pages + 1000}`);
  await store.db.insertInto('settings').values({ key: 'after', value: '1' }).execute();
  const rows = await store.db.selectFrom('settings').select('key').execute();
  expect(rows).toEqual([{ key: 'after' }]);
});

test('a file that is no database is refused, named and left alone', async () => {
  const file = join(directory, 'notes.txt');
  await writeFile(file, 'not a database, but long enough to have a header '.repeat(20));
  const before = await readFile(file);
  const refused = openStore({ ...options, database: { kind: 'sqlite', file } });
  await expect(refused).rejects.toMatchObject({ code: 'database-failed', value: file });
  expect(await readFile(file)).toEqual(before);
});

test('closing twice, or querying a closed store, neither hangs nor crashes', async () => {
  await store.close();
  await store.close();
  await expect(store.db.selectFrom('settings').selectAll().execute()).rejects.toThrow('destroyed');
});
