import type { BmcResult, CallOptions } from '../result.ts';

/** What an account may do: read; also switch power and console; also change the BMC itself. */
export type BmcRole = 'none' | 'user' | 'operator' | 'administrator';

export interface BmcUser {
  /** The BMC's slot or account id. */
  id: string;
  /** Empty for the anonymous account and for a free slot. */
  name: string;
  enabled: boolean;
  role: BmcRole;
}

export interface BmcUserChange {
  name?: string;
  /** Never shown in a result, an error or evidence. */
  password?: string;
  enabled?: boolean;
  role?: BmcRole;
}

export interface UsersCapability {
  list(options?: CallOptions): Promise<BmcResult<BmcUser[]>>;
  /** Takes a free slot where accounts live in slots. */
  create(user: Required<BmcUserChange>, options?: CallOptions): Promise<BmcResult<BmcUser>>;
  /** A changed password counts as `done` only when a login with it succeeded. */
  update(id: string, change: BmcUserChange, options?: CallOptions): Promise<BmcResult<BmcUser>>;
  remove(id: string, options?: CallOptions): Promise<BmcResult<BmcUser[]>>;
}

export const usersMethods: Record<keyof UsersCapability, true> = {
  list: true,
  create: true,
  update: true,
  remove: true,
};
