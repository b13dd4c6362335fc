/**
 * What a server's screen shows in VGA text mode, cell by cell: not from a picture but from the memory that the picture is
 * made of. Linux scrolls by moving the start address, so the memory alone would be stale.
 *
 * | what           | where                                                    |
 * | -------------- | -------------------------------------------------------- |
 * | cells          | 32 KiB at B8000h: character, attribute, character, …     |
 * | start address  | CRTC registers 0Ch (high), 0Dh (low), in cells           |
 * | cursor         | CRTC registers 0Eh, 0Fh, in cells; 0Ah bit 5: hidden     |
 * | graphics mode  | graphics controller register 06h bit 0                   |
 */
import { readFile, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { LabMachine } from './machine.ts';

const COLUMNS = 80;
const ROWS = 25;
const MEMORY = { address: 0xb8000, bytes: 0x8000 };
const CRTC = { index: 0x3d4, data: 0x3d5 };
const GRAPHICS = { index: 0x3ce, data: 0x3cf };

export interface VgaText {
  columns: 80;
  rows: 25;
  /** Code page 437, row by row from the top left. */
  codes: Uint8Array;
  /** Background in the high, foreground in the low four bits. */
  attributes: Uint8Array;
  cursor: { column: number; row: number } | undefined;
  /** One text per row, without trailing blanks. */
  lines: string[];
}

/** The graphic characters of code page 437 for the codes that ASCII leaves to control. FFh and 00h are drawn as blanks. */
const LOW = ' ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼';
const HIGH =
  '⌂ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ';

export function codePage437(code: number): string {
  if (code < 0x20) return LOW.charAt(code);
  return code < 0x7f ? String.fromCharCode(code) : HIGH.charAt(code - 0x7f);
}

/**
 * The screen as it is, the guest stopped for the moment of looking.
 *
 * @throws when the screen is not in text mode
 */
export async function vgaText(machine: LabMachine): Promise<VgaText> {
  const { running } = z.object({ running: z.boolean() }).parse(await machine.qmp('query-status'));
  if (running) await machine.qmp('stop');
  try {
    const read = await registers(machine);
    if (((await read(GRAPHICS, 0x06)) & 1) === 1) throw new Error(`the screen of ${machine.name} is not in text mode`);
    const start = await word(read, 0x0c);
    const position = await word(read, 0x0e);
    const hidden = ((await read(CRTC, 0x0a)) & 0x20) !== 0;
    return textOf(await videoMemory(machine), start, hidden ? undefined : position);
  } finally {
    if (running) await machine.qmp('cont');
  }
}

type Register = (ports: { index: number; data: number }, register: number) => Promise<number>;

/** Reads indexed registers and puts each index back, as the guest may be between choosing and using it. */
async function registers(machine: LabMachine): Promise<Register> {
  const monitor = async (command: string): Promise<string> =>
    z.string().parse(await machine.qmp('human-monitor-command', { 'command-line': command }));
  const input = async (port: number): Promise<number> => {
    const answer = await monitor(`i /b ${port}`);
    const value = /= (0x[0-9a-f]+)/.exec(answer)?.[1];
    if (value === undefined) throw new Error(`QEMU reads no port ${port}: ${answer}`);
    return Number(value);
  };
  return async ({ index, data }, register) => {
    const before = await input(index);
    await monitor(`o /b ${index} ${register}`);
    const value = await input(data);
    await monitor(`o /b ${index} ${before}`);
    return value;
  };
}

/** A pair of CRTC registers, the high one first. */
async function word(read: Register, high: number): Promise<number> {
  return ((await read(CRTC, high)) << 8) | (await read(CRTC, high + 1));
}

async function videoMemory(machine: LabMachine): Promise<Buffer> {
  const file = `${machine.diskFile}.vga-${randomUUID()}`;
  try {
    await machine.qmp('pmemsave', { val: MEMORY.address, size: MEMORY.bytes, filename: file });
    return await readFile(file);
  } finally {
    await rm(file, { force: true });
  }
}

function textOf(memory: Buffer, start: number, position: number | undefined): VgaText {
  const places = Array.from({ length: COLUMNS * ROWS }, (_, cell) => ((start + cell) * 2) % MEMORY.bytes);
  const codes = Uint8Array.from(places, (place) => memory[place] ?? 0);
  const attributes = Uint8Array.from(places, (place) => memory[place + 1] ?? 0);
  const lines = Array.from({ length: ROWS }, (_, row) =>
    Array.from(codes.subarray(row * COLUMNS, (row + 1) * COLUMNS), codePage437)
      .join('')
      .trimEnd(),
  );
  const at = position === undefined ? -1 : position - start;
  const cursor = at >= 0 && at < COLUMNS * ROWS ? { column: at % COLUMNS, row: Math.floor(at / COLUMNS) } : undefined;
  return { columns: COLUMNS, rows: ROWS, codes, attributes, cursor, lines };
}
