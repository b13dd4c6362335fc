import { AsyncLocalStorage } from 'node:async_hooks';
import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import { AthanorError } from '../errors/index.ts';
import type { Database } from './schema.ts';

export type Dialect = 'sqlite' | 'postgres';

export type RunTransaction = <T>(work: (trx: Transaction<Database>) => Promise<T>) => Promise<T>;

/** What the code inside a transaction carries along: whether its one connection was taken, and what to do at commit. */
interface TransactionScope {
  phase: 'starting' | 'running' | 'ended';
  afterCommit: (() => void)[];
}

/**
 * Knows, by async context, which code runs inside a transaction. Kysely's trap: using `db` instead of `trx` in there
 * waits forever for the one SQLite connection, and silently works outside the transaction on PostgreSQL. Here both
 * databases answer with an error at once.
 */
export class TransactionGuard {
  readonly #scopes = new AsyncLocalStorage<TransactionScope>();

  /** Called before a connection is handed out. */
  beforeAcquire(): void {
    const scope = this.#scopes.getStore();
    if (scope?.phase === 'running') {
      throw new AthanorError('internal', 'a query inside store.transaction used `store.db` instead of `trx`');
    }
    if (scope?.phase === 'starting') scope.phase = 'running';
  }

  /** Called before BEGIN: only `store.transaction` may begin one, or the guard would not see it. */
  beforeBegin(): void {
    if (this.#scopes.getStore()?.phase !== 'running') {
      throw new AthanorError('internal', 'use store.transaction(…), not db.transaction()');
    }
  }

  /** Runs `callback` once the present transaction has committed; dropped when it rolls back. */
  afterCommit(callback: () => void): void {
    const scope = this.#scopes.getStore();
    if (scope?.phase !== 'running') throw new AthanorError('internal', 'no transaction is running here');
    scope.afterCommit.push(callback);
  }

  /** Runs `begin` (which must take exactly one connection) as the transaction of its async context. */
  async run<T>(begin: () => Promise<T>): Promise<T> {
    if (this.#scopes.getStore()?.phase === 'running') {
      throw new AthanorError(
        'internal',
        'store.transaction was called inside store.transaction; pass `trx` on instead',
      );
    }
    const scope: TransactionScope = { phase: 'starting', afterCommit: [] };
    const result = await this.#scopes.run(scope, async () => {
      try {
        return await begin();
      } finally {
        scope.phase = 'ended';
      }
    });
    for (const callback of scope.afterCommit) callback();
    return result;
  }
}

/** Any fixed number: PostgreSQL's advisory locks are per database, and this program uses this one only. */
const WRITER_LOCK = 0x6174686e;

/**
 * Makes `store.transaction`. Transactions run one after another on both databases: on SQLite because there is one
 * connection, on PostgreSQL by an advisory lock held until commit. What was tested on one holds on the other, no
 * transaction meets a deadlock or a write skew, and events commit in the order of their numbers.
 */
export function transactionRunner(db: Kysely<Database>, dialect: Dialect, guard: TransactionGuard): RunTransaction {
  return (work) =>
    guard.run(() =>
      db.transaction().execute(async (trx) => {
        if (dialect === 'postgres') await sql`select pg_advisory_xact_lock(${sql.lit(WRITER_LOCK)})`.execute(trx);
        return await work(trx);
      }),
    );
}
