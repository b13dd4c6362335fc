import type { BmcResult, CallOptions } from '../result.ts';

export type SensorHealth = 'ok' | 'warning' | 'critical' | 'unknown';

export interface SensorReading {
  /** The BMC's own name, e.g. `CPU1 Temp`. Unique on one BMC together with `id`. */
  name: string;
  id: string;
  /** The specification's sensor type, e.g. `Temperature`. */
  type: string;
  /** Undefined when the sensor is absent, is not scanned, or is discrete. Never a made-up 0. */
  value: number | undefined;
  /** `degrees C`, `RPM`, `Volts`, `Watts`, `percent` …; empty for a discrete sensor. */
  unit: string;
  /** Asserted states of a discrete sensor, in the specification's words. */
  states: string[];
  health: SensorHealth;
  /** Upper and lower limits where the BMC gives them, in the same unit. */
  thresholds: Partial<Record<SensorThreshold, number>>;
}

export type SensorThreshold =
  | 'lower-non-recoverable'
  | 'lower-critical'
  | 'lower-non-critical'
  | 'upper-non-critical'
  | 'upper-critical'
  | 'upper-non-recoverable';

export interface SensorsCapability {
  list(options?: CallOptions): Promise<BmcResult<SensorReading[]>>;
}

export const sensorsMethods: Record<keyof SensorsCapability, true> = { list: true };
