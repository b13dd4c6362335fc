/** Screens of QEMU machines for the benchmark, each with the text that its video memory holds. */
import { encodePng } from '../src/console/index.ts';
import { codePage437 } from '../src/console/screen/code-page-437.ts';
import {
  type QemuScreen,
  type TextMemory,
  linuxTextMemory,
  startScreen,
} from '../src/console/screen/qemu-screen.fixture.ts';

export interface BenchScreen {
  name: string;
  width: number;
  height: number;
  png: Uint8Array;
  truth: string;
}

function textOf({ cells, columns, rows }: TextMemory): string {
  return Array.from({ length: rows }, (_, row) =>
    cells
      .slice(row * columns, (row + 1) * columns)
      .map(({ code }) => codePage437[code] ?? '')
      .join('')
      .trimEnd(),
  ).join('\n');
}

/** Waits until the text memory shows this, then takes picture and memory of one moment. */
async function capture(machine: QemuScreen, name: string, pattern: RegExp): Promise<BenchScreen> {
  const end = Date.now() + 60_000;
  while (Date.now() < end) {
    const { frame, memory } = await machine.look();
    const truth = memory === undefined ? '' : textOf(memory);
    if (pattern.test(truth)) return { name, width: frame.width, height: frame.height, png: encodePng(frame), truth };
  }
  throw new Error(`${name}: the screen never showed ${pattern}`);
}

const installed = /ATHANOR-LAB-OS up/;

async function biosScreens(): Promise<BenchScreen[]> {
  const empty = await startScreen({ firmware: 'bios', disk: false });
  const screens: BenchScreen[] = [];
  try {
    screens.push(await capture(empty, 'SeaBIOS, nothing to boot', /No bootable device/));
  } finally {
    await empty.close();
  }
  const machine = await startScreen({ firmware: 'bios' });
  try {
    screens.push(await capture(machine, 'GRUB, menu', /Another line/));
    await machine.press('c');
    screens.push(await capture(machine, 'GRUB, prompt', /grub>/));
    await machine.press('esc');
    await capture(machine, '', /Another line/);
    await machine.press('ret');
    await machine.says(installed, 90);
    screens.push(await capture(machine, 'Linux, booted', installed));
    machine.write('(clear; ls -l /bin | head -n 23; echo listed) >/dev/tty1\n');
    screens.push(await capture(machine, 'Linux, a list of files', /listed/));
    await machine.press('alt', 'sysrq', 'c');
    screens.push(await capture(machine, 'Linux, kernel panic', /end Kernel panic/));
  } finally {
    await machine.close();
  }
  return screens;
}

async function uefiScreens(): Promise<BenchScreen[]> {
  const machine = await startScreen({ firmware: 'uefi' });
  try {
    await machine.says(/Another line/, 60);
    await machine.press('ret');
    await machine.says(installed, 120);
    machine.write('dmesg -n 1\n');
    const screens: BenchScreen[] = [];
    for (const [name, command] of [
      ['Linux, booted', 'echo'],
      ['Linux, a list of files', 'clear; ls -l /bin | head -n 48'],
      ['Linux, its messages', 'clear; dmesg | tail -n 48'],
    ] as const) {
      machine.write(`(${command}) >/dev/tty1\n`);
      const truth = textOf(await linuxTextMemory(machine));
      const { width, height, ...frame } = await machine.picture();
      screens.push({ name: `${name}, framebuffer`, width, height, png: encodePng({ width, height, ...frame }), truth });
    }
    return screens;
  } finally {
    await machine.close();
  }
}

export async function takeScreens(): Promise<BenchScreen[]> {
  return [...(await biosScreens()), ...(await uefiScreens())];
}
