/**
 * SEL timestamps (IPMI v2.0 §37): seconds since 1970 in the BMC's own time, whose distance from UTC the BMC may tell
 * (Get SEL Time UTC Offset). Two ranges mean something else.
 */

/** 0xFFFFFFFF: the BMC knows no time. */
export const unspecifiedTimestamp = 0xffff_ffff;

/** Up to this value a timestamp counts the seconds since the BMC (or its SEL device) started; §37.1. */
export const lastSinceInitialization = 0x2000_0000;

export type SelTimestamp =
  | { kind: 'clock'; seconds: number }
  /** The clock was not set yet when this was written. */
  | { kind: 'since-initialization'; seconds: number }
  | { kind: 'unspecified' };

export function readTimestamp(value: number): SelTimestamp {
  if (value === unspecifiedTimestamp) return { kind: 'unspecified' };
  return { kind: value <= lastSinceInitialization ? 'since-initialization' : 'clock', seconds: value };
}
