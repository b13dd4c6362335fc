import type { BmcResult, CallOptions } from '../result.ts';

/** What an account may do: read; also switch power and console; also change the BMC itself. */
export type BmcRole = 'none' | 'callback' | 'user' | 'operator' | 'administrator' | 'oem';

export const bmcRoles: readonly BmcRole[] = ['none', 'callback', 'user', 'operator', 'administrator', 'oem'];

export interface BmcUser {
  /** The BMC's slot or account id. */
  id: string;
  /** Empty for the anonymous account and for a free slot. */
  name: string;
  /** Undefined where the BMC does not tell. */
  enabled: boolean | undefined;
  role: BmcRole;
  /** May log in on the channel; false keeps the account for other channels. */
  remoteLogin: boolean;
  /** Only by being called back. */
  callbackOnly: boolean;
  /** May log in to a link such as PPP. */
  linkLogin: boolean;
  /** May open the serial console; undefined where the BMC does not tell. */
  serialConsole: boolean | undefined;
  /** The name cannot be changed. */
  fixedName: boolean;
  /** Nobody's: a new account may take it. */
  free: boolean;
  /** The account that these answers come through. */
  own: boolean;
}

export interface BmcUsers {
  /** Where role and login hold. */
  channel: number | undefined;
  /** How many accounts the BMC has room for. */
  maximum: number;
  /** How many the BMC says are enabled. */
  enabledCount: number;
  fixedNameCount: number;
  users: BmcUser[];
}

export interface NewBmcUser {
  name: string;
  /** Never shown in a result, an error or evidence. */
  password: string;
  role: BmcRole;
  enabled: boolean;
  serialConsole: boolean;
  /** The slot to take; a free one is found when it is left out. */
  id?: string;
}

export interface PasswordTest {
  id: string;
  matches: boolean;
  /** How it was found out. */
  by: 'test by the BMC' | 'login';
  /** How many bytes of a password the BMC compared; undefined for a login. */
  sizeBytes: 16 | 20 | undefined;
}

export interface UserOptions extends CallOptions {
  /** Where role and login hold; the channel that is asked through when left out. */
  channel?: number;
  /** Also what may lock the caller out: a change of the account that is logged in. */
  force?: boolean;
}

/** The last administrator who can log in is never disabled, demoted or removed. */
export interface UsersCapability {
  list(options?: UserOptions): Promise<BmcResult<BmcUsers>>;
  /** Takes a free slot where accounts live in slots, and frees it again when a later step fails. */
  create(user: NewBmcUser, options?: UserOptions): Promise<BmcResult<BmcUser>>;
  setName(id: string, name: string, options?: UserOptions): Promise<BmcResult<BmcUser>>;
  /** `done` only when the BMC tested the new password, or a login with it succeeded. */
  setPassword(id: string, password: string, options?: UserOptions): Promise<BmcResult<PasswordTest>>;
  /** Asks the BMC, which may count a wrong one as a failed login. */
  testPassword(id: string, password: string, options?: UserOptions): Promise<BmcResult<PasswordTest>>;
  setEnabled(id: string, enabled: boolean, options?: UserOptions): Promise<BmcResult<BmcUser>>;
  /** `none` also takes the login away, any other gives it. */
  setRole(id: string, role: BmcRole, options?: UserOptions): Promise<BmcResult<BmcUser>>;
  setSerialConsole(id: string, allowed: boolean, options?: UserOptions): Promise<BmcResult<BmcUser>>;
  /** Disables it, takes its role away and clears its name. */
  remove(id: string, options?: UserOptions): Promise<BmcResult<BmcUser>>;
}
