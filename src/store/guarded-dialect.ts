import type {
  CompiledQuery,
  DatabaseConnection,
  Dialect as KyselyDialect,
  DialectAdapter,
  Driver,
  QueryResult,
  TransactionSettings,
} from 'kysely';
import { checkParameters } from './parameters.ts';
import type { TransactionGuard } from './transaction.ts';

/** A dialect that asks the guard before it hands out a connection or begins a transaction, and checks parameters. */
export function guardedDialect(dialect: KyselyDialect, guard: TransactionGuard): KyselyDialect {
  return {
    createDriver: () => new GuardedDriver(dialect.createDriver(), guard),
    createAdapter: () => manyConnections(dialect.createAdapter()),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createIntrospector: (db) => dialect.createIntrospector(db),
  };
}

/**
 * Kysely holds a mutex of its own, before the driver is asked, around an adapter with a single connection; the guard
 * would never be reached. Our SQLite driver queues by itself.
 */
function manyConnections(adapter: DialectAdapter): DialectAdapter {
  return Object.defineProperty(adapter, 'supportsMultipleConnections', { value: true });
}

class GuardedConnection implements DatabaseConnection {
  readonly inner: DatabaseConnection;

  constructor(inner: DatabaseConnection) {
    this.inner = inner;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    checkParameters(query.parameters);
    return await this.inner.executeQuery<R>(query);
  }

  streamQuery<R>(query: CompiledQuery, chunkSize?: number): AsyncIterableIterator<QueryResult<R>> {
    checkParameters(query.parameters);
    return this.inner.streamQuery<R>(query, chunkSize ?? 100);
  }
}

class GuardedDriver implements Driver {
  readonly #inner: Driver;
  readonly #guard: TransactionGuard;

  constructor(inner: Driver, guard: TransactionGuard) {
    this.#inner = inner;
    this.#guard = guard;
  }

  async init(): Promise<void> {
    await this.#inner.init();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    this.#guard.beforeAcquire();
    return new GuardedConnection(await this.#inner.acquireConnection());
  }

  async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    this.#guard.beforeBegin();
    await this.#inner.beginTransaction(unwrap(connection), settings);
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#inner.commitTransaction(unwrap(connection));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#inner.rollbackTransaction(unwrap(connection));
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    await this.#inner.releaseConnection(unwrap(connection));
  }

  async destroy(): Promise<void> {
    await this.#inner.destroy();
  }
}

function unwrap(connection: DatabaseConnection): DatabaseConnection {
  return connection instanceof GuardedConnection ? connection.inner : connection;
}
