import type { PeerProofs } from './proof.ts';

const test = 'src/bmc/inventory.peer.test.ts';
const recorded = 'ipmitool -v fru print and ipmi-fru against ipmi_sim with five recorded servers';
const simulated = 'ipmitool -v fru print and ipmi-fru against our simulator';

export const fruProofs: PeerProofs = {
  'fru list': { test, peers: [recorded, simulated] },
  'fru get': { test, peers: [simulated] },
  'fru set': { test, peers: ['ipmitool -v fru print against our simulator, after the change'] },
};
