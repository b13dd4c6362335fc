import { CapabilitiesOnDemand } from './capabilities-on-demand.ts';
import type { BreakerState } from './circuit-breaker.ts';
import type { Capabilities } from './contract.ts';
import type { BmcDependencies, OpenDriver } from './driver.ts';
import type { Lane, LaneSettings } from './lane.ts';
import { createLane } from './lane.ts';
import { drivers } from './registry.ts';
import type { BmcSettings, PublicBmcSettings } from './settings.ts';
import { withoutSecrets } from './settings.ts';

export interface Bmc extends Capabilities {
  readonly settings: PublicBmcSettings;
  /** `open` while the BMC is left alone because it does not answer. */
  readonly breakerState: BreakerState;
  /** Closes the session and the socket. Calls after it fail. */
  close(): Promise<void>;
}

/**
 * A handle to one BMC; keep one per BMC, for it holds the BMC's one lane. Nothing is sent before the first call, and no
 * method ever rejects: what goes wrong is in the result. Throws `invalid-configuration` or `bmc-insecure` when the
 * settings cannot be used.
 */
export function openBmc(settings: BmcSettings, dependencies: BmcDependencies, laneSettings?: LaneSettings): Bmc {
  const inFlight = settings.requestsInFlight;
  const lane = createLane(settings.name, dependencies, {
    ...(inFlight !== undefined && { inFlight }),
    ...laneSettings,
  });
  const driver = drivers[settings.driver].open(settings, { lane, dependencies });
  return new OpenBmc(settings, lane, driver);
}

class OpenBmc extends CapabilitiesOnDemand implements Bmc {
  readonly settings: PublicBmcSettings;
  readonly #lane: Lane;
  readonly #driver: OpenDriver;

  constructor(settings: BmcSettings, lane: Lane, driver: OpenDriver) {
    super((name) => driver.capabilities[name]);
    this.settings = withoutSecrets(settings);
    this.#lane = lane;
    this.#driver = driver;
  }

  get breakerState(): BreakerState {
    return this.#lane.breakerState;
  }

  close(): Promise<void> {
    return this.#driver.close();
  }
}
