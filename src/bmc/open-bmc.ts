import type { BreakerState } from './circuit-breaker.ts';
import type { Capabilities } from './contract.ts';
import type { BmcDependencies } from './driver.ts';
import type { LaneSettings } from './lane.ts';
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
  return {
    ...driver.capabilities,
    settings: withoutSecrets(settings),
    get breakerState() {
      return lane.breakerState;
    },
    close: () => driver.close(),
  };
}
