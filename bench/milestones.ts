/** What both contestants say on the serial console on their way, and what the server's processor had done by then. */
import { readdirSync, readFileSync } from 'node:fs';
import type { LabMachine } from '../lab/index.ts';

/** Phases, each ending in its milestone. */
export const phases = [
  ['firmware', 'power-on → iPXE asks for an address'],
  ['address', '→ iPXE has it'],
  ['loaded', '→ kernel and ramdisk fetched'],
  ['init', '→ first program of the ramdisk'],
  ['dhcp', '→ ramdisk has its address'],
  ['write-begin', '→ first write'],
  ['write-end', '→ image written and synced'],
  ['reboot', '→ reboot'],
  ['disk', '→ boot loader on the disk'],
  ['up', '→ installed system is up'],
] as const;

export type Milestone = (typeof phases)[number][0];

/** SeaBIOS moves the cursor of the serial console now and then, in the middle of a word too. */
function despiteCursor(text: string): RegExp {
  return new RegExp(text.split('').join(String.raw`(?:\x1b\[[\d;]*[A-Za-z])*`));
}

export const athanorMarks: Record<Milestone, RegExp> = {
  firmware: /Configuring \(net0 /,
  address: /Filename: /,
  // The start of the last, tiny file: what iPXE says after it can be lost when the kernel takes over.
  loaded: /ticket\.\.\./,
  init: /ATHANOR ramdisk start/,
  dhcp: /ATHANOR ramdisk dhcp/,
  'write-begin': /ATHANOR ramdisk write-begin/,
  'write-end': /ATHANOR ramdisk write-end/,
  reboot: /ATHANOR ramdisk reboot/,
  disk: despiteCursor('Welcome to GRUB'),
  up: /ATHANOR-LAB-OS up .*root=ok/,
};

export const peerMarks: Record<Milestone, RegExp> = {
  ...athanorMarks,
  loaded: /initrd\.img\.\.\./,
  init: /PEER start/,
  dhcp: /PEER dhcp/,
  'write-begin': /PEER write-begin/,
  'write-end': /PEER write-end/,
  reboot: /PEER reboot/,
};

/** Clock ticks of Linux's /proc, which are 1/100 s on every architecture that Debian knows (proc(5), USER_HZ). */
const ticksPerSecond = 100;

/** User and system seconds of the processes whose command line holds `text`. */
export function cpuSecondsOf(text: string): number {
  let ticks = 0;
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      if (!readFileSync(`/proc/${entry}/cmdline`, 'latin1').includes(text)) continue;
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1');
      // Behind the command's name in parentheses: state is field 3, utime and stime are 14 and 15.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      ticks += Number(fields[11]) + Number(fields[12]);
    } catch {
      // It ended while we looked.
    }
  }
  return ticks / ticksPerSecond;
}

/** When a milestone was on the console (milliseconds since 1970). */
export interface Sighting {
  milestone: Milestone;
  time: number;
  cpu: number;
}

/** Follows the milestones of one boot on the serial console, from its length `from` on. */
export async function watchMilestones(
  machine: LabMachine,
  marks: Record<Milestone, RegExp>,
  options: { from: number; timeoutMs: number },
): Promise<Sighting[]> {
  const qemu = `qemu-system-x86_64\0-name\0${machine.name}\0`;
  return await Promise.all(
    phases.map(async ([milestone]) => {
      const match = await machine.waitForSerial(marks[milestone], options);
      return { milestone, time: match.time, cpu: cpuSecondsOf(qemu) };
    }),
  );
}
