import type { BmcResult, CallOptions } from '../result.ts';

export interface PingReading {
  /** How it was found to be there. */
  by: 'presence ping' | 'authentication capabilities';
  roundTripMs: number;
  ipmiSupported: boolean;
  /** Undefined where the answer does not tell. */
  rmcpSecurityExtensions?: boolean | undefined;
  dash?: boolean | undefined;
}

export interface CipherSuiteOffer {
  id: number;
  /** A suite of the vendor's own. */
  oem?: number | undefined;
  authentication: string;
  integrity: string[];
  confidentiality: string[];
}

/** Something that whoever is responsible for the BMC should know or change. */
export interface SecurityFinding {
  severity: 'danger' | 'warning' | 'note';
  text: string;
}

export interface AuthenticationReading {
  channel: number;
  ipmi15: boolean;
  ipmi20: boolean;
  /** K_g is set: sessions need a second key. */
  systemKeySet: boolean;
  namedUsers: boolean;
  nullUsers: boolean;
  anonymousLogin: boolean;
  perMessageAuthentication: boolean;
  userLevelAuthentication: boolean;
  /** Those of IPMI 1.5. */
  authenticationTypes: string[];
  /** As the BMC lists them, which is not always what it accepts; undefined where it lists none. */
  cipherSuites?: CipherSuiteOffer[] | undefined;
  /** Whether a session without any password check could have been opened; undefined where nothing tells. */
  suiteZeroAccepted?: boolean | undefined;
  findings: SecurityFinding[];
}

export interface SessionReading {
  /** This session's own. */
  cipherSuite: number;
  privilege: string;
  possibleSessions: number;
  activeSessions: number;
  sessions: ActiveSessionReading[];
}

export interface ActiveSessionReading {
  handle: number;
  own: boolean;
  userId: number;
  privilege: string;
  channel: number;
  protocol: string;
  address?: string | undefined;
  mac?: string | undefined;
  port?: number | undefined;
}

export interface QuirkReading {
  name: string;
  summary: string;
  source: string;
  /** Undefined where it does not hold for this BMC. */
  because?: string | undefined;
}

/** How the BMC is reached. */
export interface ConnectionCapability {
  /** Whether it is there; no credential is shown. */
  ping(options?: CallOptions): Promise<BmcResult<PingReading>>;
  /** What ways in it offers to anybody who asks. */
  authentication(options?: CallOptions): Promise<BmcResult<AuthenticationReading>>;
  /** This session, and with `all` everybody else's. */
  sessions(all: boolean, options?: CallOptions): Promise<BmcResult<SessionReading>>;
  /** What it does otherwise than the specification; with `all` the whole table. */
  quirks(all: boolean, options?: CallOptions): Promise<BmcResult<QuirkReading[]>>;
}
