import type { BmcResult, CallOptions } from '../result.ts';

/** What is done when the time runs out. */
export type WatchdogTimeout = 'none' | 'hard-reset' | 'power-down' | 'power-cycle';
export type WatchdogPurpose = 'bios-frb2' | 'bios-post' | 'os-load' | 'sms-os' | 'oem';
export type WatchdogWarning = 'none' | 'smi' | 'nmi' | 'messaging';

export interface WatchdogSettings {
  purpose: WatchdogPurpose;
  action: WatchdogTimeout;
  /** 0 to 6553.5, in tenths. */
  timeoutSeconds: number;
  /** What warns the machine before the time is out, and how long before. */
  warning: WatchdogWarning;
  warningSeconds: number;
  /** Whether running out is written to the event log. */
  log: boolean;
}

export interface WatchdogReading {
  running: boolean;
  /** The BMC's number where the standard has no word for it. */
  purpose: string;
  action: string;
  warning: string;
  timeoutSeconds: number;
  warningSeconds: number;
  remainingSeconds: number;
  log: boolean;
  /** The purposes for which it has run out. */
  expired: string[];
}

export interface WatchdogCapability {
  get(options?: CallOptions): Promise<BmcResult<WatchdogReading>>;
  /** Sets and stops it; `start` runs it. Read back. */
  set(settings: WatchdogSettings, options?: CallOptions): Promise<BmcResult<WatchdogReading>>;
  /** Starts the countdown, or starts it anew. */
  start(options?: CallOptions): Promise<BmcResult<WatchdogReading>>;
  stop(options?: CallOptions): Promise<BmcResult<WatchdogReading>>;
}
