import type { BmcResult, CallOptions } from '../result.ts';

export interface RawRequest {
  /** IPMI network function (even). */
  networkFunction: number;
  command: number;
  data: Uint8Array;
  /** The caller's word that running it twice does no harm; without it the request is sent once at most. */
  idempotent: boolean;
  lun?: number;
  /** The controllers on the way, the addressed one last. */
  through?: { channel: number; address: number }[];
}

export interface RawResponse {
  /** 0 is success; any other is still `done`: the BMC answered. */
  completionCode: number;
  /** The completion code in the specification's words. */
  text: string;
  /** Hexadecimal. */
  data: string;
}

export interface RawCapability {
  send(request: RawRequest, options?: CallOptions): Promise<BmcResult<RawResponse>>;
}
