/**
 * The site's leases in a SQLite file of its own (design decision 5): the central database is never on the DHCP path.
 * Writes that arrive together are committed together, and a write's promise resolves only after its commit is on disk,
 * so that no lease is acknowledged that a power cut could forget.
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { AthanorError } from '../errors/index.ts';
import type { Lease, LeaseStore } from '../boot/index.ts';

interface PendingWrite {
  apply(): void;
  resolve(): void;
  reject(error: unknown): void;
}

/** A lease and when an operating system last took it, milliseconds since 1970; firmware and the ramdisk do not count. */
export interface SystemLease {
  mac: string;
  address: string;
  takenAt: number;
}

/** A lease store that also tells a machine's address, and whether its holder is an installed system. */
export interface SiteLeaseStore extends LeaseStore {
  /** The DHCP server heard a request: the lease that follows is one of an operating system, or is not. */
  noteRequest(mac: string, byOperatingSystem: boolean): void;
  /** The lease that an operating system on one of these MACs took after `since`, or undefined. From memory. */
  systemLeaseSince(macs: readonly string[], since: number): SystemLease | undefined;
  /** The address that the MAC holds on any network, or undefined. Answers from memory. */
  addressOf(mac: string): string | undefined;
  /** Every lease of every network, the newest first. */
  all(): Lease[];
  close(): void;
}

function parseLease(row: Record<string, unknown>): Lease {
  const { network, mac, address, expires_at: expiresAt, hostname, state } = row;
  if (
    typeof network !== 'string' ||
    typeof mac !== 'string' ||
    typeof address !== 'string' ||
    typeof expiresAt !== 'number' ||
    (state !== 'bound' && state !== 'declined' && state !== 'released')
  )
    throw new AthanorError('internal', 'the lease file holds a row that is not a lease', {
      remedy: 'Move the lease file away; leases are given out anew.',
    });
  return { network, mac, address, expiresAt, state, ...(typeof hostname === 'string' ? { hostname } : {}) };
}

const MOST_REQUESTS = 16_384;

const key = (network: string, mac: string): string => `${network} ${mac}`;

/**
 * Open the lease file, making it where there is none.
 *
 * @param file path of the SQLite file, or `:memory:`
 * @param now the clock, milliseconds since 1970
 */
export function openLeaseStore(file: string, now: () => number): SiteLeaseStore {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 1000;');
  database.exec(
    `CREATE TABLE IF NOT EXISTS leases (network TEXT NOT NULL, mac TEXT NOT NULL, address TEXT NOT NULL,
       expires_at INTEGER NOT NULL, hostname TEXT, state TEXT NOT NULL, system_taken_at INTEGER, PRIMARY KEY (network, mac)) STRICT`,
  );
  const insert: StatementSync = database.prepare(
    `INSERT INTO leases (network, mac, address, expires_at, hostname, state, system_taken_at) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (network, mac) DO UPDATE SET address = excluded.address, expires_at = excluded.expires_at,
       hostname = excluded.hostname, state = excluded.state,
       system_taken_at = coalesce(excluded.system_taken_at, system_taken_at)`,
  );
  const erase: StatementSync = database.prepare('DELETE FROM leases WHERE network = ? AND mac = ?');
  const byOwner = new Map<string, Lease>();
  const requestedBySystem = new Map<string, boolean>();
  const systemLeases = new Map<string, SystemLease>();
  for (const row of database.prepare('SELECT * FROM leases').all()) {
    const lease = parseLease(row);
    byOwner.set(key(lease.network, lease.mac), lease);
    const takenAt = row['system_taken_at'];
    // A MAC may have leases on several networks: the newest counts.
    if (typeof takenAt === 'number' && takenAt > (systemLeases.get(lease.mac)?.takenAt ?? 0))
      systemLeases.set(lease.mac, { mac: lease.mac, address: lease.address, takenAt });
  }

  let pending: PendingWrite[] = [];
  let closed = false;

  function commit(): void {
    const batch = pending;
    pending = [];
    if (batch.length === 0) return;
    try {
      database.exec('BEGIN IMMEDIATE');
      for (const write of batch) write.apply();
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      for (const write of batch) write.reject(error);
      return;
    }
    for (const write of batch) write.resolve();
  }

  function enqueue(apply: () => void, committed: () => void): Promise<void> {
    if (closed) return Promise.reject(new AthanorError('internal', 'the lease store is closed'));
    return new Promise((resolve, reject) => {
      if (pending.length === 0) setImmediate(commit);
      pending.push({
        apply,
        reject,
        resolve: () => {
          committed();
          resolve();
        },
      });
    });
  }

  return {
    load: (network) => Promise.resolve([...byOwner.values()].filter((lease) => lease.network === network)),
    put: (lease) => {
      const bySystem = lease.state === 'bound' && requestedBySystem.get(lease.mac) === true;
      const takenAt = bySystem ? now() : null;
      return enqueue(
        () => {
          const { network, mac, address, expiresAt, hostname, state } = lease;
          insert.run(network, mac, address, expiresAt, hostname ?? null, state, takenAt);
        },
        () => {
          byOwner.set(key(lease.network, lease.mac), lease);
          if (takenAt !== null) systemLeases.set(lease.mac, { mac: lease.mac, address: lease.address, takenAt });
        },
      );
    },
    remove: (network, mac) =>
      enqueue(
        () => void erase.run(network, mac),
        () => void byOwner.delete(key(network, mac)),
      ),
    addressOf: (mac) => {
      const held = [...byOwner.values()].filter((lease) => lease.mac === mac && lease.state === 'bound');
      return held.sort((one, other) => other.expiresAt - one.expiresAt)[0]?.address;
    },
    noteRequest: (mac, byOperatingSystem) => {
      // A flood of invented MACs must not fill the memory; who is forgotten asks again.
      if (requestedBySystem.size >= MOST_REQUESTS) requestedBySystem.clear();
      requestedBySystem.set(mac, byOperatingSystem);
    },
    systemLeaseSince: (macs, since) => {
      for (const mac of macs) {
        const taken = systemLeases.get(mac);
        if (taken !== undefined && taken.takenAt > since) return taken;
      }
      return undefined;
    },
    all: () => [...byOwner.values()].sort((one, other) => other.expiresAt - one.expiresAt),
    close: () => {
      commit();
      closed = true;
      database.close();
    },
  };
}
