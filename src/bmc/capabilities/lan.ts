import type { BmcResult, CallOptions } from '../result.ts';

/** The BMC's own network settings, on the channel it is reached by. */
export interface LanSettings {
  macAddress: string;
  /** Where the IPv4 address comes from. */
  source: 'static' | 'dhcp' | 'bios' | 'other';
  address: string;
  netmask: string;
  /** Undefined when none is set. */
  gateway: string | undefined;
  /** 1–4094; undefined when frames are untagged. */
  vlan: number | undefined;
  ipv6Addresses: string[];
}

export interface LanCapability {
  get(options?: CallOptions): Promise<BmcResult<LanSettings>>;
  /** May cut the very connection it is sent over: then `outcome unknown` until the BMC answers at the new address. */
  set(change: Partial<Omit<LanSettings, 'macAddress'>>, options?: CallOptions): Promise<BmcResult<LanSettings>>;
}

export const lanMethods: Record<keyof LanCapability, true> = { get: true, set: true };
