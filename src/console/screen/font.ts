/** Fonts of text consoles: 256 glyphs of 8x16 pixels in the order of code page 437, and the lookup from pixels to glyph. */
import { AthanorError } from '../../errors/index.ts';

export const glyphCount = 256;
export const glyphHeight = 16;

/**
 * How a visible cursor changes the cell it stands on: a VGA adapter `covers` its scan lines with the foreground colour,
 * Linux's framebuffer console `inverts` them.
 */
export type CursorStyle = 'covers' | 'inverts';

export interface ScreenFont {
  name: string;
  /** 9 where the adapter adds a ninth column (720 dots for 80 characters), else 8. */
  cellWidth: 8 | 9;
  cursor: CursorStyle;
  /** A byte per row, the leftmost pixel in its highest bit, 16 bytes per glyph. */
  glyphs: Uint8Array;
  /** The codes that are drawn with exactly these pixels, the canonical one first; empty for no glyph. */
  codesOf(pattern: Pattern): readonly number[];
}

/** The fonts that `make fonts` takes from Debian's packages. */
export interface ScreenFonts {
  vga9: ScreenFont;
  vga8: ScreenFont;
  fbcon: ScreenFont;
}

/** The pixels of a cell that are not background: four words of four rows each, and the ninth column, a bit per row. */
export interface Pattern {
  words: readonly [number, number, number, number];
  ninth: number;
}

/** PSF version 2 (kbd's `psf.h`): magic, version, header size, flags, number, bytes, height, width; little endian. */
const expectedHeader = [0x864ab572, 0, 32, 0, glyphCount, glyphHeight, glyphHeight, 8];

/** The glyphs of a PSF2 font of 256 glyphs of 8x16 without a Unicode table. */
export function parsePsf2(content: Uint8Array, name: string): Uint8Array {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const isWhole = content.length === 32 + glyphCount * glyphHeight;
  if (!isWhole || expectedHeader.some((value, index) => view.getUint32(index * 4, true) !== value)) {
    throw new AthanorError('invalid-input', `${name} is not a console font of 256 glyphs of 8x16.`, {
      remedy: 'Run `make fonts` again.',
    });
  }
  return content.slice(32);
}

/** ASCII first, then the upper half, then the graphic characters below 0x20: who sees a blank means a space. */
const rank = (code: number): number => (code >= 0x20 && code < 0x7f ? code : code >= 0x80 ? code : code + 0x100);
export const codesByRank: readonly number[] = Array.from({ length: glyphCount }, (_, code) => code).toSorted(
  (left, right) => rank(left) - rank(right),
);

/**
 * Whether the pixels of the ninth column are right for this code. In C0..DF it repeats the eighth, so that lines meet; else
 * it is background. QEMU repeats it from B0 on, so there both are taken.
 */
function ninthFits(code: number, pattern: Pattern): boolean {
  const isBackground = pattern.ninth === 0;
  if (code < 0xb0 || code > 0xdf) return isBackground;
  return pattern.ninth === eighthColumn(pattern.words) || (code < 0xc0 && isBackground);
}

/** The lowest bit of each row, row 0 in bit 0. */
function eighthColumn(words: Pattern['words']): number {
  let bits = 0;
  for (let row = 0; row < glyphHeight; row += 1) bits |= rowOf(words, row) % 2 === 1 ? 1 << row : 0;
  return bits;
}

/** The eight pixels of one row. */
export function rowOf(words: Pattern['words'], row: number): number {
  return ((words[row >> 2] ?? 0) >>> (24 - (row & 3) * 8)) & 0xff;
}

/** The words of 16 rows. */
export function wordsOf(rows: Uint8Array): Pattern['words'] {
  const view = new DataView(rows.buffer, rows.byteOffset, glyphHeight);
  return [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)];
}

/** Makes a font of 256 glyphs (16 bytes each). */
export function createFont(
  glyphs: Uint8Array,
  { name, cellWidth, cursor }: Pick<ScreenFont, 'name' | 'cellWidth' | 'cursor'>,
): ScreenFont {
  const byWords = new Map<number, { words: Pattern['words']; codes: number[] }[]>();
  const hash = ([a, b, c, d]: Pattern['words']): number =>
    (Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(c ^ Math.imul(d, 0xc2b2ae35), 0x27d4eb2f)) | 0;
  const same = (left: Pattern['words'], right: Pattern['words']): boolean =>
    left[0] === right[0] && left[1] === right[1] && left[2] === right[2] && left[3] === right[3];
  for (const code of codesByRank) {
    const words = wordsOf(glyphs.subarray(code * glyphHeight, (code + 1) * glyphHeight));
    const bucket = byWords.get(hash(words)) ?? [];
    const known = bucket.find((entry) => same(entry.words, words));
    if (known === undefined) bucket.push({ words, codes: [code] });
    else known.codes.push(code);
    byWords.set(hash(words), bucket);
  }
  const none: readonly number[] = [];
  return {
    name,
    cellWidth,
    cursor,
    glyphs,
    codesOf: (pattern) => {
      const found = byWords.get(hash(pattern.words))?.find((entry) => same(entry.words, pattern.words));
      if (found === undefined) return none;
      if (cellWidth === 8) return found.codes;
      const [first] = found.codes;
      if (found.codes.length === 1 && first !== undefined) return ninthFits(first, pattern) ? found.codes : none;
      return found.codes.filter((code) => ninthFits(code, pattern));
    },
  };
}
