/** One site in one process: its BMCs, its boot services and its leases. */
import type { Bmc, BmcSettings } from '../bmc/index.ts';
import type { BootService, NetworkStatus as BootNetworkStatus } from '../boot/index.ts';
import type { ConsoleSettings, GraphicalConsole } from '../console/index.ts';
import type { BmcHost } from './bmc-host.ts';
import type { ConsoleHost } from './console-host.ts';
import type { SiteLeaseStore, SystemLease } from './lease-store.ts';

/** What the services of one network do. */
export interface NetworkStatus {
  /** `probing`: it listens for another DHCP server before it answers anybody. */
  state: 'probing' | 'serving' | 'blocked' | 'failed';
  /** Address of the other DHCP server that blocks this network. */
  rival?: string;
  reason?: string;
}

export interface SiteOptions {
  bmcs: BmcHost;
  consoles: ConsoleHost;
  leases: SiteLeaseStore;
}

export interface Site {
  bmc(name: string): Bmc;
  declareBmcs(settings: readonly BmcSettings[]): Promise<void>;
  /** The graphical console beside this BMC, or undefined where none is declared. */
  console(bmcName: string): GraphicalConsole | undefined;
  declareConsoles(settings: readonly ConsoleSettings[]): void;
  readonly leases: SiteLeaseStore;
  /** See `SiteLeaseStore.systemLeaseSince`. */
  systemLeaseSince(macs: readonly string[], since: number): SystemLease | undefined;
  /** The boot services start last: a booting machine is answered only by a whole site. */
  attachBoot(service: BootService): void;
  networkStatus(name: string): NetworkStatus;
  stop(): Promise<void>;
}

function statusOf(status: BootNetworkStatus | undefined): NetworkStatus {
  if (status === undefined) return { state: 'failed', reason: 'its services do not run' };
  const { state, rival } = status.dhcp;
  if (state === 'stopped') return { state: 'failed', reason: 'its DHCP server stopped' };
  if (state !== 'blocked' || rival === undefined) return { state, ...(rival === undefined ? {} : { rival }) };
  return { state, rival, reason: `another DHCP server answers at ${rival}; it is probed again until it is gone` };
}

export function createSite({ bmcs, consoles, leases }: SiteOptions): Site {
  let boot: BootService | undefined;
  return {
    bmc: (name) => bmcs.bmc(name),
    declareBmcs: async (settings) => await bmcs.declare(settings),
    console: (bmcName) => consoles.console(bmcName),
    declareConsoles: (settings) => consoles.declare(settings),
    leases,
    systemLeaseSince: (macs, since) => leases.systemLeaseSince(macs, since),
    attachBoot: (service) => {
      boot = service;
    },
    networkStatus: (name) => statusOf(boot?.status().find((status) => status.network === name)),
    stop: async () => {
      try {
        await boot?.stop();
      } finally {
        await bmcs.close().finally(() => leases.close());
      }
    },
  };
}
