import type { PeerProofs } from './proof.ts';

const test = 'src/bmc/access.peer.test.ts';
const recorded = 'ipmitool against ipmi_sim with a recorded server';
const ours = 'ipmitool with suite 17 against our simulator';
const freeipmi = 'ipmi-config of FreeIPMI against our simulator';

export const accessProofs: PeerProofs = {
  'channel list': { test, peers: [recorded, ours] },
  'channel get': { test, peers: [recorded, ours] },
  'channel set-access': { test, peers: [ours] },
  'user list': { test, peers: [recorded, ours] },
  'user create': { test, peers: [recorded, ours] },
  'user set-name': { test, peers: [recorded] },
  'user set-password': { test, peers: [ours] },
  'user test-password': { test, peers: [ours] },
  'user enable': { test, peers: [ours] },
  'user disable': { test, peers: [ours] },
  'user set-privilege': { test, peers: [ours] },
  'user set-sol-access': { test, peers: [ours] },
  'user remove': { test, peers: [ours] },
  'lan get': { test, peers: [recorded, ours, freeipmi] },
  'lan set': { test, peers: [recorded, ours] },
  'lan set-cipher-privileges': { test, peers: [ours] },
  'sol info': { test, peers: [ours] },
  'sol set': { test, peers: [ours] },
  'serial get': { test, peers: [freeipmi] },
  'serial set': { test, peers: [freeipmi] },
};
