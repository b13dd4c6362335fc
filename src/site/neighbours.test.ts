import { expect, it } from 'vitest';
import { macBehind } from './index.ts';

const lease = { network: 'n', mac: '52:54:00:00:00:01', address: '192.0.2.7', expiresAt: 100, state: 'bound' as const };

it('an address is its lease holder’s while the lease lasts', () => {
  const leases = { all: () => [lease] };
  expect(macBehind(leases, '192.0.2.7', 50)).toBe(lease.mac);
  expect(macBehind(leases, '192.0.2.7', 100)).toBeUndefined();
  expect(macBehind(leases, '192.0.2.8', 50)).toBeUndefined();
  expect(macBehind({ all: () => [{ ...lease, state: 'released' as const }] }, '192.0.2.7', 50)).toBeUndefined();
});
