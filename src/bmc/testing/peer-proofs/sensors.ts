import type { PeerProofs } from './proof.ts';

const recorded = 'five recorded BMCs played by ipmi_sim';
const test = 'src/bmc/sensors.peer.test.ts';

export const sensorsProofs: PeerProofs = {
  sensors: {
    test,
    peers: [`ipmitool sensor list, ${recorded}`, `ipmi-sensors with thresholds and states, ${recorded}`],
  },
  'sensor get': { test, peers: ['ipmitool sensor get, a recorded BMC played by ipmi_sim'] },
  'sensor set-threshold': {
    test: 'src/bmc/simulated-sensors.peer.test.ts',
    peers: ['ipmitool sensor get and sensor thresh, our simulator'],
  },
  'sdr list': { test, peers: [`ipmitool sdr elist all, ${recorded}`] },
  'sdr info': { test, peers: [`ipmitool sdr info, ${recorded}`] },
};
