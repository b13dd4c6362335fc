import { expect, test } from 'vitest';
import type { Lease, LeaseStore } from './dhcp/index.ts';
import { indexLeases } from './lease-index.ts';

const lease = (mac: string, address: string, more: Partial<Lease> = {}): Lease => ({
  network: 'rack',
  mac,
  address,
  expiresAt: 2_000,
  state: 'bound',
  ...more,
});

function stored(leases: Lease[]): LeaseStore {
  return { load: () => Promise.resolve(leases), put: () => Promise.resolve(), remove: () => Promise.resolve() };
}

test('an address belongs to the MAC of its lease on its network, until the lease is over', async () => {
  let now = 1_000;
  const index = indexLeases(stored([lease('b', '10.0.0.3', { expiresAt: 1_500 })]), { now: () => now });
  await index.load('rack');
  await index.put(lease('a', '10.0.0.2'));
  expect(index.macOf('rack', '10.0.0.2')).toBe('a');
  expect(index.macOf('rack', '10.0.0.3')).toBe('b');
  expect(index.macOf('other', '10.0.0.2')).toBeUndefined();
  now = 1_500;
  expect(index.macOf('rack', '10.0.0.3')).toBeUndefined();
});

test('a machine that moves, releases or is removed leaves its address', async () => {
  const index = indexLeases(stored([]), { now: () => 0 });
  await index.put(lease('a', '10.0.0.2'));
  await index.put(lease('a', '10.0.0.4'));
  expect(index.macOf('rack', '10.0.0.2')).toBeUndefined();
  await index.put(lease('b', '10.0.0.2'));
  expect(index.macOf('rack', '10.0.0.2')).toBe('b');
  await index.put(lease('b', '10.0.0.2', { state: 'released' }));
  expect(index.macOf('rack', '10.0.0.2')).toBeUndefined();
  await index.remove('rack', 'a');
  expect(index.macOf('rack', '10.0.0.4')).toBeUndefined();
});

test('a lease that could not be stored does not count, and the former one still does', async () => {
  let works = true;
  const put = () => (works ? Promise.resolve() : Promise.reject(new Error('disk full')));
  const index = indexLeases({ ...stored([]), put }, { now: () => 0 });
  await index.put(lease('a', '10.0.0.2'));
  works = false;
  await expect(index.put(lease('a', '10.0.0.9'))).rejects.toThrow('disk full');
  expect(index.macOf('rack', '10.0.0.9')).toBeUndefined();
  expect(index.macOf('rack', '10.0.0.2')).toBe('a');
});

test('of two stored leases of one address the newer counts', async () => {
  const both = [lease('new', '10.0.0.2', { expiresAt: 3_000 }), lease('old', '10.0.0.2')];
  const index = indexLeases(stored(both), { now: () => 0 });
  await index.load('rack');
  expect(index.macOf('rack', '10.0.0.2')).toBe('new');
});
