import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AthanorError } from '../errors/index.ts';

/** An exclusive lock on a file, held until released or until the process ends in whatever way. */
export interface FileLock {
  release(): void;
}

const SQLITE_BUSY = 5;

/**
 * Takes the lock `file`, or says at once who holds it. The lock is an exclusive transaction on an empty SQLite file,
 * which is an advisory lock of the kernel: kill -9 frees it, and nothing stale is left to clean up. (Never open the
 * file another way in this process: closing any descriptor of it would drop the lock, as POSIX wants.)
 */
export function lockFile(file: string, what: string): FileLock {
  let database: DatabaseSync | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    database = new DatabaseSync(file, { timeout: 0 });
    chmodSync(file, 0o600);
    // Nothing is ever written, so no journal either.
    database.exec('pragma journal_mode = off; begin exclusive');
  } catch (error) {
    database?.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) {
      const holder = holderOf(file);
      throw new AthanorError('conflict', `${what} is in use by ${holder ?? 'another process'}`, {
        field: 'lock',
        value: file,
        remedy: 'Stop the other process first, or give this one a directory of its own.',
        cause: error,
      });
    }
    throw new AthanorError('database-failed', `cannot lock ${file}: ${String(error)}`, { value: file, cause: error });
  }
  const held = database;
  return {
    release() {
      if (held.isOpen) held.close();
    },
  };
}

/**
 * The process that holds a lock on the file, from /proc/locks (proc(5)):
 * `1: POSIX  ADVISORY  WRITE <pid> <major>:<minor>:<inode> <start> <end>`. Only an extra for the message.
 */
function holderOf(file: string): string | undefined {
  try {
    const { ino } = statSync(file);
    const line = readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .find((text) => text.includes('POSIX') && text.includes(`:${ino} `));
    const pid = line?.trim().split(/\s+/)[4];
    return pid === undefined || !/^[1-9]\d*$/.test(pid) ? undefined : `process ${pid}`;
  } catch {
    return undefined;
  }
}
