/** Explains a cell that no glyph fits as a glyph under the text cursor. */
import type { View } from './cell-patterns.ts';
import { type Pattern, type ScreenFont, codesByRank, glyphHeight, rowOf, wordsOf } from './font.ts';

export interface CursorCell {
  code: number;
  view: View;
  /** The cursor's first and last row in the cell. */
  from: number;
  to: number;
  /** 1, or 0.5 where the cursor hides what would tell this glyph from another. */
  confidence: number;
}

/** The shape that nearly every console has: two lines at the bottom of the cell (at its very end on a framebuffer). */
const usualRows = { covers: { from: 13, to: 14 }, inverts: { from: 14, to: 15 } } as const;

export function hasUsualShape(font: ScreenFont, { from, to }: CursorCell): boolean {
  const usual = usualRows[font.cursor];
  return from === usual.from && to === usual.to;
}

/** The explanations of a cell seen in this way; none where it holds no cursor. */
export function explainCursor(font: ScreenFont, view: View): CursorCell[] {
  return font.cursor === 'covers' ? coveredGlyphs(font, view) : invertedGlyphs(font, view);
}

/** Linux's `bit_cursor` inverts rows up to the cell's last: two, or a third, a half, two thirds of the cell. */
function invertedGlyphs(font: ScreenFont, view: View): CursorCell[] {
  const to = glyphHeight - 1;
  const found: CursorCell[] = [];
  for (const from of [14, 11, 8, 5]) {
    const rows = rowsOf(view.pattern);
    for (let row = from; row <= to; row += 1) rows[row] = ~(rows[row] ?? 0) & 0xff;
    const [code] = font.codesOf({ words: wordsOf(rows), ninth: 0 });
    if (code !== undefined) found.push({ code, view, from, to, confidence: 1 });
  }
  return found;
}

/** A VGA draws whole lines from one row to another in the foreground colour, whatever the glyph has there. */
function coveredGlyphs(font: ScreenFont, view: View): CursorCell[] {
  const isFull = (row: number): boolean =>
    rowOf(view.pattern.words, row) === 0xff && (font.cellWidth === 8 || ((view.pattern.ninth >> row) & 1) === 1);
  const found: CursorCell[] = [];
  for (let from = 0; from < glyphHeight; from += 1) {
    if (!isFull(from)) continue;
    let to = from;
    while (to + 1 < glyphHeight && isFull(to + 1)) to += 1;
    const codes = codesOutside(font, view.pattern, from, to);
    const [code] = codes;
    if (code !== undefined) found.push({ code, view, from, to, confidence: codes.length === 1 ? 1 : 0.5 });
    from = to;
  }
  return found;
}

/** The codes whose glyphs fit in every row but these; one for glyphs that are the same in all rows, canonical ones first. */
function codesOutside(font: ScreenFont, { words, ninth }: Pattern, from: number, to: number): number[] {
  const rows = rowsOf({ words, ninth });
  const isHidden = (row: number): boolean => row >= from && row <= to;
  const codes = new Set<number>();
  for (const code of codesByRank) {
    const glyph = font.glyphs.subarray(code * glyphHeight, (code + 1) * glyphHeight);
    if (!glyph.every((drawn, row) => isHidden(row) || drawn === rows[row])) continue;
    // What the ninth column would be without the cursor: as the eighth where lines meet, else background.
    const column = glyph.reduce((bits, drawn, row) => {
      if (!isHidden(row)) return bits;
      return code >= 0xc0 && code <= 0xdf && drawn % 2 === 1 ? bits | (1 << row) : bits & ~(1 << row);
    }, ninth);
    const [canonical] = font.codesOf({ words: wordsOf(glyph), ninth: column });
    if (canonical !== undefined) codes.add(canonical);
  }
  return [...codes];
}

function rowsOf({ words }: Pattern): Uint8Array {
  return Uint8Array.from({ length: glyphHeight }, (_, row) => rowOf(words, row));
}
