import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Lease, openLeaseStore, type SiteLeaseStore } from './index.ts';

let directory: string;
let time: number;
let open: SiteLeaseStore[];
const one = '52:54:00:00:00:01';
const two = '52:54:00:00:00:02';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'athanor-leases-'));
  time = 1_800_000_000_000;
  open = [];
});
afterEach(async () => {
  for (const store of open) store.close();
  await rm(directory, { recursive: true, force: true });
});

const file = (): string => join(directory, 'leases.db');

function openStore(): SiteLeaseStore {
  const store = openLeaseStore(file(), () => time);
  open.push(store);
  return store;
}

function reopen(store: SiteLeaseStore): SiteLeaseStore {
  store.close();
  open = open.filter((other) => other !== store);
  return openStore();
}

const lease = (changes: Partial<Lease> = {}): Lease => ({
  network: 'lab',
  mac: one,
  address: '10.0.0.11',
  expiresAt: time + 3_600_000,
  state: 'bound',
  ...changes,
});

describe('the lease file', () => {
  it('has the lease on disk when the promise resolves, for another reader too', async () => {
    const store = openStore();
    const put = store.put(lease());
    // Nothing answers from memory what is not on disk yet.
    expect(store.addressOf(one)).toBeUndefined();
    await put;
    expect(store.addressOf(one)).toBe('10.0.0.11');
    const reader = new DatabaseSync(file(), { readOnly: true });
    expect(reader.prepare('SELECT mac, address, state FROM leases').all()).toMatchObject([
      { mac: one, address: '10.0.0.11', state: 'bound' },
    ]);
    reader.close();
  });

  it('commits together what arrives together', async () => {
    const store = openStore();
    const order: number[] = [];
    const puts = Array.from({ length: 100 }, async (_, index) => {
      await store.put(lease({ mac: `52:54:00:00:01:${index.toString(16).padStart(2, '0')}` }));
      order.push(index);
    });
    const later = new Promise<number>((resolve) => setImmediate(() => setImmediate(() => resolve(order.length))));
    // One commit later all of them are there: none waited for another's.
    expect(await later).toBe(100);
    await Promise.all(puts);
    expect(order).toEqual(Array.from({ length: 100 }, (_, index) => index));
    expect(await store.load('lab')).toHaveLength(100);
  });

  it('keeps each lease over a restart, with its network, name and state', async () => {
    const store = openStore();
    await store.put(lease({ hostname: 'web-1' }));
    await store.put(lease({ mac: two, address: '10.0.0.12', state: 'declined' }));
    await store.put(lease({ network: 'other', address: '10.1.0.11' }));
    await store.put(lease({ mac: '52:54:00:00:00:03', address: '10.0.0.13' }));
    await store.remove('lab', '52:54:00:00:00:03');
    const again = reopen(store);
    expect(await again.load('lab')).toEqual([
      lease({ hostname: 'web-1' }),
      lease({ mac: two, address: '10.0.0.12', state: 'declined' }),
    ]);
    expect(await again.load('other')).toEqual([lease({ network: 'other', address: '10.1.0.11' })]);
    expect(again.all()).toHaveLength(3);
  });

  it('tells the address that a MAC holds now: neither one it released nor an older one', async () => {
    const store = openStore();
    await store.put(lease({ expiresAt: time + 1 }));
    await store.put(lease({ network: 'other', address: '10.1.0.11', expiresAt: time + 2 }));
    expect(store.addressOf(one)).toBe('10.1.0.11');
    await store.put(lease({ network: 'other', address: '10.1.0.11', state: 'released' }));
    expect(store.addressOf(one)).toBe('10.0.0.11');
    expect(store.addressOf(two)).toBeUndefined();
  });

  it('rejects what it cannot write, and goes on', async () => {
    const store = openStore();
    await expect(store.put(lease({ expiresAt: 0.5 }))).rejects.toThrow();
    expect(store.addressOf(one)).toBeUndefined();
    await store.put(lease());
    expect(store.addressOf(one)).toBe('10.0.0.11');
  });

  it('writes what is on its way when it closes, and takes nothing after', async () => {
    const store = openStore();
    const put = store.put(lease());
    const again = reopen(store);
    await put;
    expect(again.addressOf(one)).toBe('10.0.0.11');
    await expect(store.put(lease())).rejects.toMatchObject({ code: 'internal' });
  });

  it('says so when it holds what is no lease', async () => {
    await openStore().put(lease());
    const writer = new DatabaseSync(file());
    writer.exec(`UPDATE leases SET state = 'melted'`);
    writer.close();
    expect(() => openLeaseStore(file(), () => time)).toThrow(expect.objectContaining({ code: 'internal' }));
  });
});

describe('the mark of an operating system', () => {
  it('is in the lease that follows its request, and in no other', async () => {
    const store = openStore();
    store.noteRequest(one, false);
    await store.put(lease());
    expect(store.systemLeaseSince([one], 0)).toBeUndefined();
    store.noteRequest(one, true);
    store.noteRequest(two, false);
    time += 10;
    await store.put(lease());
    await store.put(lease({ mac: two, address: '10.0.0.12' }));
    const taken = { mac: one, address: '10.0.0.11', takenAt: time };
    expect(store.systemLeaseSince([two, one], time - 1)).toEqual(taken);
    expect(store.systemLeaseSince([one], time)).toBeUndefined();
    expect(store.systemLeaseSince([two], 0)).toBeUndefined();
  });

  it('is not in memory before it is on disk, and is none of a declined or released lease', async () => {
    const store = openStore();
    store.noteRequest(one, true);
    const put = store.put(lease());
    expect(store.systemLeaseSince([one], 0)).toBeUndefined();
    await put;
    expect(store.systemLeaseSince([one], 0)).toBeDefined();
    store.noteRequest(two, true);
    await store.put(lease({ mac: two, address: '10.0.0.12', state: 'declined' }));
    expect(store.systemLeaseSince([two], 0)).toBeUndefined();
  });

  it('survives a restart and the renewals of others, the newest of several networks counting', async () => {
    const store = openStore();
    store.noteRequest(one, true);
    time += 10;
    await store.put(lease({ network: 'alpha', address: '10.2.0.11' }));
    const newest = { mac: one, address: '10.2.0.11', takenAt: time };
    time -= 5;
    await store.put(lease({ network: 'lab' }));
    time += 100;
    store.noteRequest(one, false);
    await store.put(lease({ network: 'alpha', address: '10.2.0.11' }));
    expect(reopen(store).systemLeaseSince([one], 0)).toEqual(newest);
  });

  it('is forgotten in a flood of invented MACs, and not more than that', async () => {
    const store = openStore();
    store.noteRequest(one, true);
    for (let mac = 0; mac < 16_384; mac += 1) store.noteRequest(`flood ${mac}`, true);
    await store.put(lease());
    expect(store.systemLeaseSince([one], 0)).toBeUndefined();
    store.noteRequest(one, true);
    await store.put(lease());
    expect(store.systemLeaseSince([one], 0)).toBeDefined();
  });
});
