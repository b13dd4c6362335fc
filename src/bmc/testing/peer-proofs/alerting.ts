/** Event filtering and alerts. */
import type { PeerProof, PeerProofs } from './proof.ts';

const test = 'src/bmc/alerting.peer.test.ts';
const ipmitool: PeerProof = { test, peers: ['ipmitool against our simulator'] };
const freeipmi: PeerProof = { test, peers: ['FreeIPMI against our simulator'] };
const both: PeerProof = {
  test,
  peers: ['ipmitool against our simulator', 'FreeIPMI (ipmi-config) against our simulator'],
};
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
  'pef policies': freeipmi,
  'pef policy enable': freeipmi,
  'pef policy disable': freeipmi,
  'pef postpone': set('the postpone timer'),
  'alert destinations': both,
  'pef filter get': freeipmi,
  'pef policy set': freeipmi,
  'alert set-destination': both,
  'alert strings': freeipmi,
  'alert set-string': freeipmi,
};
