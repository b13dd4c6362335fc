import type { BmcResult, CallOptions } from '../result.ts';

/** What the BMC can do for the running of a data centre. */
export interface DataCentreCapabilities {
  /** Of the standard, e.g. `DCMI 1.5`. */
  conformance: string;
  supported: string[];
  /** Rolling averages of the power that are kept, in seconds. */
  powerAverages: number[];
}

export interface PowerMeterReading {
  currentWatts: number;
  minimumWatts: number;
  maximumWatts: number;
  averageWatts: number;
  /** ISO 8601. */
  at: string;
  /** Over which time minimum, maximum and average were taken. */
  periodSeconds: number;
  /** False: the power is not measured now. */
  active: boolean;
}

export type PowerLimitExceeded = 'none' | 'hard-power-off' | 'log-only';

export interface PowerLimitSettings {
  watts: number;
  /** For how long it may be exceeded before something is done. */
  correctionMs: number;
  samplingSeconds: number;
  whenExceeded: PowerLimitExceeded;
}

export interface PowerLimitReading {
  /** Whether a limit holds. */
  active: boolean;
  /** Left out where there is none, or where the BMC tells none that does not hold. */
  watts?: number;
  correctionMs?: number;
  samplingSeconds?: number;
  /** The BMC's number where the standard has no word for it. */
  whenExceeded?: string;
}

export interface TemperatureReading {
  place: 'inlet' | 'processor' | 'baseboard';
  instance: number;
  celsius: number;
}

export interface TemperatureLimit {
  place: TemperatureReading['place'];
  instance: number;
  celsius: number;
  exceptionSeconds: number;
  powerOff: boolean;
  log: boolean;
}

export interface ThermalReading {
  temperatures: TemperatureReading[];
  limits: TemperatureLimit[];
}

export interface SensorPlaces {
  place: TemperatureReading['place'];
  sensors: number;
  /** Records of the sensor repository. */
  recordIds: number[];
}

export interface DataCentreCapability {
  capabilities(options?: CallOptions): Promise<BmcResult<DataCentreCapabilities>>;
  /** @param averageSeconds one of the BMC's rolling averages; since the BMC began when left out */
  power(averageSeconds?: number, options?: CallOptions): Promise<BmcResult<PowerMeterReading>>;
  getPowerLimit(options?: CallOptions): Promise<BmcResult<PowerLimitReading>>;
  setPowerLimit(limit: PowerLimitSettings, options?: CallOptions): Promise<BmcResult<PowerLimitReading>>;
  activatePowerLimit(active: boolean, options?: CallOptions): Promise<BmcResult<PowerLimitReading>>;
  getAssetTag(options?: CallOptions): Promise<BmcResult<{ assetTag: string }>>;
  setAssetTag(assetTag: string, options?: CallOptions): Promise<BmcResult<{ assetTag: string }>>;
  /** The BMC's own name, often its host name. */
  getControllerName(options?: CallOptions): Promise<BmcResult<{ controllerName: string }>>;
  setControllerName(name: string, options?: CallOptions): Promise<BmcResult<{ controllerName: string }>>;
  thermal(options?: CallOptions): Promise<BmcResult<ThermalReading>>;
  setTemperatureLimit(limit: TemperatureLimit, options?: CallOptions): Promise<BmcResult<TemperatureLimit>>;
  sensors(options?: CallOptions): Promise<BmcResult<SensorPlaces[]>>;
}
