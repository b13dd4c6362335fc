import type { BmcResult, CallOptions } from '../result.ts';

export interface BmcDeviceId {
  deviceId: number;
  deviceRevision: number;
  /** As vendors print it, e.g. `2.30`. */
  firmwareVersion: string;
  /** Four bytes in hex that some vendors use for the rest of the version; empty when the BMC sends none. */
  auxiliaryFirmware: string;
  /** Version of the protocol, e.g. `IPMI 2.0`. */
  protocolVersion: string;
  /** IANA enterprise number of the BMC's maker, not necessarily the server's. */
  manufacturerId: number;
  productId: number;
  /** False while the BMC initialises or updates itself. */
  available: boolean;
}

export interface BmcGuid {
  /** The 16 bytes as they came, in hex: compare with `sameGuid`, for their order is anybody's guess. */
  raw: string;
  /** How an SMBIOS UUID that means the same may be written; the likeliest first. Empty for a junk GUID. */
  candidates: string[];
}

export interface SelfTestReading {
  result: 'passed' | 'not-implemented' | 'failed';
  /** The result and its detail as they came, in hex. */
  raw: string;
  /** What failed, in the specification's words. */
  faults: string[];
}

export interface AcpiPowerStateReading {
  /** In words, e.g. `S0/G0 working`. */
  system: string;
  device: string;
}

export interface IdentityCapability {
  deviceId(options?: CallOptions): Promise<BmcResult<BmcDeviceId>>;
  /** The GUID of the system that the BMC manages, where the BMC knows it; it ties BMC and machine together. */
  guid(options?: CallOptions): Promise<BmcResult<BmcGuid>>;
  /** What the BMC found when it last tested itself. */
  selfTest(options?: CallOptions): Promise<BmcResult<SelfTestReading>>;
  /** The sleep state that the operating system or firmware last told the BMC. */
  acpiPowerState(options?: CallOptions): Promise<BmcResult<AcpiPowerStateReading>>;
}
