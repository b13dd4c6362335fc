import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeDirectory } from './make-directory.ts';

it('makes what is missing, for the owner alone, and takes what is there', async () => {
  const root = await mkdtemp(join(tmpdir(), 'athanor-directory-'));
  try {
    const directory = join(root, 'a', 'b', 'c');
    await makeDirectory(directory);
    await makeDirectory(directory);
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
  } finally {
    await rm(root, { recursive: true });
  }
});

it('gives up where a file system has no place for it', async () => {
  await expect(makeDirectory('/proc/no-such-place/athanor')).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(makeDirectory('/dev/null/athanor')).rejects.toMatchObject({ code: 'ENOTDIR' });
});
