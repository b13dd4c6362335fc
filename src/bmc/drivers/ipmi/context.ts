import type { Lane } from '../../lane.ts';
import type { Clock } from '../../ports.ts';
import type { Quirks } from '../../quirks/index.ts';
import type { IpmiClient } from './client.ts';
import type { Peer } from './session-errors.ts';

/** What every capability of this driver works with. */
export interface IpmiContext {
  peer: Peer;
  client: IpmiClient;
  lane: Lane;
  clock: Clock;
  /** What this BMC does otherwise than the specification; those that match by themselves only after Get Device ID. */
  quirks: Quirks;
}
