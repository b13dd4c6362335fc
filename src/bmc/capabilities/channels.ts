import type { BmcResult, CallOptions } from '../result.ts';
import type { BmcRole } from './users.ts';

export type ChannelKind = 'lan' | 'serial' | 'system' | 'bus' | 'other';

/** One of the ways into a BMC. */
export interface BmcChannel {
  number: number;
  kind: ChannelKind;
  /** The specification's words. */
  medium: string;
  protocol: string;
  sessionSupport: string;
  activeSessions: number;
  vendorId: number;
  /** The one that these answers come through. */
  own: boolean;
}

export interface ChannelAccessSettings {
  /** When it can be used. A number where the specification reserves it. */
  mode: 'disabled' | 'pre-boot' | 'always' | 'shared' | number;
  alerting: boolean;
  perMessageAuthentication: boolean;
  userLevelAuthentication: boolean;
  /** The highest role that a session can have on it; undefined where the BMC sets none. */
  roleLimit: BmcRole | undefined;
}

export interface BmcChannelAccess extends BmcChannel {
  /** In force now; undefined where the channel has no such settings. */
  active: ChannelAccessSettings | undefined;
  /** What a restart brings back. */
  stored: ChannelAccessSettings | undefined;
}

export interface ChannelsCapability {
  list(options?: CallOptions): Promise<BmcResult<BmcChannel[]>>;
  /** The channel that is asked through when the number is left out. */
  get(number?: number, options?: CallOptions): Promise<BmcResult<BmcChannelAccess>>;
  /**
   * Changes what is in force, what is stored, or both. `force` also takes the way away from the caller: a mode other than
   * always, or a limit below administrator, on the channel that is asked through.
   */
  setAccess(
    number: number | undefined,
    change: Partial<ChannelAccessSettings>,
    where: 'active' | 'stored' | 'both',
    options?: CallOptions & { force?: boolean },
  ): Promise<BmcResult<BmcChannelAccess>>;
}
