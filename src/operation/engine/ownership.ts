/**
 * One process at a time works on the operations of a database. The lock is one the operating system or the database server
 * frees by itself when the process dies, `kill -9` included, so nothing is left for a person to clear.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { AthanorError } from '../../errors/index.ts';
import { lockFile } from '../../store/index.ts';

export interface Ownership {
  /** Resolves when the lock was lost without `release` (the database server went away). Never rejects. */
  readonly lost: Promise<void>;
  release(): Promise<void>;
}

/** How long a starting process waits for the one before it to let go. */
const patienceMs = 10_000;
const retryEveryMs = 100;

async function acquire(attempt: () => Promise<Ownership | undefined>, where: string): Promise<Ownership> {
  for (let waitedMs = 0; ; waitedMs += retryEveryMs) {
    const ownership = await attempt();
    if (ownership !== undefined) return ownership;
    if (waitedMs >= patienceMs) {
      throw new AthanorError('conflict', `Another Athanor process has ${where}.`, {
        remedy: 'Stop the other `athanor serve`, or give this one its own database.',
      });
    }
    await sleep(retryEveryMs);
  }
}

/** SQLite: a lock on `<file>.lock` that the kernel drops with the process. */
export function ownSqlite(engineFile: string): Promise<Ownership> {
  const what = `the workflow engine ${engineFile}`;
  return acquire(async () => {
    try {
      const lock = lockFile(`${engineFile}.lock`, what);
      return { lost: new Promise<void>(() => {}), release: async () => lock.release() };
    } catch (error) {
      if (error instanceof AthanorError && error.code === 'conflict') return undefined;
      throw error;
    }
  }, what);
}

/** PostgreSQL: a session advisory lock on a connection of its own; the server drops it with the connection. */
export function ownPostgres(url: string, schema: string): Promise<Ownership> {
  return acquire(async () => {
    const client = new pg.Client({ connectionString: url, application_name: 'athanor-engine-owner', keepAlive: true });
    let released = false;
    const lost = new Promise<void>((resolve) => {
      const gone = () => {
        if (!released) resolve();
      };
      client.on('error', gone);
      client.on('end', gone);
    });
    await client.connect();
    const answer = await client.query<{ owned: boolean }>(
      `SELECT pg_try_advisory_lock(hashtextextended('athanor.operation.' || $1, 0)) AS owned`,
      [schema],
    );
    const release = async () => {
      released = true;
      await client.end();
    };
    if (answer.rows[0]?.owned !== true) {
      await release();
      return undefined;
    }
    return { lost, release };
  }, `the workflow engine in schema ${schema}`);
}
