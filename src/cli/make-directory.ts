import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a directory for its owner alone, and those above it. Not by `mkdir`'s own `recursive`, which tries for ever where a
 * file system refuses names with ENOENT, as /proc does (Node 24).
 *
 * @throws what `mkdir` throws
 */
export async function makeDirectory(directory: string): Promise<void> {
  if (await made(directory)) return;
  await makeDirectory(dirname(directory));
  await mkdir(directory, { mode: 0o700 }).catch(unlessThere);
}

/** False where the directory above is missing. */
async function made(directory: string): Promise<boolean> {
  try {
    await mkdir(directory, { mode: 0o700 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' && dirname(directory) !== directory) return false;
    unlessThere(error);
    return true;
  }
}

function unlessThere(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
