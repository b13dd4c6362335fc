import type { BmcResult, CallOptions } from '../result.ts';

export interface SystemEventLogEntry {
  /** The BMC's record id; it may be given again after the log was cleared. */
  id: string;
  /** Milliseconds since the epoch; undefined when the BMC's clock was not set at that time. */
  at: number | undefined;
  sensor: string;
  /** What happened, in the specification's words. */
  event: string;
  /** True when the state began, false when it ended. */
  asserted: boolean;
  severity: 'information' | 'warning' | 'critical' | 'unknown';
  /** The record as it came, in hex. */
  raw: string;
}

export interface SystemEventLogInfo {
  entries: number;
  /** Undefined when the BMC does not say. */
  freeBytes: number | undefined;
  /** The log is full and has dropped entries since it was last cleared. */
  overflowed: boolean;
}

export interface SystemEventLogCapability {
  info(options?: CallOptions): Promise<BmcResult<SystemEventLogInfo>>;
  /** Oldest first; `afterId` leaves out what was read before. */
  list(afterId?: string, options?: CallOptions): Promise<BmcResult<SystemEventLogEntry[]>>;
  /** Removes every entry; the entries are gone for good. */
  clear(options?: CallOptions): Promise<BmcResult<SystemEventLogInfo>>;
}

export const systemEventLogMethods: Record<keyof SystemEventLogCapability, true> = {
  info: true,
  list: true,
  clear: true,
};
