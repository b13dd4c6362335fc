import type { PeerProofs } from './proof.ts';

const test = 'src/bmc/event-log.peer.test.ts';
const recorded = 'against ipmi_sim with dell_r730.emu';
const simulated = 'against our simulator';

export const selProofs: PeerProofs = {
  'sel info': { test, peers: [`ipmitool sel info ${recorded}`, `ipmitool sel info ${simulated}`] },
  'sel list': {
    test,
    peers: [
      `ipmitool sel elist and -v sel list ${recorded}`,
      `ipmi-sel --output-event-state ${recorded}`,
      `ipmitool -v sel list and ipmi-sel ${simulated}, with OEM records and clock times`,
    ],
  },
  'sel clear': { test, peers: [`ipmitool sel info and sel list ${recorded}`] },
  'sel delete': { test, peers: [`ipmitool sel list ${recorded}`] },
  'sel time get': { test, peers: [`ipmitool sel time get ${recorded}`, `ipmitool sel time get ${simulated}`] },
  'sel time set': { test, peers: [`ipmitool sel time get ${recorded}`] },
  'events read': {
    test,
    peers: ['ipmitool event, which raises the event in our simulator; ipmi_sim keeps its buffer from consoles'],
  },
};
