import type { BmcResult, CallOptions } from '../result.ts';

/** `cold` starts the BMC anew as after power loss; `warm` keeps what it can. The machine itself keeps running. */
export type BmcResetKind = 'cold' | 'warm';

export interface BmcResetCapability {
  /** `done` when the BMC was seen to go away and to answer again. */
  reset(kind: BmcResetKind, options?: CallOptions): Promise<BmcResult<{ answeredAgainAfterMs: number }>>;
}
