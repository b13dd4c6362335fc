import type { BmcResult, CallOptions } from '../result.ts';

export type BiosValue = string | number | boolean;

export interface BiosSettings {
  /** In force now. */
  current: Record<string, BiosValue>;
  /** What differs after the next boot. */
  pending: Record<string, BiosValue>;
}

export interface BiosSettingsCapability {
  get(options?: CallOptions): Promise<BmcResult<BiosSettings>>;
  /** Takes effect at the next boot: `done` means that the values read back as pending. */
  set(change: Record<string, BiosValue>, options?: CallOptions): Promise<BmcResult<BiosSettings>>;
  /** Back to the factory's settings at the next boot. */
  reset(options?: CallOptions): Promise<BmcResult<BiosSettings>>;
}
