import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { sdrFiles } from './sdr-files.ts';
import { openStateFile, type StateFile } from './state-file.ts';

const login = { username: 'admin', password: 'correct-horse' };
let directory: string;
let told: string[];
const open = (): Promise<StateFile> => openStateFile(directory, (text) => told.push(text));

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'athanor-state-')), 'inner');
  told = [];
  return () => rm(join(directory, '..'), { recursive: true });
});

async function refuse(bmc: string, password = login.password): Promise<void> {
  const state = await open();
  await state.refused.remember(bmc, state.fingerprint({ ...login, password }));
  await state.flush();
}

it('nothing is written before there is something to remember', async () => {
  const state = await open();
  expect(await state.refused.isRefused('a', state.fingerprint(login))).toBe(false);
  await state.flush();
  await expect(stat(directory)).rejects.toThrow('ENOENT');
});

it('a refused login is known in the next run, for this BMC and this password only, until it is forgotten', async () => {
  await refuse('a');
  const state = await open();
  expect(await state.refused.isRefused('a', state.fingerprint(login))).toBe(true);
  expect(await state.refused.isRefused('b', state.fingerprint(login))).toBe(false);
  expect(await state.refused.isRefused('a', state.fingerprint({ ...login, password: 'other' }))).toBe(false);
  expect(await state.refused.isRefused('a', state.fingerprint({ ...login, kg: 'key' }))).toBe(false);
  state.forget('a');
  expect(await state.refused.isRefused('a', state.fingerprint(login))).toBe(false);
  await state.flush();
  const next = await open();
  expect(await next.refused.isRefused('a', next.fingerprint(login))).toBe(false);
  expect(told).toEqual([]);
});

it('two runs at once lose nothing of each other, even where both make the file', async () => {
  const runs = await Promise.all([open(), open(), open()]);
  runs.forEach((state, at) => void state.refused.remember(`bmc-${at}`, state.fingerprint(login)));
  await Promise.all(runs.map((state) => state.flush()));
  const state = await open();
  for (const at of [0, 1, 2]) expect(await state.refused.isRefused(`bmc-${at}`, state.fingerprint(login))).toBe(true);
  expect(await readdir(directory)).toEqual(['state.json']);
});

it('it is for its owner only, bounded, and gives no password away', async () => {
  for (let at = 0; at < 12; at += 1) await refuse('a', `password-${at}`);
  const file = join(directory, 'state.json');
  expect([(await stat(file)).mode & 0o777, (await stat(directory)).mode & 0o777]).toEqual([0o600, 0o700]);
  const text = await readFile(file, 'utf8');
  expect(text).not.toContain('password');
  expect(JSON.parse(text).refused.a).toHaveLength(8);
});

it('a damaged file is moved aside with a word, and does not stop anything', async () => {
  await refuse('a');
  await writeFile(join(directory, 'state.json'), '{"version":1,');
  const state = await open();
  expect(await state.refused.isRefused('a', state.fingerprint(login))).toBe(false);
  expect(told).toEqual([expect.stringMatching(/was damaged and is now .*state\.json\.broken-\d+/)]);
  await refuse('a');
  expect((await readdir(directory)).toSorted()).toEqual(['state.json', expect.stringContaining('state.json.broken-')]);
});

it('sensor records are kept for each BMC; a file that is not whole counts for nothing', async () => {
  const cache = sdrFiles(join(directory, 'sdr'));
  const cached = { stamp: 's', readAt: 1, records: ['00ff'] };
  expect(await cache.get('a')).toBeUndefined();
  await cache.put('a', cached);
  expect([await cache.get('a'), await cache.get('b')]).toEqual([cached, undefined]);
  const [name = ''] = await readdir(join(directory, 'sdr'));
  expect((await stat(join(directory, 'sdr', name))).mode & 0o777).toBe(0o600);
  await writeFile(join(directory, 'sdr', name), '{');
  expect(await cache.get('a')).toBeUndefined();
});
