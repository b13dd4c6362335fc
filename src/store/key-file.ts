import { constants } from 'node:fs';
import { link, mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AthanorError } from '../errors/index.ts';
import type { Random } from './identifiers.ts';
import { asStorageFault } from './storage-fault.ts';

export const KEY_BYTES = 32;
const OTHERS = 0o077;

/** Reads the key file, making it (mode 0600, never over an existing one) when there is none. */
export async function readOrMakeKeyFile(file: string, random: Random): Promise<Buffer> {
  try {
    return (await readKeyFile(file)) ?? (await makeKeyFile(file, random));
  } catch (error) {
    const fault = asStorageFault(`the key file ${file}`, error);
    if (fault instanceof AthanorError) throw fault;
    throw refused(
      file,
      `cannot be read or made: ${String(error)}`,
      'Give the user that runs Athanor access to it.',
      error,
    );
  }
}

async function readKeyFile(file: string): Promise<Buffer | undefined> {
  // O_NONBLOCK: a FIFO in its place must not hang the start.
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (handle === undefined) return undefined;
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw refused(file, 'is not a regular file', 'Name a file.');
    if ((stat.mode & OTHERS) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
      throw refused(file, `has mode ${mode}: others than its owner may use it`, `Run: chmod 600 ${file}`);
    }
    if (stat.size !== KEY_BYTES) {
      throw refused(
        file,
        `holds ${stat.size} bytes, a key has ${KEY_BYTES}`,
        'Restore it from the backup; without it the sealed secrets must be set again.',
      );
    }
    const key = Buffer.alloc(KEY_BYTES);
    await handle.read(key, 0, KEY_BYTES, 0);
    return key;
  } finally {
    await handle.close();
  }
}

/**
 * Writes a new key beside the file, makes it durable, and only then gives it its name by `link`, which fails when the
 * name is taken: two programs that start at once agree on one key, and a crash leaves no half-written one.
 */
async function makeKeyFile(file: string, random: Random): Promise<Buffer> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${Buffer.from(random(6)).toString('hex')}.new`;
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(random(KEY_BYTES));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await link(draft, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(draft, { force: true });
  }
  const directory = await open(dirname(file));
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
  const key = await readKeyFile(file);
  if (key === undefined) throw refused(file, 'vanished while it was made', 'Start again.');
  return key;
}

function refused(file: string, problem: string, remedy: string, cause?: unknown): AthanorError {
  return new AthanorError('invalid-configuration', `the key file ${file} ${problem}`, {
    field: 'keyFile',
    value: file,
    remedy,
    cause,
  });
}
