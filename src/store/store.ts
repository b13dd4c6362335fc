import { Kysely } from 'kysely';
import { AthanorError } from '../errors/index.ts';
import { Bell } from './event-subscription.ts';
import { EVENT_CHANNEL, eventLog } from './events.ts';
import type { EventLog } from './events.ts';
import { guardedDialect } from './guarded-dialect.ts';
import { uuidSource } from './identifiers.ts';
import type { Clock, Random } from './identifiers.ts';
import { readOrMakeKeyFile } from './key-file.ts';
import { lockFile } from './lock.ts';
import type { FileLock } from './lock.ts';
import { migrate } from './migrate.ts';
import type { Migration } from './migrate.ts';
import { migrations as ownMigrations } from './migrations/index.ts';
import { postgresDialect } from './postgres.ts';
import { listenToChannel } from './postgres-listener.ts';
import type { Database } from './schema.ts';
import { secretsUnder } from './secrets.ts';
import type { Secrets } from './secrets.ts';
import { sqliteDialect } from './sqlite.ts';
import { TransactionGuard, transactionRunner } from './transaction.ts';
import type { Dialect, RunTransaction } from './transaction.ts';

/** The one setting that chooses the database. */
export type DatabaseChoice = { kind: 'sqlite'; file: string } | { kind: 'postgres'; url: string };

/** The part of a pino logger that the store needs. */
export interface StoreLogger {
  warn(context: object, message: string): void;
}

export interface StoreOptions {
  database: DatabaseChoice;
  keyFile: string;
  clock: Clock;
  random: Random;
  logger?: StoreLogger;
  /** Only tests bring other migrations than the program's. */
  migrations?: readonly Migration[];
}

export interface Store {
  /** For queries outside a transaction. Inside one, use its `trx`: `db` there is an error. */
  readonly db: Kysely<Database>;
  readonly dialect: Dialect;
  /** Runs `work` in a transaction, one after another; commits what it returned, rolls back what it threw. Keep it short. */
  readonly transaction: RunTransaction;
  readonly events: EventLog;
  readonly secrets: Secrets;
  /** A new UUIDv7. */
  newId(): string;
  /** Ends subscriptions, waits for the running transaction, closes the database and frees its lock. */
  close(): Promise<void>;
}

/** Opens the database, brought to the newest migration. A SQLite database is locked: one process has it. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { database, clock, random } = options;
  const key = await readOrMakeKeyFile(options.keyFile, random);
  const lock: FileLock | undefined =
    database.kind === 'sqlite' ? lockFile(`${database.file}.lock`, `the database ${database.file}`) : undefined;
  const warn = (error: Error): void =>
    options.logger?.warn({ error: error.message }, 'a connection to the database was lost');
  const guard = new TransactionGuard();
  const dialect = database.kind === 'sqlite' ? sqliteDialect(database.file) : postgresDialect(database.url, warn);
  const db = new Kysely<Database>({ dialect: guardedDialect(dialect, guard) });
  const transaction = transactionRunner(db, database.kind, guard);
  try {
    await migrate(transaction, database.kind, options.migrations ?? ownMigrations, () => clock.now());
  } catch (error) {
    await db.destroy();
    lock?.release();
    throw openingError(error);
  }

  const bell = new Bell();
  const listening =
    database.kind === 'postgres'
      ? listenToChannel(database.url, EVENT_CHANNEL, bell.closed, () => bell.ring(), warn)
      : undefined;
  return {
    db,
    dialect: database.kind,
    transaction,
    events: eventLog({ db, dialect: database.kind, guard, transaction, clock, bell }),
    secrets: secretsUnder(key, random),
    newId: uuidSource(clock, random),
    async close() {
      bell.close();
      await listening;
      await db.destroy();
      lock?.release();
    },
  };
}

/** A database server that cannot be reached is the configuration's or the server's fault, not a bug. */
function openingError(error: unknown): unknown {
  if (error instanceof AthanorError || !(error instanceof Error) || !('code' in error)) return error;
  const message = error.message === '' ? String(error.code) : error.message;
  return new AthanorError('database-failed', `cannot open the database: ${message}`, {
    field: 'database',
    remedy: 'Check the address, the user and that the database server runs.',
    cause: error,
  });
}
