/** Test doubles of the DHCP server's ports that remember what they were told. */
import type { BootLogger } from '../boot-ports.ts';
import type { BootOptions, DhcpBackend, DhcpEvent, DhcpStatus, Lease, LeaseStore, ServedNetwork } from './ports.ts';

/** A network to serve; tests change what they are about. */
export function servedNetwork(changes: Partial<ServedNetwork> = {}): ServedNetwork {
  return {
    name: 'provisioning',
    interface: 'br0',
    address: '10.77.0.1',
    prefixLength: 24,
    ranges: [{ first: '10.77.0.100', last: '10.77.0.109' }],
    reservations: [],
    gateway: '10.77.0.1',
    dns: ['10.77.0.1'],
    domain: 'rack.test',
    leaseSeconds: 3600,
    allowRival: false,
    routerAdvertisement: false,
    ...changes,
  };
}

export interface RecordingStore extends LeaseStore {
  leases: Map<string, Lease>;
  /** Hold back every put until the function returned is called. */
  holdBack(): () => void;
}

export function recordingStore(stored: Lease[] = []): RecordingStore {
  const leases = new Map(stored.map((lease) => [lease.mac, lease]));
  let gate: Promise<void> | undefined;
  return {
    leases,
    load: (network) => Promise.resolve([...leases.values()].filter((lease) => lease.network === network)),
    put: async (lease) => {
      await gate;
      leases.set(lease.mac, lease);
    },
    remove: (_network, mac) => {
      leases.delete(mac);
      return Promise.resolve();
    },
    holdBack: () => {
      let open = (): void => {};
      gate = new Promise((resolve) => {
        open = () => {
          gate = undefined;
          resolve();
        };
      });
      return () => open();
    },
  };
}

export interface RecordingBackend extends DhcpBackend {
  events: DhcpEvent[];
  statuses: DhcpStatus[];
  /** What bootOptions answers. */
  boot: BootOptions | undefined;
  /** The first event from index `since` on that matches, awaited up to `patience` milliseconds. */
  event(matches: (event: DhcpEvent) => boolean, since?: number, patience?: number): Promise<DhcpEvent>;
  /** The server's state becomes this; at once when it is already. */
  state(state: DhcpStatus['state']): Promise<DhcpStatus>;
}

export function recordingBackend(boot?: BootOptions): RecordingBackend {
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const check of waiting) check();
  };
  const found = <T>(look: () => T | undefined, what: () => string, patience: number): Promise<T> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(check);
        reject(new Error(`not seen within ${patience} ms: ${what()}`));
      }, patience);
      const check = (): void => {
        const result = look();
        if (result === undefined) return;
        clearTimeout(timer);
        waiting.delete(check);
        resolve(result);
      };
      waiting.add(check);
      check();
    });
  const backend: RecordingBackend = {
    events: [],
    statuses: [],
    boot,
    bootOptions: () => backend.boot,
    seen: (event) => {
      backend.events.push(event);
      wake();
    },
    statusChanged: (_network, status) => {
      backend.statuses.push(status);
      wake();
    },
    event: (matches, since = 0, patience = 30_000) =>
      found(
        () => backend.events.slice(since).find((event) => matches(event)),
        () => `an event; there were ${JSON.stringify(backend.events.map((event) => [event.type, event.address]))}`,
        patience,
      ),
    state: (state) =>
      found(
        () => {
          const last = backend.statuses.at(-1);
          return last?.state === state ? last : undefined;
        },
        () => `${state}; there were ${JSON.stringify(backend.statuses)}`,
        30_000,
      ),
  };
  return backend;
}

export interface RecordingLogger extends BootLogger {
  lines: { level: string; fields: object; message: string }[];
}

export function recordingLogger(): RecordingLogger {
  const lines: RecordingLogger['lines'] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
