import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readOrMakeKeyFile } from './key-file.ts';

let directory = '';
let file = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'athanor-key-'));
  file = join(directory, 'made', 'key');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('makes a key that only its owner can read, and reads the same one again', async () => {
  const key = await readOrMakeKeyFile(file, randomBytes);
  expect(key).toHaveLength(32);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(file)).toEqual(key);
  expect(await readOrMakeKeyFile(file, randomBytes)).toEqual(key);
});

test('programs that start at once agree on one key and leave no draft', async () => {
  const keys = await Promise.all(Array.from({ length: 20 }, () => readOrMakeKeyFile(file, randomBytes)));
  expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
  expect(await readdir(join(directory, 'made'))).toEqual(['key']);
});

test('a key that another program makes meanwhile is taken, not replaced', async () => {
  const theirs = Buffer.alloc(32, 1);
  const random = (size: number): Buffer => {
    mkdirSync(join(directory, 'made'), { recursive: true });
    writeFileSync(file, theirs, { mode: 0o600 });
    return randomBytes(size);
  };
  expect(await readOrMakeKeyFile(file, random)).toEqual(theirs);
  expect(await readFile(file)).toEqual(theirs);
});

test.each([0o640, 0o604, 0o620, 0o601])('refuses mode %i (decimal), naming file and remedy', async (mode) => {
  await readOrMakeKeyFile(file, randomBytes);
  await chmod(file, mode);
  await expect(readOrMakeKeyFile(file, randomBytes)).rejects.toMatchObject({
    code: 'invalid-configuration',
    field: 'keyFile',
    value: file,
    message: expect.stringContaining(`mode 0${mode.toString(8)}`),
    remedy: `Run: chmod 600 ${file}`,
  });
});

test.each([0, 31, 33])('refuses a key of %i bytes and leaves it alone', async (size) => {
  await mkdir(join(directory, 'made'));
  await writeFile(file, Buffer.alloc(size), { mode: 0o600 });
  await expect(readOrMakeKeyFile(file, randomBytes)).rejects.toThrow(`holds ${size} bytes`);
  expect(await readFile(file)).toHaveLength(size);
});

test('refuses a directory in its place', async () => {
  await mkdir(file, { recursive: true });
  await expect(readOrMakeKeyFile(file, randomBytes)).rejects.toMatchObject({ code: 'invalid-configuration' });
});
