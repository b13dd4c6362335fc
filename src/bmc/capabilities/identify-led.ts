import type { BmcResult, CallOptions } from '../result.ts';

/** The lamp by which a person finds the server in the rack. `on` until told otherwise; `blinking` for a while. */
export type IdentifyLedState = 'off' | 'on' | 'blinking';

export interface IdentifyLedCapability {
  get(options?: CallOptions): Promise<BmcResult<IdentifyLedState>>;
  /** `blinking` goes out by itself after `seconds` (the BMC's own default when left out). */
  set(state: IdentifyLedState, seconds?: number, options?: CallOptions): Promise<BmcResult<IdentifyLedState>>;
}
