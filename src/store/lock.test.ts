import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStore } from './index.ts';
import type { StoreOptions } from './index.ts';
import { lockFile } from './lock.ts';
import { startStoreProcess } from './testing/store-process.ts';

let directory = '';
let options: StoreOptions;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'athanor-lock-'));
  options = {
    database: { kind: 'sqlite', file: join(directory, 'athanor.db') },
    keyFile: join(directory, 'key'),
    clock: Date,
    random: (size) => Buffer.alloc(size, 1),
  };
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test('a second process is told who has the database, and gets it after kill -9', async () => {
  const holder = await startStoreProcess(options, 'hold');
  try {
    await expect(openStore(options)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(new RegExp(`athanor.db is in use by process ${holder.pid}$`)),
      value: join(directory, 'athanor.db.lock'),
    });
  } finally {
    await holder.kill();
  }
  await (await openStore(options)).close();
});

test('a second store in one process is refused until the first is closed, however often it is tried', async () => {
  const first = await openStore(options);
  await expect(openStore(options)).rejects.toMatchObject({ code: 'conflict' });
  await expect(openStore(options)).rejects.toMatchObject({ code: 'conflict' });
  // A failed try must not have freed the first one's lock, seen from outside.
  await expect(startStoreProcess(options, 'hold')).rejects.toThrow(/ended before it was ready[^]*is in use by/);
  await first.close();
  await (await openStore(options)).close();
});

test('a store that could not open leaves no lock behind', async () => {
  const broken = { number: 1, name: 'broken', statements: () => ['nonsense'] };
  await expect(openStore({ ...options, migrations: [broken] })).rejects.toThrow();
  await (await openStore(options)).close();
});

test('a lock is released once, and its file is its owner’s alone', async () => {
  const file = join(directory, 'made', 'serve.lock');
  const lock = lockFile(file, 'the data directory');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(() => lockFile(file, 'the data directory')).toThrow('the data directory is in use by');
  lock.release();
  const next = lockFile(file, 'the data directory');
  lock.release();
  expect(() => lockFile(file, 'the data directory')).toThrow('in use');
  next.release();
});

test('a directory that cannot be made is an error that names it', async () => {
  await writeFile(join(directory, 'file'), '');
  const file = join(directory, 'file', 'serve.lock');
  expect(() => lockFile(file, 'it')).toThrow(`cannot lock ${file}`);
});
