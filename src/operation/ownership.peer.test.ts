/** The ownership of the engine on a real PostgreSQL server: an advisory lock that goes with its connection. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Store, openStore } from '../store/index.ts';
import { type PostgresServer, startPostgres } from '../store/testing/postgres.ts';
import { type Operations, createOperations } from './index.ts';
import { definition, nothing, waiting } from './testing/operations-fixture.ts';
import { type TcpUrl, overTcp } from './testing/postgres-over-tcp.ts';

const logger = { info() {}, warn() {}, error() {} };
const patience = () => AbortSignal.timeout(30_000);
let server: PostgresServer;
let tcp: TcpUrl;
let directory: string;
let store: Store;

beforeEach(async () => {
  server = await startPostgres();
  tcp = await overTcp(await server.createDatabase());
  directory = await mkdtemp(join(tmpdir(), 'athanor-ownership-'));
  const database = { kind: 'postgres', url: tcp.url } as const;
  store = await openStore({ database, keyFile: join(directory, 'key'), clock: Date, random: randomBytes });
});
afterEach(async () => {
  await store.close();
  await tcp.close();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
});

function open(): Operations {
  const definitions = [definition([waiting('wait', { recover: async () => ({ found: true }) }), nothing('after')])];
  const engine = { kind: 'postgres', url: tcp.url } as const;
  return createOperations({ store, engine, definitions, clock: Date, logger, graceMs: 100 });
}

async function until(kind: string): Promise<string[]> {
  const kinds: string[] = [];
  for await (const event of store.events.subscribe(0, patience())) {
    kinds.push(event.kind);
    if (event.kind === kind) return kinds;
  }
  throw new Error(`no ${kind} came after ${kinds.join(', ')}`);
}

test('when the connection that owns the engine is lost, work pauses, ownership is taken again and work goes on', async () => {
  const operations = open();
  const client = new pg.Client({ connectionString: tcp.url });
  await client.connect();
  try {
    await operations.startWorker();
    const id = await operations.start('test-work', null, {});
    await until('operation.step.started');
    const ended = await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'athanor-engine-owner'`,
    );
    expect(ended.rowCount).toBe(1);
    expect(await until('operation.succeeded')).toContain('operation.resumed');
    expect((await operations.get(id)).state).toBe('succeeded');
  } finally {
    await client.end();
    await operations.stop();
  }
});

test('a second worker waits until the first lets go', async () => {
  const [first, second] = [open(), open()];
  await first.startWorker();
  await first.start('test-work', null, {});
  await until('operation.step.started');
  const starting = second.startWorker();
  await first.stop();
  await starting;
  expect(await until('operation.succeeded')).toContain('operation.resumed');
  await second.stop();
});

test('an address that the engine cannot reach is refused with what to write instead', async () => {
  const { db } = store;
  expect(await db.selectFrom('operations').select('id').execute()).toEqual([]);
  const engine = { kind: 'postgres', url: 'postgres://postgres@localhost/athanor?host=%2Frun%2Fpostgresql' } as const;
  const operations = createOperations({ store, engine, definitions: [], clock: Date, logger });
  await expect(operations.startWorker()).rejects.toMatchObject({ code: 'invalid-configuration' });
});
