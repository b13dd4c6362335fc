import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue } from 'node:sqlite';
import { CompiledQuery, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely';
import type { DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely';
import { AthanorError } from '../errors/index.ts';
import { Queue } from './queue.ts';
import { asStorageFault } from './storage-fault.ts';

/** How long a query waits for the transaction before it; transactions are short, so this is a bug's deadline. */
const QUEUE_DEADLINE_MS = 30_000;
/** Another program with the file open (a backup, a person's sqlite3) may hold it this long; waiting blocks the process. */
const BUSY_TIMEOUT_MS = 2_000;

/** Kysely's dialect for node:sqlite: one connection, its users one after another. */
export function sqliteDialect(file: string): Dialect {
  return {
    createDriver: () => new SqliteDriver(file),
    createAdapter: () => new SqliteAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

/** Opens the file, readable by its owner alone, so that a power cut loses nothing that was committed. */
function openDatabase(file: string): DatabaseSync {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    closeSync(openSync(file, 'a', 0o600));
    const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
    database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on');
    return database;
  } catch (error) {
    throw new AthanorError('database-failed', `cannot open the database ${file}: ${String(error)}`, {
      field: 'database.file',
      value: file,
      cause: error,
    });
  }
}

class SqliteDriver implements Driver {
  readonly #file: string;
  readonly #queue = new Queue('the database', QUEUE_DEADLINE_MS);
  #database: DatabaseSync | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  async init(): Promise<void> {
    this.#database = openDatabase(this.#file);
  }

  async acquireConnection(): Promise<SqliteConnection> {
    await this.#queue.enter();
    if (this.#database === undefined) {
      this.#queue.leave();
      throw new AthanorError('internal', 'the store is closed');
    }
    return new SqliteConnection(this.#database);
  }

  async releaseConnection(): Promise<void> {
    this.#queue.leave();
  }

  /** IMMEDIATE takes the write lock now, so that no transaction fails half-way because another program wrote. */
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  /** After some errors (a full disk) SQLite has rolled back already; saying it again would hide the cause. */
  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database?.isTransaction === true) await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async destroy(): Promise<void> {
    await this.#queue.enter();
    this.#database?.close();
    this.#database = undefined;
    this.#queue.leave();
  }
}

class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    // checkParameters (guarded-dialect.ts) has refused everything else; the type says unknown.
    const parameters = query.parameters as SQLInputValue[];
    try {
      const statement = this.#database.prepare(query.sql);
      if (statement.columns().length > 0) return { rows: statement.all(...parameters) as R[] };
      const { changes, lastInsertRowid } = statement.run(...parameters);
      return { rows: [], numAffectedRows: BigInt(changes), insertId: BigInt(lastInsertRowid) };
    } catch (error) {
      throw explained(error);
    }
  }

  // Nobody streams: pages by key hold the connection for less time.
  // oxlint-disable-next-line require-yield
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new AthanorError('internal', 'the SQLite driver does not stream; read by pages');
  }
}

function explained(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if ('code' in error && error.code === 'ERR_OUT_OF_RANGE') {
    return new AthanorError('internal', `the database holds an integer beyond 2^53: ${error.message}`, {
      cause: error,
    });
  }
  return asStorageFault('the database', error);
}
