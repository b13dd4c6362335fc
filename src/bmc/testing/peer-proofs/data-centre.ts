/** DCMI and fans. */
import type { PeerProof, PeerProofs } from './proof.ts';

const test = 'src/bmc/data-centre.peer.test.ts';
const ipmitool: PeerProof = { test, peers: ['ipmitool against our simulator'] };
const freeipmi: PeerProof = { test, peers: ['FreeIPMI against our simulator'] };
const set = (what: string): PeerProof => ({
  unproved: `no client reads ${what}; the simulator that took it is read back in ${test}`,
});

export const dataCentreProofs: PeerProofs = {
  'dcmi capabilities': ipmitool,
  'dcmi power': freeipmi,
  'dcmi power-limit get': ipmitool,
  'dcmi power-limit set': ipmitool,
  'dcmi power-limit activate': ipmitool,
  'dcmi power-limit deactivate': ipmitool,
  'dcmi asset-tag get': freeipmi,
  'dcmi asset-tag set': freeipmi,
  'dcmi controller-name get': ipmitool,
  'dcmi controller-name set': set('what we wrote; the name ipmitool wrote is read'),
  'dcmi thermal': ipmitool,
  'dcmi thermal-limit set': ipmitool,
  'dcmi sensors': freeipmi,
  'fans get': ipmitool,
  'fans set-mode': ipmitool,
  'fans set-duty': ipmitool,
  'fans hold': ipmitool,
};
