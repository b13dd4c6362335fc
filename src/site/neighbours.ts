/** Whose address is it? By the leases this site gave out, else by the kernel's neighbour table. */
import { readFileSync } from 'node:fs';
import { neighbourIn } from '../boot/index.ts';
import type { SiteLeaseStore } from './lease-store.ts';

/**
 * The MAC behind an IPv4 address on a network of ours, lower case, or undefined. A lease says it for a machine that asked us
 * for its address; the kernel, which has just received a packet from it, for one that has a static address.
 */
export function macBehind(leases: Pick<SiteLeaseStore, 'all'>, address: string, now: number): string | undefined {
  const lease = leases
    .all()
    .find((candidate) => candidate.address === address && candidate.state === 'bound' && candidate.expiresAt > now);
  return lease?.mac ?? neighbourIn(readNeighbours(), undefined, address)?.toLowerCase();
}

function readNeighbours(): string {
  try {
    return readFileSync('/proc/net/arp', 'utf8');
  } catch {
    return '';
  }
}
