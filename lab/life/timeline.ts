/** The timeline of a life as people and programs read it. */
import type { StageName, StageSeen } from './stages.ts';

const meaning: Record<StageName, string> = {
  'power-on': 'powered on through its BMC',
  address: 'has an address from our DHCP',
  loader: 'fetched its loader over TFTP',
  script: 'runs our iPXE script',
  ramdisk: 'ramdisk is up and identified',
  inventory: 'hardware is known',
  'bmc-tied': 'tied to its BMC by GUID',
  free: 'free, powered off',
  deploy: 'deployment begins',
  'image-checked': 'image has its declared digest',
  'deploy-power-on': 'powered on for the network',
  'deploy-ramdisk': 'ramdisk is up again',
  'image-written': 'image written and read back',
  active: 'ACTIVE: its own system is up',
  heard: 'its agent is heard',
  broken: 'BROKEN by the lab',
  detected: 'its silence is noticed',
  'looked-at': 'its screen is read out-of-band',
  'rule-matched': 'a rule knows that screen',
  acting: 'first action',
  'steps-done': 'the playbook is through',
  healed: 'HEALED: it is heard again',
  'active-again': 'ACTIVE again, by its own record',
};

/** One line for a stage just seen. `begun` is when the life began, milliseconds since 1970. */
export function stageLine({ machine, stage, time, detail }: StageSeen, begun: number): string {
  return `${seconds(time - begun).padStart(8)}  ${machine.padEnd(8)} ${meaning[stage].padEnd(34)} ${detail}`;
}

export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/** One row per stage, one column per machine: seconds since `begun`. */
export function timelineTable(
  stages: readonly StageName[],
  seen: readonly StageSeen[],
  machines: readonly string[],
  begun: number,
): string {
  const lines = [`${''.padEnd(36)}${machines.map((machine) => machine.padStart(12)).join('')}`];
  for (const stage of stages) {
    const cells = machines.map((machine) => seen.find((one) => one.machine === machine && one.stage === stage));
    if (cells.every((cell) => cell === undefined)) continue;
    const times = cells.map((cell) => (cell === undefined ? '–' : seconds(cell.time - begun)).padStart(12));
    lines.push(`${meaning[stage].padEnd(36)}${times.join('')}`);
  }
  return lines.join('\n');
}
