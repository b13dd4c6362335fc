import type { BmcResult, CallOptions } from '../result.ts';

export interface FanReading {
  /** The vendor's word for how the fans are run, e.g. `standard`; left out where it cannot be read. */
  mode?: string;
  /** Per zone, in percent; empty where it cannot be read. */
  duties: { zone: string; percent: number }[];
  /** Empty where the BMC's sensors cannot be read. After a change: what each was before, and whether it followed. */
  tachometers: { name: string; rpm: number; beforeRpm?: number; follows?: boolean }[];
  /** The modes this BMC can be set to. */
  modes: string[];
  /** The table's entry by which the fans of this BMC are run. */
  control: string;
}

export interface FanDuty {
  /** 0 to 100. */
  percent: number;
  /** All zones when left out. */
  zone?: string;
  /** The caller's word that less than 20 % is meant. */
  force?: boolean;
}

export interface FansCapability {
  get(options?: CallOptions): Promise<BmcResult<FanReading>>;
  /**
   * `automatic` is a mode of every BMC that can be set. The tachometers are watched for up to `deadlineMs` (20 s): where a
   * mode means a fixed speed and none follows, it has failed, and the automatic mode is restored.
   */
  setMode(mode: string, options?: CallOptions): Promise<BmcResult<FanReading>>;
  /**
   * Stays until the mode is set again. `done` when a tachometer follows within `deadlineMs` (20 s), or where none can be
   * read; when it fails, the automatic mode is restored.
   */
  setDuty(duty: FanDuty, options?: CallOptions): Promise<BmcResult<FanReading>>;
  /**
   * Keeps a duty until `options.signal` aborts or `deadlineMs` is over, then restores the automatic mode; `done` when that
   * is read back. No known BMC takes its fans back by itself: a process that is killed leaves the duty as it is.
   */
  hold(duty: FanDuty, options?: CallOptions): Promise<BmcResult<FanReading>>;
}
