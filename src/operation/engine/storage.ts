/**
 * The workflow engine's storage: a SQLite file of its own, or a schema of its own on the PostgreSQL server. Opened only by the
 * process that owns it (ownership.ts), which is why leases found there belong to the dead and are freed at once: the engine
 * itself would wait until they expire, up to 30 s.
 */
import { DatabaseSync } from 'node:sqlite';
import { BackendPostgres } from 'openworkflow/postgres';
import { BackendSqlite } from 'openworkflow/sqlite';
import type { Backend } from 'openworkflow/internal';
import pg from 'pg';
import { AthanorError } from '../../errors/index.ts';
import { type Ownership, ownPostgres, ownSqlite } from './ownership.ts';

export type EngineOptions =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'postgres'; readonly url: string; readonly schema?: string | undefined };

export interface EngineStorage {
  readonly backend: Backend;
  readonly ownership: Ownership;
}

// Runs that ended carry nothing that our tables do not hold, and their idempotency keys would stand in the way of a new run.
const forgetEnded = (table: string) =>
  `DELETE FROM ${table} WHERE status IN ('succeeded', 'completed', 'failed', 'canceled')`;
const freeLive = (table: string, now: string) =>
  `UPDATE ${table} SET available_at = ${now}, worker_id = NULL WHERE status IN ('pending', 'running', 'sleeping')`;

export async function openStorage(options: EngineOptions): Promise<EngineStorage> {
  if (options.kind === 'postgres') refuseSocketUrl(options.url);
  const ownership = await own(options);
  try {
    return { backend: await openBackend(options), ownership };
  } catch (error) {
    await ownership.release();
    throw error;
  }
}

function own(options: EngineOptions): Promise<Ownership> {
  return options.kind === 'sqlite' ? ownSqlite(options.file) : ownPostgres(options.url, schemaOf(options));
}

function schemaOf(options: { schema?: string | undefined }): string {
  return options.schema ?? 'athanor_engine';
}

async function openBackend(options: EngineOptions): Promise<Backend> {
  if (options.kind === 'sqlite') {
    // Connecting makes the tables; nothing else is connected to this file.
    const backend = BackendSqlite.connect(options.file);
    const database = new DatabaseSync(options.file);
    try {
      database.exec(forgetEnded('workflow_runs'));
      database.prepare(freeLive('workflow_runs', '?')).run(new Date().toISOString());
    } finally {
      database.close();
    }
    return backend;
  }
  const schema = schemaOf(options);
  // Connecting checks the schema's name and makes the tables.
  const backend = await BackendPostgres.connect(options.url, { schema });
  const client = new pg.Client({ connectionString: options.url });
  await client.connect();
  try {
    await client.query(forgetEnded(`"${schema}".workflow_runs`));
    await client.query(freeLive(`"${schema}".workflow_runs`, 'now()'));
  } finally {
    await client.end();
  }
  return backend;
}

/** The engine's PostgreSQL client takes no directory of a Unix socket in a URL; it would silently go to localhost instead. */
function refuseSocketUrl(url: string): void {
  const { hostname, searchParams } = new URL(url);
  if (hostname !== '' && !hostname.startsWith('%2F') && !hostname.startsWith('%2f') && !searchParams.has('host'))
    return;
  throw new AthanorError('invalid-configuration', 'the workflow engine reaches PostgreSQL by TCP only', {
    field: 'database.url',
    remedy: 'Name a host in the URL: postgres://user:password@127.0.0.1:5432/athanor',
  });
}
