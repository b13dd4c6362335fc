import type { BmcResult, CallOptions } from '../result.ts';

/** What the power does when mains come back. */
export type RestorePolicy = 'always-off' | 'previous' | 'always-on';

export interface ChassisReading {
  power: 'on' | 'off';
  powerOverload: boolean;
  powerInterlock: boolean;
  powerFault: boolean;
  powerControlFault: boolean;
  restorePolicy: RestorePolicy | 'unknown';
  /** What last changed the power, in words; empty where the BMC names nothing. */
  lastPowerEvents: string[];
  intrusion: boolean;
  frontPanelLockout: boolean;
  driveFault: boolean;
  coolingFault: boolean;
  /** Left out where the BMC does not say. */
  identify?: 'off' | 'temporary' | 'indefinite';
  /** Which fittings the chassis has; left out where the BMC does not say. */
  fittings?: { intrusion: boolean; frontPanelLockout: boolean; diagnosticInterrupt: boolean; powerInterlock: boolean };
}

export interface RestartCauseReading {
  cause: string;
  channel: number;
}

export interface PowerOnTime {
  hours: number;
  /** The counter as it is, and what one count stands for. */
  count: number;
  minutesPerCount: number;
}

export interface RestorePolicyReading {
  policy: RestorePolicy | 'unknown';
  /** Which ones this BMC can be set to; empty where it does not say. */
  supported: RestorePolicy[];
}

/** True disables the button. */
export interface DisabledButtons {
  standby: boolean;
  diagnosticInterrupt: boolean;
  reset: boolean;
  power: boolean;
}

export interface ChassisCapability {
  status(options?: CallOptions): Promise<BmcResult<ChassisReading>>;
  restartCause(options?: CallOptions): Promise<BmcResult<RestartCauseReading>>;
  powerOnTime(options?: CallOptions): Promise<BmcResult<PowerOnTime>>;
  getRestorePolicy(options?: CallOptions): Promise<BmcResult<RestorePolicyReading>>;
  /** Read back. */
  setRestorePolicy(policy: RestorePolicy, options?: CallOptions): Promise<BmcResult<RestorePolicyReading>>;
  /** How long the power stays off in a power cycle. `done`: the BMC confirmed; it cannot be read back. */
  setPowerCycleInterval(seconds: number, options?: CallOptions): Promise<BmcResult<{ seconds: number }>>;
  /** `done`: the BMC confirmed, and any lockout it shows was read back. */
  disableButtons(buttons: DisabledButtons, options?: CallOptions): Promise<BmcResult<DisabledButtons>>;
}
