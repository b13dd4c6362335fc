import type { BmcResult, CallOptions } from '../result.ts';
import type { BmcRole } from './users.ts';

export type AddressSource = 'unspecified' | 'static' | 'dhcp' | 'bios' | 'other';

export interface Ipv6Address {
  /** Its place among the static or the dynamic ones. */
  index: number;
  address: string;
  prefixLength: number;
  source: string;
  enabled: boolean | undefined;
  status: string;
}

export interface Ipv6Router {
  address: string | undefined;
  macAddress: string | undefined;
  prefix: string | undefined;
  prefixLength: number | undefined;
}

export interface Ipv6Settings {
  enabled: 'ipv4' | 'ipv6' | 'both' | 'other' | undefined;
  supportsIpv6Only: boolean | undefined;
  supportsBoth: boolean | undefined;
  alertsOverIpv6: boolean | undefined;
  supportsDhcpv6: boolean | undefined;
  supportsSlaac: boolean | undefined;
  staticAddresses: Ipv6Address[];
  dynamicAddresses: Ipv6Address[];
  staticRouters: boolean | undefined;
  dynamicRouters: boolean | undefined;
  /** Set by hand. */
  routers: Ipv6Router[];
  /** Heard of. */
  heardRouters: Ipv6Router[];
  hopLimit: number | undefined;
  trafficClass: number | undefined;
  flowLabel: number | undefined;
}

export interface CipherSuiteAccess {
  id: number;
  /** The highest role of a session with it; `unused`: none can be opened. */
  roleLimit: 'unused' | BmcRole | 'reserved';
}

export interface BadPasswordRule {
  auditEvent: boolean;
  /** 0: nobody is ever locked out. */
  threshold: number;
  /** 0: failures are never forgotten by time. */
  resetIntervalSeconds: number;
  /** 0: until the user is enabled again. */
  lockoutIntervalSeconds: number;
}

/** One of a BMC's network settings; what it does not tell is undefined. */
export interface LanSettings {
  channel: number;
  /** Another client is in the midst of changing them. */
  setInProgress: string | undefined;
  macAddress: string | undefined;
  /** Where the IPv4 address comes from. */
  source: AddressSource | undefined;
  address: string | undefined;
  netmask: string | undefined;
  /** Undefined when none is set. */
  gateway: string | undefined;
  gatewayMac: string | undefined;
  backupGateway: string | undefined;
  backupGatewayMac: string | undefined;
  /** 1–4094; undefined when frames are untagged. */
  vlan: number | undefined;
  vlanPriority: number | undefined;
  arpResponses: boolean | undefined;
  gratuitousArp: boolean | undefined;
  gratuitousArpIntervalMs: number | undefined;
  timeToLive: number | undefined;
  ipFlags: number | undefined;
  precedence: number | undefined;
  typeOfService: number | undefined;
  primaryPort: number | undefined;
  secondaryPort: number | undefined;
  /** Of SNMP traps. */
  community: string | undefined;
  alertDestinations: number | undefined;
  /** The types of IPMI 1.5, by role: none, md2, md5, password, oem. */
  authenticationSupported: string[] | undefined;
  authenticationEnabled: Record<string, string[]> | undefined;
  cipherSuites: CipherSuiteAccess[];
  badPassword: BadPasswordRule | undefined;
  ipv6: Ipv6Settings | undefined;
  /** What ought to be changed, in words. */
  findings: string[];
}

/** What can be set; what is left out stays as it is. `null` takes it away. */
export interface LanChange {
  source?: 'static' | 'dhcp' | 'bios' | 'other';
  address?: string;
  netmask?: string;
  gateway?: string | null;
  gatewayMac?: string;
  backupGateway?: string | null;
  backupGatewayMac?: string;
  vlan?: number | null;
  vlanPriority?: number;
  arpResponses?: boolean;
  gratuitousArp?: boolean;
  gratuitousArpIntervalMs?: number;
  timeToLive?: number;
  typeOfService?: number;
  precedence?: number;
  primaryPort?: number;
  secondaryPort?: number;
  community?: string;
  badPassword?: Partial<BadPasswordRule>;
  ipv6Enabled?: 'ipv4' | 'ipv6' | 'both';
  /** The static IPv6 address at `ipv6Index` (0 when left out); null disables it. */
  ipv6Address?: { address: string; prefixLength: number } | null;
  ipv6Index?: number;
  ipv6Router?: string;
  ipv6RouterPrefixLength?: number;
  ipv6StaticRouters?: boolean;
  ipv6DynamicRouters?: boolean;
}

export interface LanOptions extends CallOptions {
  /** The channel that is asked through when left out. */
  channel?: number;
  /** Also when another client seems to be in the midst of a change. */
  force?: boolean;
}

export interface LanCapability {
  get(options?: LanOptions): Promise<BmcResult<LanSettings>>;
  /** May cut the very connection it is sent over: then `outcome unknown` until the BMC answers at the new address. */
  set(change: LanChange, options?: LanOptions): Promise<BmcResult<LanSettings>>;
  /** The highest role by cipher suite id; suites that are not named stay as they are. */
  setCipherSuiteRoles(
    roles: Readonly<Record<number, 'unused' | BmcRole>>,
    options?: LanOptions,
  ): Promise<BmcResult<CipherSuiteAccess[]>>;
}
