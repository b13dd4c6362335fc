/**
 * Which address belongs to whom, in memory. Leases are keyed by MAC: firmware, iPXE, ramdisk and operating system of one
 * machine send different client identifiers, but must get one address (RFC 2131 permits the choice, section 4.2).
 */
import { ipv4ToNumber, numberToIpv4 } from '../../protocols/dhcp/index.ts';
import { rangeContains, usableInSubnet } from './addresses.ts';
import type { Lease, Reservation, ServedNetwork } from './ports.ts';

interface Hold {
  mac: string;
  until: number;
}

export interface LeaseTable {
  reservationOf(mac: string): Reservation | undefined;
  leaseOf(mac: string): Lease | undefined;
  /** The address that the client has been offered or has bound, if it may keep it. */
  currentAddress(mac: string, now: number): string | undefined;
  /** May the client have this address: reserved for it, or in the pool and nobody else's? */
  mayHave(mac: string, address: string, now: number): boolean;
  /** A free address for the client: its former one, the one it asks for, else the next. Undefined: none is left. */
  pick(mac: string, requested: string | undefined, now: number): string | undefined;
  /** Keep an address for a client for a while. */
  hold(mac: string, address: string, until: number): void;
  /** Drop what is held for a client. */
  letGo(mac: string): void;
  /** Hand the address to nobody until then. */
  quarantine(address: string, until: number): void;
  /** A lease is stored: it replaces what the client had. */
  record(lease: Lease): void;
  forget(mac: string): void;
  reconfigure(network: ServedNetwork): void;
}

/** A table of a network's leases, filled from the store's. */
export function createLeaseTable(initial: ServedNetwork, stored: Lease[]): LeaseTable {
  let network = initial;
  let reservedByMac = new Map<string, Reservation>();
  let reservedByAddress = new Map<string, string>();
  const leases = new Map<string, Lease>();
  const holders = new Map<string, string>();
  const holds = new Map<string, Hold>();
  const heldFor = new Map<string, string>();
  const quarantined = new Map<string, number>();
  /** Where the search for a free address goes on, so that addresses are reused as late as possible. */
  let cursor = 0;

  const index = (): void => {
    reservedByMac = new Map(network.reservations.map((reservation) => [reservation.mac, reservation]));
    reservedByAddress = new Map(network.reservations.map((reservation) => [reservation.address, reservation.mac]));
  };

  const forget = (mac: string): void => {
    const lease = leases.get(mac);
    if (lease !== undefined && holders.get(lease.address) === mac) holders.delete(lease.address);
    leases.delete(mac);
  };

  const record = (lease: Lease): void => {
    forget(lease.mac);
    leases.set(lease.mac, lease);
    if (lease.state === 'bound') holders.set(lease.address, lease.mac);
    if (lease.state === 'declined') quarantined.set(lease.address, lease.expiresAt);
  };

  const letGo = (mac: string): void => {
    const address = heldFor.get(mac);
    if (address !== undefined && holds.get(address)?.mac === mac) holds.delete(address);
    heldFor.delete(mac);
  };

  /** In the pool, not reserved, not in quarantine and neither bound to nor held for another client. */
  const freeInPool = (mac: string, address: string, now: number): boolean => {
    if (address === network.address || address === network.gateway || reservedByAddress.has(address)) return false;
    if (!usableInSubnet(network.address, network.prefixLength, address)) return false;
    if (!network.ranges.some((range) => rangeContains(range, address))) return false;
    if ((quarantined.get(address) ?? 0) > now) return false;
    const hold = holds.get(address);
    if (hold !== undefined && hold.mac !== mac && hold.until > now) return false;
    const holder = holders.get(address);
    if (holder === undefined || holder === mac) return true;
    return (leases.get(holder)?.expiresAt ?? 0) <= now;
  };

  const mayHave = (mac: string, address: string, now: number): boolean => {
    const reservation = reservedByMac.get(mac);
    return reservation === undefined ? freeInPool(mac, address, now) : reservation.address === address;
  };

  const nextFree = (mac: string, now: number): string | undefined => {
    const total = network.ranges.reduce((sum, range) => sum + sizeOf(range.first, range.last), 0);
    for (let tried = 0; tried < total; tried += 1) {
      const address = nth(network, (cursor + tried) % total);
      if (address === undefined || !freeInPool(mac, address, now)) continue;
      cursor = (cursor + tried + 1) % total;
      return address;
    }
    return undefined;
  };

  index();
  // Where two leases name one address, the newer one is right.
  for (const lease of stored.toSorted((one, other) => one.expiresAt - other.expiresAt)) record(lease);

  return {
    reservationOf: (mac) => reservedByMac.get(mac),
    leaseOf: (mac) => leases.get(mac),
    currentAddress: (mac, now) => {
      const held = heldFor.get(mac);
      if (held !== undefined && (holds.get(held)?.until ?? 0) > now && mayHave(mac, held, now)) return held;
      const lease = leases.get(mac);
      const bound = lease?.state === 'bound' && lease.expiresAt > now ? lease.address : undefined;
      return bound !== undefined && mayHave(mac, bound, now) ? bound : undefined;
    },
    mayHave,
    pick: (mac, requested, now) => {
      const reservation = reservedByMac.get(mac);
      if (reservation !== undefined) return reservation.address;
      for (const address of [heldFor.get(mac), leases.get(mac)?.address, requested]) {
        if (address !== undefined && freeInPool(mac, address, now)) return address;
      }
      return nextFree(mac, now);
    },
    hold: (mac, address, until) => {
      letGo(mac);
      // One holder for each address, so that a flood of made-up MACs cannot grow these maps beyond the pool.
      const former = holds.get(address);
      if (former !== undefined) heldFor.delete(former.mac);
      holds.set(address, { mac, until });
      heldFor.set(mac, address);
    },
    letGo,
    quarantine: (address, until) => {
      quarantined.set(address, until);
    },
    record,
    forget,
    reconfigure: (changed) => {
      network = changed;
      cursor = 0;
      index();
    },
  };
}

function sizeOf(first: string, last: string): number {
  return (ipv4ToNumber(last) ?? 0) - (ipv4ToNumber(first) ?? 0) + 1;
}

/** The address at a position of all ranges one after another. */
function nth(network: ServedNetwork, position: number): string | undefined {
  let rest = position;
  for (const range of network.ranges) {
    const size = sizeOf(range.first, range.last);
    if (rest < size) return numberToIpv4((ipv4ToNumber(range.first) ?? 0) + rest);
    rest -= size;
  }
  return undefined;
}
