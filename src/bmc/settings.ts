import type { DriverName } from './names.ts';

export interface BmcSettings {
  /** Unique; names the BMC in errors and in the memory of refused credentials. */
  name: string;
  driver: DriverName;
  /** IP address or host name. */
  address: string;
  /** The driver's own default when left out. */
  port?: number;
  /** Unmanaged: the machine's NIC, for Wake-on-LAN. */
  macAddress?: string;
  /** Unmanaged: where the magic packet goes; 255.255.255.255 when left out. */
  broadcastAddress?: string;
  credential?: BmcCredential;
  /** IPMI, in the order of preference; 17, 3 when left out. 8 and 12 may be named too, every other one is refused. */
  cipherSuites?: number[];
  /** What this BMC does otherwise than the specification, by the names of the quirk table; `no-NAME` switches one off. */
  quirks?: string[];
  /** How many requests may be under way at a time; 1 when left out. */
  requestsInFlight?: number;
}

export interface BmcCredential {
  /** The credential's name, which errors mention; not the login. */
  name: string;
  username: string;
  /** Never leaves the driver. */
  password: string;
  /** IPMI: the BMC's K_g, up to 20 bytes as text, or `0x` and 40 hexadecimal digits. Never leaves the driver. */
  systemKey?: string;
  /** Changes whenever user name, password or system key does, and tells nothing about them. */
  fingerprint: string;
}

/** The settings as anybody may see them. */
export type PublicBmcSettings = Omit<BmcSettings, 'credential'> & {
  credential?: Omit<BmcCredential, 'password' | 'systemKey'>;
};

export function withoutSecrets(settings: BmcSettings): PublicBmcSettings {
  const { credential, ...rest } = settings;
  if (credential === undefined) return rest;
  const { name, username, fingerprint } = credential;
  return { ...rest, credential: { name, username, fingerprint } };
}
