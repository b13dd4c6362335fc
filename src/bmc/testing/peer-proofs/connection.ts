import type { PeerProofs } from './proof.ts';

const test = 'src/bmc/connection.peer.test.ts';

export const connectionProofs: PeerProofs = {
  ping: { test, peers: ["FreeIPMI's rmcpping against ipmi_sim"] },
  auth: { test, peers: ['ipmitool against ipmi_sim'] },
  'session info': { test, peers: ['ipmitool against ipmi_sim'] },
  raw: { test, peers: ['ipmitool against ipmi_sim'] },
  quirks: { unproved: 'no other program lists them: the table is checked by unit tests, each with its source' },
};
