/** Power, chassis, boot, the BMC itself, watchdog. */
import type { PeerProof, PeerProofs } from './proof.ts';

const test = 'src/bmc/chassis.peer.test.ts';
const ipmitool: PeerProof = { test, peers: ['ipmitool against our simulator'] };
const freeipmi: PeerProof = { test, peers: ['FreeIPMI against our simulator'] };
const both: PeerProof = { test, peers: ['ipmitool against our simulator', 'FreeIPMI against our simulator'] };
const recorded: PeerProof = {
  test,
  peers: ['ipmitool against ipmi_sim with a recorded server', 'ipmitool against our simulator'],
};
const power: PeerProof = {
  test: 'src/bmc/ipmi.peer.test.ts',
  peers: ['ipmitool against ipmi_sim', 'the chassis program of ipmi_sim'],
};
const set = (what: string): PeerProof => ({
  unproved: `no client reads ${what}; the simulator that took it is read back in ${test}`,
});

export const chassisProofs: PeerProofs = {
  'power status': power,
  'power on': power,
  'power off': power,
  'power cycle': power,
  'power reset': power,
  'power soft': power,
  'power nmi': set('how many diagnostic interrupts there were'),
  identify: freeipmi,
  'chassis status': recorded,
  'chassis restart-cause': ipmitool,
  'chassis power-on-hours': ipmitool,
  'chassis policy get': ipmitool,
  'chassis policy set': ipmitool,
  'chassis cycle-interval': set('the power cycle interval'),
  'chassis buttons': ipmitool,
  'boot get': recorded,
  'boot pxe': ipmitool,
  'boot disk': ipmitool,
  'boot cdrom': both,
  'boot bios': ipmitool,
  'boot none': set('it otherwise than as no device'),
  'boot safe': ipmitool,
  'boot diagnostic': ipmitool,
  'boot floppy': ipmitool,
  'boot remote-floppy': set('remote media in a form of its own'),
  'boot remote-cdrom': set('remote media in a form of its own'),
  'boot remote-media': set('remote media in a form of its own'),
  'boot remote-disk': set('remote media in a form of its own'),
  'boot options': ipmitool,
  info: recorded,
  guid: freeipmi,
  'self-test': ipmitool,
  acpi: { unproved: `no client here reads the ACPI power state; ${test} checks it against the simulator's power` },
  'reset cold': set('a restart; the simulator forgets its sessions and falls silent'),
  'reset warm': set('a restart; the simulator forgets its sessions and falls silent'),
  'watchdog get': recorded,
  'watchdog set': ipmitool,
  'watchdog start': ipmitool,
  'watchdog stop': ipmitool,
};
