import type { BmcResult, CallOptions } from '../result.ts';

/** A sensor's value in its own unit, or as the BMC sent it where nobody knows how to convert it. */
export interface EventValue {
  value: number;
  /** `degrees C`, `RPM` …; `raw` for an unconverted byte. */
  unit: string;
}

export interface SystemEventLogEntry {
  /** The BMC's record id; it may be given again after the log was cleared. */
  id: string;
  kind: 'event' | 'oem' | 'unknown';
  /** ISO 8601, UTC; left out when the BMC's clock was not set at that time. */
  at?: string;
  /** Where the clock was not set: how long the BMC had been running. */
  secondsSinceStart?: number;
  /** Who raised it: `management controller 20h`, `BIOS`, `system software 21h` … */
  source?: string;
  /** Of events. */
  sensor?: { type: string; number: number /** Left out where the BMC has no record of it. */; name?: string };
  /** What happened, in the specification's words. */
  event: string;
  /** True when the state began, false when it ended. */
  asserted: boolean;
  /** What more the record tells, in words. */
  details: string[];
  /** Of a threshold sensor: what it read, and the threshold it passed. */
  reading?: EventValue;
  threshold?: EventValue;
  severity: 'information' | 'warning' | 'critical' | 'unknown';
  /** Of OEM records: the enterprise number of who defined it. */
  manufacturerId?: number;
  /** The record as it came, in hex. */
  raw: string;
}

export interface SystemEventLogInfo {
  entries: number;
  /** Left out when the BMC does not say. */
  freeBytes?: number;
  /** The log is full and has dropped entries since it was last cleared. */
  overflowed: boolean;
  /** ISO 8601, UTC; left out where there was none or the BMC does not say. */
  lastAddedAt?: string;
  lastClearedAt?: string;
  /** E.g. `1.5`: of the protocol's definition of the log. */
  version: string;
}

export interface SystemEventLogQuery {
  /** A cursor, or the id of an entry: only what came after it. */
  after?: string;
  /** Only so many of the newest. */
  last?: number;
}

export interface SystemEventLogReading {
  /** Oldest first. */
  entries: SystemEventLogEntry[];
  /** For the next `after`; left out where the log is empty. */
  cursor?: string;
  /** The entry that `after` names is gone (the log was cleared, or is full and overwrites): everything there is was read. */
  restarted: boolean;
}

export interface SystemEventLogCleared {
  /** Entries that are gone for good. */
  removed: number;
  info: SystemEventLogInfo;
}

export interface SystemEventLogTime {
  /** ISO 8601, UTC; left out where the clock was never set. */
  at?: string;
  /** Where the clock was never set: how long it has been running. */
  secondsSinceStart?: number;
  /** How far the log's clock is from UTC by its maker's intention; left out where the BMC does not say. */
  utcOffsetMinutes?: number;
  /** The BMC's time less ours, to the second. */
  aheadSeconds?: number;
}

export interface SystemEventLogCapability {
  info(options?: CallOptions): Promise<BmcResult<SystemEventLogInfo>>;
  list(query?: SystemEventLogQuery, options?: CallOptions): Promise<BmcResult<SystemEventLogReading>>;
  /** Removes every entry; the entries are gone for good. */
  clear(options?: CallOptions): Promise<BmcResult<SystemEventLogCleared>>;
  /** Removes one entry for good; the value is what it was. */
  remove(id: string, options?: CallOptions): Promise<BmcResult<SystemEventLogEntry>>;
  /** The clock that stamps the entries. */
  time(options?: CallOptions): Promise<BmcResult<SystemEventLogTime>>;
  /** @param at milliseconds since the epoch; the present time when left out */
  setTime(at?: number, options?: CallOptions): Promise<BmcResult<SystemEventLogTime>>;
  /** Takes the newest event out of the buffer that is kept for system software; an empty list where there is none. */
  takeBufferedEvent(options?: CallOptions): Promise<BmcResult<SystemEventLogEntry[]>>;
}
