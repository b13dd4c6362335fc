/** Screens of QEMU machines from power-on to a kernel's panic, read from pictures and compared with what drew them. */
import path from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { buildAll } from '../../../ramdisk/testing/test-rig.ts';
import type { Frame } from '../frame.ts';
import { codeOf, drawCell } from '../testing/draw-screen.ts';
import type { ScreenFont } from './font.ts';
import { loadFonts } from './load-fonts.ts';
import { type QemuScreen, type TextMemory, linuxTextMemory, startScreen } from './qemu-screen.fixture.ts';
import { readScreen } from './read-screen.ts';
import type { Reading } from './reading.ts';

const fonts = await loadFonts(path.resolve(import.meta.dirname, '../../../build/fonts'));
let screen: QemuScreen | undefined;
beforeAll(buildAll, 300_000);
afterEach(() => screen?.close(), 30_000);

/** Colours, graphic characters and what scrolls, by /bin/sh on the guest's serial console to its screen. */
const drawing = [
  'clear; i=0; while [ $i -lt 60 ]; do echo "line $i of sixty: the quick brown fox jumps over the lazy dog"; i=$((i+1)); done',
  "for b in 40 41 42 43 44 45 46 47; do for f in 30 31 32 33 34 35 36 37; do printf '\\033[%s;%smAb{}@g' $f $b; done; printf '\\033[0m\\n'; done",
  "printf '\\342\\224\\214\\342\\224\\200\\342\\224\\220 \\342\\225\\224\\342\\225\\220\\342\\225\\227 \\342\\226\\221\\342\\226\\222\\342\\226\\223\\342\\226\\210 \\303\\244\\303\\266\\303\\274\\n\\033[1;7mbold reverse\\033[0m '",
].map((line) => `(${line}) >/dev/tty1\n`);

/** Cells that do not look as they were drawn, and what is wrong with the cursor. */
function faults(font: ScreenFont, frame: Frame, reading: Reading | undefined, memory: TextMemory): unknown[] {
  const { cells, columns, rows, cursor } = memory;
  if (reading === undefined) return ['not read'];
  if (reading.columns !== columns || reading.rows !== rows) return [`${reading.columns} by ${reading.rows}`];
  const isVisible = cursor !== undefined && showsCursor(font, frame, memory);
  const position = isVisible ? { column: cursor.cell % columns, row: Math.floor(cursor.cell / columns) } : undefined;
  const found: unknown[] = [];
  if (JSON.stringify(reading.cursor) !== JSON.stringify(position)) {
    found.push({ cursor: reading.cursor, expected: position, crtc: cursor });
  }
  for (const [index, drawn] of cells.entries()) {
    const read = reading.cells[index];
    if (read === undefined) continue;
    // Under a cursor, what it hides cannot be told.
    const hidden = isVisible && cursor.cell === index ? cursor : undefined;
    const looks = drawCell(font, { ...read, code: codeOf(read.character) }, hidden).join();
    if (looks !== drawCell(font, drawn, hidden).join()) found.push({ index, read, drawn });
    if (hidden === undefined && read.confidence !== 1) found.push({ index, confidence: read.confidence });
  }
  return found.slice(0, 5);
}

/** Whether the cursor was there when the picture was taken: it blinks. */
function showsCursor(font: ScreenFont, { width, rgb }: Frame, { cells, columns, cursor }: TextMemory): boolean {
  const drawn = cursor === undefined ? undefined : cells[cursor.cell];
  if (cursor === undefined || drawn === undefined) return false;
  const left = (cursor.cell % columns) * font.cellWidth;
  const top = Math.floor(cursor.cell / columns) * 16;
  const seen = drawCell(font, drawn).map((_, pixel) => {
    const at = ((top + Math.floor(pixel / font.cellWidth)) * width + left + (pixel % font.cellWidth)) * 3;
    return ((rgb[at] ?? 0) << 16) | ((rgb[at + 1] ?? 0) << 8) | (rgb[at + 2] ?? 0);
  });
  return seen.join() !== drawCell(font, drawn).join() && seen.join() === drawCell(font, drawn, cursor).join();
}

/** Looks again and again until `done`; every screen in text mode must be read without a fault. */
async function watch(
  machine: QemuScreen,
  done: Promise<unknown>,
  least: number,
): Promise<{ frames: number; cursors: number }> {
  let over = false;
  const end = done.finally(() => {
    over = true;
  });
  end.catch(() => undefined); // it is awaited below, unless a fault is found before
  const counts = { frames: 0, cursors: 0 };
  for (let looked = 0; looked < 400 && (!over || counts.frames < least); looked += 1) {
    const { frame, memory } = await machine.look();
    // Before the firmware has set a mode, QEMU shows a message of its own.
    if (memory === undefined || frame.width !== 720) continue;
    const reading = readScreen(frame, fonts);
    expect(faults(fonts.vga9, frame, reading, memory), reading?.lines.join('\n')).toEqual([]);
    counts.frames += 1;
    if (reading?.cursor !== undefined) counts.cursors += 1;
  }
  await end;
  expect(counts.frames).toBeGreaterThanOrEqual(least);
  return counts;
}

const lastText = async (machine: QemuScreen): Promise<string> =>
  readScreen((await machine.look()).frame, fonts)?.lines.join('\n') ?? '';

test('BIOS: firmware, boot menu, boot prompt, kernel, shell and panic are read without a wrong cell', async () => {
  const machine = (screen = await startScreen({ firmware: 'bios' }));
  const total = { frames: 0, cursors: 0 };
  const add = ({ frames, cursors }: { frames: number; cursors: number }): void => {
    total.frames += frames;
    total.cursors += cursors;
  };
  const until = async (pattern: RegExp, seconds: number): Promise<void> => {
    const end = Date.now() + seconds * 1000;
    let text = '';
    while (Date.now() < end) {
      text = await lastText(machine);
      if (pattern.test(text)) return;
    }
    throw new Error(`the screen never showed ${pattern}:\n${text}`);
  };

  add(await watch(machine, until(/Another line/, 30), 10));
  await machine.press('down');
  add(await watch(machine, until(/\*Another line/, 10), 5));
  await machine.press('c');
  await until(/grub>/, 10);
  for (const key of ['e', 'c', 'h', 'o', 'spc', 'g', 'q', 'y', 'left', 'left', 'left', 'left']) {
    await machine.press(key);
    add(await watch(machine, Promise.resolve(), 2));
  }
  await machine.press('esc');
  await until(/Another line/, 10);
  await machine.press('up');
  await machine.press('ret');
  add(await watch(machine, machine.says(/ATHANOR-LAB-OS up/, 90), 30));
  await machine.says(/# /, 20);
  for (const [index, line] of drawing.entries()) {
    machine.write(line);
    machine.write(`echo drawn-$((${index} + 100))\n`);
    add(await watch(machine, machine.says(new RegExp(`drawn-${100 + index}`), 20), 10));
  }
  expect(await lastText(machine)).toMatch(/┌─┐ ╔═╗ ░▒▓  äöü\s*\nbold reverse/);
  for (const key of ['l', 's', 'spc', 'slash', 'g', 'p', 'left', 'left', 'ret', 'u', 'n']) {
    await machine.press(key);
    add(await watch(machine, Promise.resolve(), 3));
  }
  await machine.press('alt', 'sysrq', 'c');
  add(await watch(machine, machine.says(/end Kernel panic/, 30), 10));
  expect(await lastText(machine)).toContain('Kernel panic - not syncing: sysrq triggered crash');
  expect(total.frames).toBeGreaterThan(200);
  expect(total.cursors).toBeGreaterThan(20);
}, 300_000);

test('UEFI: the framebuffer console and its panic are read without a wrong cell', async () => {
  const machine = (screen = await startScreen({ firmware: 'uefi' }));
  await machine.says(/Another line/, 60);
  // What the firmware itself draws has another font: no text is better than a wrong one.
  expect(readScreen(await machine.picture(), fonts)).toBeUndefined();
  await machine.press('ret');
  await machine.says(/ATHANOR-LAB-OS up/, 120);
  await machine.says(/# /, 20);
  let cursors = 0;
  machine.write('dmesg -n 1\n'); // no message of the kernel in between
  for (const line of [...drawing, 'echo >/dev/tty1\n']) {
    machine.write(line);
    for (let looked = 0; looked < 5; looked += 1) {
      const memory = await linuxTextMemory(machine);
      const { frame } = await machine.look();
      const reading = readScreen(frame, fonts);
      expect(faults(fonts.fbcon, frame, reading, memory), reading?.lines.join('\n')).toEqual([]);
      expect(reading).toMatchObject({ font: 'fbcon-8x16', columns: frame.width / 8, rows: frame.height / 16 });
      if (reading?.cursor !== undefined) cursors += 1;
    }
  }
  expect(cursors).toBeGreaterThan(3);

  const from = machine.serial().length;
  await machine.press('alt', 'sysrq', 'c');
  await machine.says(/end Kernel panic[^\]]*\]---/, 30, from);
  const said = machine.serial().slice(from).replaceAll('\r', '');
  const reading = readScreen(await machine.picture(), fonts);
  const lines = reading?.lines.filter((line) => line.includes('] ')) ?? [];
  expect(lines.some((line) => line.includes('Kernel panic - not syncing'))).toBe(true);
  expect(lines.filter((line) => !said.includes(line))).toEqual([]);
  expect(lines.length).toBeGreaterThan(20);
}, 400_000);

test('a machine without anything to boot says so on its screen', async () => {
  const machine = (screen = await startScreen({ firmware: 'bios', disk: false }));
  const end = Date.now() + 30_000;
  let text = '';
  while (!text.includes('No bootable device') && Date.now() < end) text = await lastText(machine);
  const { frame, memory } = await machine.look();
  expect(memory && faults(fonts.vga9, frame, readScreen(frame, fonts), memory)).toEqual([]);
  expect(text).toContain('No bootable device.');
}, 60_000);
