/** A configuration as the rest of `serve` uses it: checked, with defaults, every path absolute. Holds no secret. */
import type { ListenAddress } from '../../api/index.ts';
import type { ServedNetwork } from '../../boot/index.ts';
import type { drivers, ramdiskKernels } from './schema.ts';

export interface Configuration {
  site: string;
  dataDirectory: string;
  database: DatabaseConfiguration;
  api: { listen: ListenAddress[] };
  /** The folder of iPXE's loaders. */
  loaders: string;
  /** The folder that holds `vmlinuz-KERNEL` and `initrd-KERNEL`. */
  ramdisk: { directory: string; kernel: (typeof ramdiskKernels)[number] } | undefined;
  networks: NetworkConfiguration[];
  credentials: CredentialConfiguration[];
  bmcs: BmcConfiguration[];
  images: ImageConfiguration[];
  deployment: DeploymentDeadlines;
  recovery: RecoveryConfiguration;
}

export type DatabaseConfiguration =
  | { kind: 'sqlite' }
  /** A URL without a password. */
  | { kind: 'postgres'; url: string }
  /** A file, for its owner only, that holds the URL: read it with `readSecretFile`. */
  | { kind: 'postgres'; urlFile: string };

/** What the DHCP server needs, and whether it may. */
export interface NetworkConfiguration extends ServedNetwork {
  /** The subnet's own address; its prefix length is `prefixLength`. */
  subnet: string;
  /** False: left alone, nothing is heard or sent there. */
  serve: boolean;
}

export interface CredentialConfiguration {
  name: string;
  protocol: 'ipmi' | 'vnc';
  /** Empty for `vnc`. */
  username: string;
  /** Read it with `readSecretFile`. */
  passwordFile: string;
  /** The BMC's K_g key, where it has one; read it like the password. */
  kgFile: string | undefined;
}

export interface BmcConfiguration {
  name: string;
  driver: (typeof drivers)[number];
  address: string | undefined;
  port: number;
  credential: string | undefined;
  guid: string | undefined;
  mac: string | undefined;
  cipherSuites: number[] | undefined;
  /** Workarounds by name; `no-NAME` switches one off. */
  quirks?: string[];
  requestsInFlight?: number;
  /** Where the machine's graphical console is seen, by RFB (VNC). */
  console: { address: ListenAddress; credential: string | undefined } | undefined;
}

export interface ImageConfiguration {
  name: string;
  file: string;
  sha256: string;
}

/** Undefined: the recovery room's own default. */
export interface RecoveryConfiguration {
  heartbeatIntervalMs: number | undefined;
  missedBeats: number | undefined;
  stoppedGraceMs: number | undefined;
  concurrentHeals: number | undefined;
  outageAtOnce: number | undefined;
  keepFilmsMs: number | undefined;
}

/** Undefined: the deploy operation's own default. */
export interface DeploymentDeadlines {
  netbootTimeoutMs: number | undefined;
  writeStallTimeoutMs: number | undefined;
  bootTimeoutMs: number | undefined;
}
