import type { Lane } from '../../lane.ts';
import type { Clock } from '../../ports.ts';
import type { IpmiClient } from './client.ts';
import type { Peer } from './session-errors.ts';

/** What every capability of this driver works with. */
export interface IpmiContext {
  peer: Peer;
  client: IpmiClient;
  lane: Lane;
  clock: Clock;
}
