/** Errors that say the disk, not the program, is at fault: full, read-only, damaged. */
import { AthanorError } from '../errors/index.ts';

/** SQLite's result codes (https://www.sqlite.org/rescode.html). */
const sqliteFaults = new Map([
  [5, 'another program holds it locked'],
  [8, 'it is read-only'],
  [10, 'input/output error'],
  [11, 'it is damaged'],
  [13, 'the disk is full'],
  [26, 'it is not an SQLite database'],
]);

/** errno(3) of file operations. */
const fileFaults = new Map([
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', 'the disk quota is used up'],
  ['EROFS', 'it is read-only'],
  ['EIO', 'input/output error'],
]);

/** `database-failed` for such an error; any other as it is. `what` names what was read or written. */
export function asStorageFault(what: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof AthanorError) return error;
  const fault =
    ('errcode' in error && typeof error.errcode === 'number' ? sqliteFaults.get(error.errcode & 0xff) : undefined) ??
    ('code' in error && typeof error.code === 'string' ? fileFaults.get(error.code) : undefined);
  return fault === undefined ? error : new AthanorError('database-failed', `${what}: ${fault}`, { cause: error });
}
