import type { BmcResult, CallOptions } from '../result.ts';

/** One of the three kinds of text that a unit carries about itself. A field it lacks is left out, never an empty string. */
export interface FruTexts {
  manufacturer?: string;
  productName?: string;
  partNumber?: string;
  serialNumber?: string;
  version?: string;
  assetTag?: string;
  fileId?: string;
  /** What the maker wrote beside the fields that have a name. */
  custom: string[];
}

export interface FruRecord {
  /** E.g. `power supply`, `DC output`, `OEM`. */
  type: string;
  /** What it says, each with its unit in the name. */
  values: Record<string, string | number | boolean>;
  /** What is not understood, in hex. */
  raw?: string;
}

/** One field-replaceable unit. */
export interface FieldReplaceableUnit {
  id: string;
  /** E.g. `Builtin FRU Device`. */
  name: string;
  /** False where its place is empty or it does not answer; `findings` says why. */
  present: boolean;
  sizeBytes?: number;
  chassis?: FruTexts & { type: string };
  board?: FruTexts & { /** ISO 8601, UTC. */ manufacturedAt?: string };
  product?: FruTexts;
  records: FruRecord[];
  /** What is wrong with its data, in words: what could be read is here nevertheless. */
  findings: string[];
}

export type FruPart = 'chassis' | 'board' | 'product';

export interface FruFieldChange {
  part: FruPart;
  /** `assetTag`, `serialNumber` …, or `custom1` and on. */
  field: string;
  value: string;
}

export interface FruFieldChanged {
  id: string;
  part: FruPart;
  field: string;
  before: string;
  /** As it was read back. */
  after: string;
}

export interface FruCapability {
  list(options?: CallOptions): Promise<BmcResult<FieldReplaceableUnit[]>>;
  get(id: string, options?: CallOptions): Promise<BmcResult<FieldReplaceableUnit>>;
  /** Rewrites the part that holds the field, in its place; refused where it does not fit or the data are damaged. */
  set(id: string, change: FruFieldChange, options?: CallOptions): Promise<BmcResult<FruFieldChanged>>;
}
