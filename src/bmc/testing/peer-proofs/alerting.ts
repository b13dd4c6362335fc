/** Event filtering and alerts. */
import type { PeerProof, PeerProofs } from './proof.ts';

const test = 'src/bmc/alerting.peer.test.ts';
const ipmitool: PeerProof = { test, peers: ['ipmitool against our simulator'] };
const freeipmi: PeerProof = { test, peers: ['FreeIPMI against our simulator'] };
const set = (what: string): PeerProof => ({
  unproved: `no client reads ${what}; the simulator that took it is read back in ${test}`,
});

export const alertingProofs: PeerProofs = {
  'pef info': ipmitool,
  'pef enable': ipmitool,
  'pef disable': set('it in the test but our own simulator'),
  'pef filters': freeipmi,
  'pef filter enable': freeipmi,
  'pef filter disable': freeipmi,
  'pef policies': set('more than whether a policy is enabled'),
  'pef policy enable': freeipmi,
  'pef policy disable': freeipmi,
  'pef postpone': set('the postpone timer'),
  'alert destinations': set('the destinations in this test; the codecs are proved with the LAN parameters'),
};
