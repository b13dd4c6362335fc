import type { BmcResult, CallOptions } from '../result.ts';

/** Whether the main power of the system is on. Standby power, by which the BMC lives, does not count. */
export type PowerState = 'on' | 'off';

/**
 * - `on`, `off`: the state to reach; `off` cuts the power without asking the operating system.
 * - `cycle`: off, a pause, on. BMCs may refuse it while the power is off.
 * - `reset`: a hard reset without cutting the power.
 * - `soft`: asks the operating system to shut down (ACPI power button); it may take its time, or ignore it.
 * - `nmi`: a diagnostic interrupt; what the operating system makes of it (a crash dump, a panic) is its own affair.
 */
export type PowerVerb = 'on' | 'off' | 'cycle' | 'reset' | 'soft' | 'nmi';

export interface PowerStatus {
  state: PowerState;
  /** Faults the chassis reports beside it, in words; empty when all is well. */
  faults: string[];
}

export interface PowerCapability {
  get(options?: CallOptions): Promise<BmcResult<PowerStatus>>;
  /**
   * `done` for on, off and soft: the state was read back. For cycle and reset: the BMC confirmed and the power reads on
   * afterwards (that it was ever off cannot be read). For nmi: the BMC confirmed, which is all that can be read. A verb is sent once and never again by itself.
   */
  set(verb: PowerVerb, options?: CallOptions): Promise<BmcResult<PowerStatus>>;
}
