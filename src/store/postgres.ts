import pg from 'pg';
import { PostgresDialect } from 'kysely';
import type { Dialect } from 'kysely';
import { AthanorError } from '../errors/index.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** Longest wait for the writer lock or a row, and longest pause between two statements of one transaction. */
const LOCK_TIMEOUT_MS = 30_000;
const MAX_CONNECTIONS = 10;

/** PostgreSQL's type `int8`: bigint columns and count(*). pg would give text. */
const INT8_OID = 20;

function parseInt8(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new AthanorError('internal', 'the database holds an integer beyond 2^53', { value: text });
  }
  return value;
}

/** The settings of every connection to this database, the pool's and the listener's alike. */
export function connectionSettings(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'athanor',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: LOCK_TIMEOUT_MS,
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === INT8_OID && format !== 'binary' ? parseInt8 : pg.types.getTypeParser(oid, format),
    },
  };
}

/** Kysely's dialect over a pool. `onLost` hears of idle connections that broke; the pool replaces them by itself. */
export function postgresDialect(url: string, onLost: (error: Error) => void): Dialect {
  const pool = new pg.Pool({ ...connectionSettings(url), max: MAX_CONNECTIONS });
  pool.on('error', onLost);
  return new PostgresDialect({ pool });
}
