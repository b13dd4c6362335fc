import type { BootClock } from './boot-ports.ts';
import type { Lease, LeaseStore } from './dhcp/index.ts';

/** A lease store that also tells, from memory, who holds an address. */
export interface IndexedLeaseStore extends LeaseStore {
  /** The MAC with an unexpired lease of this address. */
  macOf(network: string, address: string): string | undefined;
}

/**
 * Wraps a lease store. A lease counts once it is stored, which is before its machine hears of it (the ACK follows `put`),
 * until it is over.
 */
export function indexLeases(store: LeaseStore, clock: Pick<BootClock, 'now'>): IndexedLeaseStore {
  const byAddress = new Map<string, Map<string, Lease>>();
  const addresses = (network: string): Map<string, Lease> => {
    const known = byAddress.get(network) ?? new Map<string, Lease>();
    byAddress.set(network, known);
    return known;
  };
  const forget = (network: string, mac: string): void => {
    const known = addresses(network);
    for (const [address, lease] of known) if (lease.mac === mac) known.delete(address);
  };
  const remember = (lease: Lease): void => {
    if (lease.state === 'bound') addresses(lease.network).set(lease.address, lease);
  };
  return {
    load: async (network) => {
      const leases = await store.load(network);
      byAddress.delete(network);
      // Where two leases name one address, the newer one is right.
      for (const lease of leases.toSorted((one, other) => one.expiresAt - other.expiresAt)) remember(lease);
      return leases;
    },
    put: async (lease) => {
      await store.put(lease);
      forget(lease.network, lease.mac);
      remember(lease);
    },
    remove: async (network, mac) => {
      await store.remove(network, mac);
      forget(network, mac);
    },
    macOf: (network, address) => {
      const lease = byAddress.get(network)?.get(address);
      return lease !== undefined && lease.expiresAt > clock.now() ? lease.mac : undefined;
    },
  };
}
