/** What the opening of a session needs. */
import type { CipherSuite } from '../../../protocols/ipmi/index.ts';
import type { CredentialReference, Lane } from '../../lane.ts';
import type { Clock, RandomBytes } from '../../ports.ts';
import type { Quirks } from '../../quirks/index.ts';
import type { Link } from './link.ts';
import type { Peer } from './session-errors.ts';

export interface SessionSetup {
  peer: Peer;
  link: Link;
  lane: Lane;
  clock: Clock;
  randomBytes: RandomBytes;
  credential: CredentialReference & {
    username: string;
    password: string;
    /** K_g: 20 bytes; where the BMC has none, the password stands in for it. */
    systemKey?: Uint8Array;
  };
  /** In the order of preference. */
  suites: readonly CipherSuite[];
  /** False once a session of this BMC has been open: it is known to speak IPMI 2.0. */
  askCapabilities: boolean;
  quirks?: Pick<Quirks, 'has'>;
  signal?: AbortSignal;
}
