/** What was promised is there after kill -9: the ACK leaves only after the promise. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLeaseStore } from './index.ts';
import { killWhilePutting } from './testing/lease-process.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'athanor-leases-'));
});
afterEach(async () => await rm(directory, { recursive: true, force: true }));

it.each([1, 50, 333])('keeps every promised lease when it is killed after %i of them', async (promises) => {
  const file = join(directory, 'leases.db');
  const promised = await killWhilePutting(file, promises);
  expect(promised.length).toBeGreaterThanOrEqual(promises);
  const store = openLeaseStore(file, () => Date.now());
  for (const line of promised) {
    const [mac = '', address = ''] = line.split(' ');
    expect(store.addressOf(mac), line).toBe(address);
    const system = address.endsWith('.1');
    expect(store.systemLeaseSince([mac], 0)?.address, line).toBe(system ? address : undefined);
  }
  store.close();
});
