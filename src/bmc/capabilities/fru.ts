import type { BmcResult, CallOptions } from '../result.ts';

/** One field-replaceable unit. A field the unit lacks is left out, never an empty string. */
export interface FieldReplaceableUnit {
  id: string;
  /** E.g. `Builtin FRU Device`. */
  name: string;
  chassisType?: string;
  chassisPartNumber?: string;
  chassisSerial?: string;
  boardManufacturer?: string;
  boardProduct?: string;
  boardSerial?: string;
  boardPartNumber?: string;
  /** Milliseconds since the epoch. */
  boardManufacturedAt?: number;
  productManufacturer?: string;
  productName?: string;
  productPartNumber?: string;
  productVersion?: string;
  productSerial?: string;
  assetTag?: string;
}

export interface FruCapability {
  list(options?: CallOptions): Promise<BmcResult<FieldReplaceableUnit[]>>;
}

export const fruMethods: Record<keyof FruCapability, true> = { list: true };
