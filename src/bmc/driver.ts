import type { Capabilities } from './contract.ts';
import type { Lane } from './lane.ts';
import type { Clock, RandomBytes, RefusedCredentials, UdpTransport } from './ports.ts';
import type { DriverName } from './names.ts';
import type { SdrCache } from './sdr-cache.ts';
import type { BmcSettings } from './settings.ts';

export interface BmcDependencies {
  udp: UdpTransport;
  clock: Clock;
  randomBytes: RandomBytes;
  refusedCredentials: RefusedCredentials;
  /** Kept by each open BMC for itself where it is left out. */
  sdrCache?: SdrCache;
}

export interface DriverParts {
  /** The BMC's one lane: every packet goes through it. */
  lane: Lane;
  dependencies: BmcDependencies;
}

/** A way to reach power. Opening sends nothing; it throws `invalid-configuration` or `bmc-insecure` for bad settings. */
export interface Driver {
  name: DriverName;
  open(settings: BmcSettings, parts: DriverParts): OpenDriver;
}

export interface OpenDriver {
  capabilities: Capabilities;
  /** Gives back what is held at the BMC and here. Calls after it fail. */
  close(): Promise<void>;
}
