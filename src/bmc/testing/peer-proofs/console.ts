import type { PeerProofs } from './proof.ts';

const test = 'src/bmc/console.peer.test.ts';
const peers = ['ipmitool against ipmi_sim'];

export const consoleProofs: PeerProofs = {
  'console status': { test, peers },
  'console deactivate': { test, peers },
};
