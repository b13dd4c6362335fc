/** Cuts a frame into character cells and packs each into a pattern of two colours. */
import type { Frame } from '../frame.ts';
import { type Pattern, glyphHeight } from './font.ts';

/** The cells of a frame, row by row. The pattern is relative to the cell's first pixel, which may be of either colour. */
export interface CellPatterns {
  columns: number;
  rows: number;
  /** How many colours the cell has: 1, 2, or 3 for more, which no text console draws. */
  colours: Uint8Array;
  /** The colour of the cell's first pixel, 0xRRGGBB. */
  first: Int32Array;
  /** The cell's other colour. */
  second: Int32Array;
  /** Five words per cell: four of the pixels that have the second colour, and the ninth column. */
  words: Uint32Array;
}

const wordsPerCell = 5;

/** Pixels right of and below the last whole cell are left out: consoles leave a margin there. */
export function cellPatterns({ width, height, rgb }: Frame, cellWidth: 8 | 9): CellPatterns {
  const columns = Math.floor(width / cellWidth);
  const rows = Math.floor(height / glyphHeight);
  const count = columns * rows;
  const colours = new Uint8Array(count);
  const first = new Int32Array(count);
  const second = new Int32Array(count);
  const words = new Uint32Array(count * wordsPerCell);
  const stride = width * 3;
  for (let cell = 0; cell < count; cell += 1) {
    const column = cell % columns;
    const start = ((cell - column) / columns) * glyphHeight * stride + column * cellWidth * 3;
    const one = ((rgb[start] ?? 0) << 16) | ((rgb[start + 1] ?? 0) << 8) | (rgb[start + 2] ?? 0);
    let other = -1;
    let isText = true;
    let ninth = 0;
    for (let row = 0; row < glyphHeight && isText; row += 1) {
      let at = start + row * stride;
      let bits = 0;
      for (let x = 0; x < cellWidth; x += 1) {
        const colour = ((rgb[at] ?? 0) << 16) | ((rgb[at + 1] ?? 0) << 8) | (rgb[at + 2] ?? 0);
        at += 3;
        bits <<= 1;
        if (colour === one) continue;
        bits |= 1;
        if (other === -1) other = colour;
        else if (colour !== other) isText = false;
      }
      if (cellWidth === 9) {
        ninth |= (bits & 1) << row;
        bits >>= 1;
      }
      const word = cell * wordsPerCell + (row >> 2);
      words[word] = ((words[word] ?? 0) << 8) | bits;
    }
    words[cell * wordsPerCell + 4] = ninth;
    first[cell] = one;
    second[cell] = other === -1 ? one : other;
    colours[cell] = !isText ? 3 : other === -1 ? 1 : 2;
  }
  return { columns, rows, colours, first, second, words };
}

/** One way to see a cell of two colours: which of them is the background. */
export interface View {
  pattern: Pattern;
  foreground: number;
  background: number;
}

/** Both ways to see the cell, first the one whose background is the colour of its first pixel. */
export function viewsOf(patterns: CellPatterns, cell: number, cellWidth: 8 | 9): readonly [View, View] {
  const at = cell * wordsPerCell;
  const word = (index: number): number => patterns.words[at + index] ?? 0;
  const first = patterns.first[cell] ?? 0;
  const second = patterns.second[cell] ?? 0;
  const ninth = word(4);
  return [
    {
      pattern: { words: [word(0), word(1), word(2), word(3)], ninth },
      foreground: second,
      background: first,
    },
    {
      pattern: {
        words: [~word(0) >>> 0, ~word(1) >>> 0, ~word(2) >>> 0, ~word(3) >>> 0],
        ninth: cellWidth === 9 ? ~ninth & 0xffff : 0,
      },
      foreground: first,
      background: second,
    },
  ];
}
