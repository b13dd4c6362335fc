import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { openStore } from '../index.ts';
import type { Dialect, Store, StoreOptions } from '../index.ts';
import { startPostgres } from './postgres.ts';
import type { PostgresServer } from './postgres.ts';

/** For `describe.each`: every test of behaviour runs on both. */
export const dialects: readonly Dialect[] = ['sqlite', 'postgres'];

export interface StoreFixture {
  /** Options that lead to an empty database and a key file not made yet, with real time and randomness. */
  freshOptions(): Promise<StoreOptions>;
  /** Opens a store that is closed after the test. */
  open(options?: StoreOptions): Promise<Store>;
}

/** Call inside `describe`: stores on that database, closed and removed after each test. */
export function storeFixture(dialect: Dialect): StoreFixture {
  let server: PostgresServer | undefined;
  let stores: Store[] = [];
  let directories: string[] = [];

  beforeAll(async () => {
    if (dialect === 'postgres') server = await startPostgres();
  });
  afterEach(async () => {
    for (const store of stores) await store.close();
    for (const directory of directories) await rm(directory, { recursive: true, force: true });
    stores = [];
    directories = [];
  });
  afterAll(async () => {
    await server?.stop();
  });

  async function freshOptions(): Promise<StoreOptions> {
    const directory = await mkdtemp(join(tmpdir(), 'athanor-store-'));
    directories.push(directory);
    const database: StoreOptions['database'] =
      server === undefined
        ? { kind: 'sqlite', file: join(directory, 'athanor.db') }
        : { kind: 'postgres', url: await server.createDatabase() };
    return { database, keyFile: join(directory, 'key'), clock: Date, random: randomBytes };
  }

  return {
    freshOptions,
    async open(options) {
      const store = await openStore(options ?? (await freshOptions()));
      stores.push(store);
      return store;
    },
  };
}
