/** Draws text as a console draws it: for tests, and to compare what was read with what was there, pixel by pixel. */
import type { Frame } from '../frame.ts';
import { codePage437 } from '../screen/code-page-437.ts';
import { type ScreenFont, glyphHeight } from '../screen/font.ts';

/** The colours of a console's 16 attributes: each channel dark, half, two thirds or full. Brown is a darkened yellow. */
const paletteOf = (half: number, most: number): readonly number[] =>
  Array.from({ length: 16 }, (_, attribute) => {
    const low = attribute & 8 ? half : 0;
    const high = attribute & 8 ? 0xff : most;
    const channel = (bit: number): number => (attribute & bit ? high : low);
    const green = attribute === 6 ? half : channel(2);
    return channel(4) * 0x10000 + green * 0x100 + channel(1);
  });

/** As Linux's framebuffer console and a real VGA have them. */
export const consolePalette = paletteOf(0x55, 0xaa);
/** As QEMU's VGA has them: it widens the 6 bits of a channel (15h, 2Ah) by repeating the lowest bit. */
export const qemuVgaPalette = paletteOf(0x57, 0xa8);

export interface DrawnCell {
  /** In code page 437. */
  code: number;
  foreground: number;
  background: number;
}

export interface DrawnCursor {
  /** Which cell, counted from the top left. */
  cell: number;
  from: number;
  to: number;
}

/** The cell of an attribute, its highest bit as a bright background (as QEMU draws it), not blinking. */
export function attributeCell(code: number, attribute: number, palette = consolePalette): DrawnCell {
  return {
    code,
    foreground: palette[attribute & 15] ?? 0,
    background: palette[attribute >> 4] ?? 0,
  };
}

/** The code of a character that was read. */
export const codeOf = (character: string): number => (character === ' ' ? 0x20 : codePage437.indexOf(character));

/** The colours of one cell's pixels, row by row. */
export function drawCell(
  font: ScreenFont,
  { code, foreground, background }: DrawnCell,
  cursor?: { from: number; to: number },
): number[] {
  const pixels: number[] = [];
  for (let row = 0; row < glyphHeight; row += 1) {
    const bits = font.glyphs[code * glyphHeight + row] ?? 0;
    const hasCursor = cursor !== undefined && row >= cursor.from && row <= cursor.to;
    for (let x = 0; x < font.cellWidth; x += 1) {
      // The ninth column repeats the eighth where lines must meet.
      const isInk = x < 8 ? ((bits >> (7 - x)) & 1) === 1 : code >= 0xc0 && code <= 0xdf && bits % 2 === 1;
      const isForeground = hasCursor ? font.cursor === 'covers' || !isInk : isInk;
      pixels.push(isForeground ? foreground : background);
    }
  }
  return pixels;
}

/** Draws one cell into the frame, whose rows begin with `columns` cells. */
export function putCell(
  { width, rgb }: Frame,
  font: ScreenFont,
  columns: number,
  index: number,
  cell: DrawnCell,
  cursor?: { from: number; to: number },
): void {
  const left = (index % columns) * font.cellWidth;
  const top = Math.floor(index / columns) * glyphHeight;
  let at = 0;
  for (const colour of drawCell(font, cell, cursor)) {
    const pixel = ((top + Math.floor(at / font.cellWidth)) * width + left + (at % font.cellWidth)) * 3;
    rgb[pixel] = colour >> 16;
    rgb[pixel + 1] = (colour >> 8) & 0xff;
    rgb[pixel + 2] = colour & 0xff;
    at += 1;
  }
}

/** A frame of these cells; `margin` pixels of black are added at the right and at the bottom. */
export function drawScreen(
  font: ScreenFont,
  columns: number,
  cells: readonly DrawnCell[],
  options: { cursor?: DrawnCursor; margin?: { right: number; bottom: number } } = {},
): Frame {
  const { cursor, margin = { right: 0, bottom: 0 } } = options;
  const width = columns * font.cellWidth + margin.right;
  const height = (cells.length / columns) * glyphHeight + margin.bottom;
  const frame = { width, height, rgb: new Uint8Array(width * height * 3) };
  for (const [index, cell] of cells.entries()) {
    putCell(frame, font, columns, index, cell, cursor?.cell === index ? cursor : undefined);
  }
  return frame;
}

/** The cells of lines of text, light grey on black, filled up with blanks. */
export function textCells(lines: readonly string[], columns: number, rows: number): DrawnCell[] {
  return Array.from({ length: columns * rows }, (_, cell) => {
    const character = Array.from(lines[Math.floor(cell / columns)] ?? '')[cell % columns] ?? ' ';
    return attributeCell(Math.max(0, codeOf(character)), 0x07);
  });
}
