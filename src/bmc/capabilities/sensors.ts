import type { BmcResult, CallOptions } from '../result.ts';

export type SensorHealth = 'ok' | 'warning' | 'critical' | 'unknown';

export interface SensorReading {
  /** The BMC's own name, e.g. `CPU1 Temp`. Several sensors may have the same. */
  name: string;
  /** Tells the sensors of one BMC apart. */
  id: string;
  /** The specification's sensor type, e.g. `Temperature`. */
  type: string;
  /** What it belongs to, e.g. `power supply 1`. */
  entity: string;
  /** Undefined when the sensor is absent, is not scanned, or is discrete. Never a made-up 0. */
  value: number | undefined;
  /** `degrees C`, `RPM`, `Volts`, `Watts`, `percent` …; empty for a discrete sensor. */
  unit: string;
  /** The states that hold now, in the specification's words. */
  states: string[];
  health: SensorHealth;
  /** Upper and lower limits where the BMC gives them, in the same unit. */
  thresholds: SensorThresholds;
  /** Why nothing is known of it now; undefined where something is. */
  unavailable: string | undefined;
}

export const sensorThresholds = [
  'lower-non-recoverable',
  'lower-critical',
  'lower-non-critical',
  'upper-non-critical',
  'upper-critical',
  'upper-non-recoverable',
] as const;

export type SensorThreshold = (typeof sensorThresholds)[number];

export type SensorThresholds = Partial<Record<SensorThreshold, number>>;

export interface SensorDetails extends SensorReading {
  kind: 'threshold' | 'discrete' | 'events only';
  /** Who has it: `BMC`, `controller 0x2c on channel 0`, `system software 0x41`. */
  owner: string;
  /** The reading and the bits of the states as they came; undefined where none came. */
  raw: { reading: number; states: number | undefined } | undefined;
  /** How far a value must come back past a threshold before its state ends, in the same unit. */
  hysteresis: { positive: number; negative: number } | undefined;
  /** What the maker says of the values it can have. */
  range: Partial<Record<'nominal' | 'normalMinimum' | 'normalMaximum' | 'minimum' | 'maximum', number>>;
  settableThresholds: SensorThreshold[];
}

/** Which sensors; what is left out does not matter. */
export interface SensorSelection {
  /** The name or id of one, in any case. */
  named?: string;
  /** A pattern with `*` and `?`, or a part of the name, in any case. */
  pattern?: string;
  /** The type's name, in any case, e.g. `fan`. */
  type?: string;
}

/** One record of what the BMC says of its own sensors, units and controllers. */
export interface SensorRecordSummary {
  recordId: string;
  /** E.g. `full sensor`, `FRU device`. */
  kind: string;
  name: string;
  /** Empty where the record has none. */
  entity: string;
  /** The sensors it describes; empty where it describes none. */
  sensorIds: string[];
  /** The rest that matters, in words. */
  detail: string;
}

export interface SensorRecordStore {
  /** `repository`: one store for all of them; `device`: the BMC describes its own sensors only. */
  source: 'repository' | 'device';
  version: string | undefined;
  recordCount: number;
  /** Undefined where the BMC does not say. */
  freeBytes: number | undefined;
  lastAdditionAt: number | undefined;
  lastEraseAt: number | undefined;
  overflowed: boolean;
}

export interface SensorsCapability {
  list(selection?: SensorSelection, options?: CallOptions): Promise<BmcResult<SensorReading[]>>;
  /** All sensors of that name or id; none is an error. */
  describe(nameOrId: string, options?: CallOptions): Promise<BmcResult<SensorDetails[]>>;
  /** `done` when the new limits read back. A sensor takes steps: what reads back is the nearest it can hold. */
  setThresholds(
    nameOrId: string,
    thresholds: SensorThresholds,
    options?: CallOptions,
  ): Promise<BmcResult<SensorDetails>>;
  listRecords(options?: CallOptions): Promise<BmcResult<SensorRecordSummary[]>>;
  recordStore(options?: CallOptions): Promise<BmcResult<SensorRecordStore>>;
}
