/**
 * What a call to a BMC comes to. Never a silent no-op: a call that did not do what was asked says so, and every answer
 * names the driver that gave it and what it rests on.
 */
import type { AthanorError } from '../errors/index.ts';
import type { CapabilityName, DriverName } from './names.ts';

/** One thing seen on the way to a result. Never holds a secret. */
export interface Evidence {
  /** Where it was seen, e.g. `Get Chassis Status`. */
  source: string;
  /** What was seen, as a sentence a person can read. */
  detail: string;
  /** When: milliseconds since the epoch. */
  at: number;
}

/** The effect was seen, or (where `evidence` says so) the BMC confirmed it and nothing can be read back. */
export interface Done<Value> {
  outcome: 'done';
  value: Value;
  driver: DriverName;
  evidence: Evidence[];
}

/** Nothing was changed, and trying again cannot help: this driver or this BMC cannot do it. */
export interface Unsupported {
  outcome: 'unsupported';
  driver: DriverName;
  capability: CapabilityName;
  reason: string;
}

/** It did not happen: the request was refused, never sent, or seen to have had no effect. */
export interface Failed {
  outcome: 'failed';
  driver: DriverName;
  error: AthanorError;
  evidence: Evidence[];
}

/** It may have happened, and nothing tells. Look at the machine before asking again. */
export interface OutcomeUnknown {
  outcome: 'outcome unknown';
  driver: DriverName;
  error: AthanorError;
  evidence: Evidence[];
}

export type BmcResult<Value> = Done<Value> | Unsupported | Failed | OutcomeUnknown;

/** What every capability's methods take last. */
export interface CallOptions {
  /** Ends the call early; what was already sent stays sent, and the result says so. */
  signal?: AbortSignal;
  /** For a change: how long its effect is waited for, in milliseconds; each driver has a default per verb. */
  deadlineMs?: number;
}
