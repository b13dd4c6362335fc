/** How a server is broken, what its screen must show then by the lab's own record, and what mends it. */
import { isDeepStrictEqual } from 'node:util';
import {
  hangAtGrub,
  type LabMachine,
  panicByNmi,
  panicBySysrq,
  panicLines,
  rowsOf,
  vgaText,
  type VgaText,
} from '../index.ts';

/** What the lab itself knows of a screen that Athanor read. */
export interface ScreenWitness {
  /** For people. */
  source: string;
  /** How a reading differs from it, or undefined when it does not. */
  differs(lines: readonly string[]): string | undefined;
}

export interface Breakage {
  name: string;
  /** For people: what is done to it. */
  detail: string;
  /** Breaks it; resolves with the time (milliseconds since 1970). */
  inject(machine: LabMachine): Promise<number>;
  /** What the screen shows, once it stands still. `serialFrom`: where the serial log stood before it was broken. */
  screen(machine: LabMachine, serialFrom: number): Promise<ScreenWitness>;
  /** What its BMC must have been told, and nothing else. */
  chassisCalls: readonly string[];
  /** All that was typed, the lab's own keys included. */
  typed: string;
  /** It takes as long as a boot to show: the first look may come too early, and asks for a person. */
  slow: boolean;
}

const PANIC_MS = 30_000;
/** 1280 pixels in cells of 8. */
const UEFI_COLUMNS = 160;
const panicked = /---\[ end Kernel panic.*\]---/;

/** The screen of a text mode once two looks are the same. */
export async function stillScreen(machine: LabMachine): Promise<VgaText> {
  let last = await vgaText(machine);
  for (let look = 0; look < 100; look += 1) {
    const next = await vgaText(machine);
    if (isDeepStrictEqual(next, last)) return next;
    last = next;
  }
  throw new Error(`the screen of ${machine.name} does not stand still`);
}

function firstDifference(seen: readonly string[], expected: readonly string[]): string | undefined {
  for (let row = 0; row < Math.max(seen.length, expected.length); row += 1) {
    if ((seen[row] ?? '') !== (expected[row] ?? ''))
      return `row ${row} was read as ${JSON.stringify(seen[row])} and is ${JSON.stringify(expected[row])}`;
  }
  return undefined;
}

function byVideoMemory({ lines }: VgaText): ScreenWitness {
  return {
    source: 'VGA memory',
    differs: (seen) => firstDifference(seen, lines),
  };
}

/** A kernel writes the same lines to its screen and to its serial console; the screen holds the last of them. */
function bySerialCopy(panic: readonly string[], columns: number): ScreenWitness {
  const isFull = (line: string): boolean => line !== '';
  return {
    source: 'the serial copy',
    differs: (lines) => {
      const expected = rowsOf(panic, columns).filter(isFull);
      const seen = lines.filter(isFull);
      const count = Math.min(expected.length, seen.length);
      if (count < 5) return `only ${count} rows can be compared`;
      return firstDifference(seen.slice(-count), expected.slice(-count));
    },
  };
}

async function panicScreen(machine: LabMachine, serialFrom: number): Promise<ScreenWitness> {
  await machine.waitForSerial(panicked, { timeoutMs: PANIC_MS, from: serialFrom });
  if (machine.firmware === 'bios') return byVideoMemory(await stillScreen(machine));
  return bySerialCopy(panicLines((await machine.serialLog()).slice(serialFrom)), UEFI_COLUMNS);
}

export const sysrqPanic: Breakage = {
  name: 'sysrq',
  detail: 'kernel panic by SysRq',
  inject: panicBySysrq,
  screen: panicScreen,
  chassisCalls: ['power 0', 'power 1'],
  typed: '<alt-print><alt-print-c>',
  slow: false,
};

export const nmiPanic: Breakage = {
  name: 'nmi',
  detail: 'kernel panic by NMI',
  inject: panicByNmi,
  screen: panicScreen,
  chassisCalls: ['power 0', 'power 1'],
  typed: '',
  slow: false,
};

/** BIOS: on UEFI GRUB draws with the firmware's own font. */
export const grubPrompt: Breakage = {
  name: 'grub',
  detail: "stuck at GRUB's prompt",
  inject: hangAtGrub,
  screen: async (machine) => byVideoMemory(await stillScreen(machine)),
  chassisCalls: [],
  typed: 'configfile /grub.bak<ret>',
  slow: true,
};

export const breakNames = ['panic', 'grub'] as const;
export type BreakName = (typeof breakNames)[number];

/** A screen of GRUB's on UEFI has a font that is not read yet: there it is a panic either way. */
export function breakageFor(machine: LabMachine, name: BreakName): Breakage {
  if (machine.firmware === 'uefi') return nmiPanic;
  return name === 'grub' ? grubPrompt : sysrqPanic;
}
