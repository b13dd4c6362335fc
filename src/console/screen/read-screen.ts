/** Reads a frame: finds the grid and font it was drawn with, then every cell exactly. */
import type { Frame } from '../frame.ts';
import { type CellPatterns, type View, cellPatterns, viewsOf } from './cell-patterns.ts';
import { codePage437 } from './code-page-437.ts';
import { type CursorCell, explainCursor, hasUsualShape } from './cursor.ts';
import { type ScreenFont, type ScreenFonts, glyphHeight } from './font.ts';
import type { Cell, Cursor, Reading } from './reading.ts';

/** U+FFFD: no glyph of the font fits. */
const unknownCharacter = '�';
/** Below this share of cells that a glyph fits, of those that are not empty, the frame is not text of this font. */
const leastShare = 0.5;
/** Above this number of cells that no glyph fits, no cursor is looked for among them. */
const mostUnread = 500;

interface Attempt {
  reading: Reading;
  /** Share of the cells which are not empty that a glyph fits; 1 where all are empty. */
  share: number;
}

/**
 * What the frame says; undefined where it is no text that one of these fonts drew. Identical pixels always read as the same
 * character, so two characters that look the same read as one of them (00, ff and a full block in one colour as a space).
 */
export function readScreen(frame: Frame, fonts: ScreenFonts): Reading | undefined {
  const { width, height, rgb } = frame;
  if (width < 8 || height < glyphHeight || rgb.length !== width * height * 3) return undefined;
  let best: Attempt | undefined;
  for (const font of width === 720 && height === 400 ? [fonts.vga9] : []) {
    best = readGrid(cellPatterns(frame, font.cellWidth), font);
  }
  if (best?.share !== 1) {
    const patterns = cellPatterns(frame, 8);
    for (const font of [fonts.fbcon, fonts.vga8]) {
      if (best?.share === 1) break;
      const attempt = readGrid(patterns, font);
      if (best === undefined || attempt.share > best.share) best = attempt;
    }
  }
  return best === undefined || best.share < leastShare ? undefined : best.reading;
}

/** The reading's text: its lines joined by line feeds, without the empty ones at the end. */
export function readingText({ lines }: Pick<Reading, 'lines'>): string {
  return lines.join('\n').trimEnd();
}

function readGrid(patterns: CellPatterns, font: ScreenFont): Attempt {
  const { columns, rows, colours } = patterns;
  const ground = mostCommonGround(patterns);
  const cells: Cell[] = [];
  const unread: number[] = [];
  let inked = 0;
  let fitting = 0;
  for (let cell = 0; cell < columns * rows; cell += 1) {
    const read = colours[cell] === 1 ? emptyCell(patterns.first[cell] ?? 0) : exactCell(patterns, cell, font, ground);
    if (colours[cell] !== 1) inked += 1;
    if (read === undefined) unread.push(cell);
    else if (colours[cell] !== 1) fitting += 1;
    cells.push(read ?? unknownCell(patterns, cell));
  }
  // A picture has thousands of such cells; a screen of text has one, and a boot logo some hundreds.
  const underCursor = unread.length > mostUnread ? undefined : findCursor(patterns, unread, font, ground);
  if (underCursor !== undefined) {
    cells[underCursor.cell] = cursorCell(underCursor);
    fitting += 1;
  }
  const cursorAt = underCursor?.cell ?? loneReversedCell(cells, ground, font);
  const reading: Reading = {
    font: font.name,
    columns,
    rows,
    cells,
    cursor: cursorAt === undefined ? undefined : position(cursorAt, columns),
    confidence: cells.reduce(
      (least, { character, confidence }) => (character === ' ' ? least : Math.min(least, confidence)),
      1,
    ),
    lines: linesOf(cells, columns, rows),
  };
  return { reading, share: inked === 0 ? 1 : fitting / inked };
}

const position = (cell: number, columns: number): Cursor => ({
  column: cell % columns,
  row: Math.floor(cell / columns),
});

function linesOf(cells: readonly Cell[], columns: number, rows: number): string[] {
  return Array.from({ length: rows }, (_, row) =>
    cells
      .slice(row * columns, (row + 1) * columns)
      .map(({ character }) => character)
      .join('')
      .trimEnd(),
  );
}

function emptyCell(colour: number): Cell {
  return { character: ' ', foreground: colour, background: colour, confidence: 1 };
}

function unknownCell(patterns: CellPatterns, cell: number): Cell {
  const background = patterns.first[cell] ?? 0;
  return { character: unknownCharacter, foreground: patterns.second[cell] ?? 0, background, confidence: 0 };
}

/** The colour that most empty cells have; black where none is empty. */
function mostCommonGround({ colours, first }: CellPatterns): number {
  const counts = new Map<number, number>();
  let ground = 0;
  for (const [cell, count] of colours.entries()) {
    if (count !== 1) continue;
    const colour = first[cell] ?? 0;
    const seen = (counts.get(colour) ?? 0) + 1;
    counts.set(colour, seen);
    if (seen > (counts.get(ground) ?? 0)) ground = colour;
  }
  return ground;
}

/**
 * The glyph that every pixel fits. Where one fits either way around (an upper half block is a lower half block with its
 * colours exchanged), the one on the ground's colour.
 */
function exactCell(patterns: CellPatterns, cell: number, font: ScreenFont, ground: number): Cell | undefined {
  if (patterns.colours[cell] !== 2) return undefined;
  const [one, other] = viewsOf(patterns, cell, font.cellWidth);
  const [code] = font.codesOf(one.pattern);
  const [otherCode] = font.codesOf(other.pattern);
  if (code === undefined && otherCode === undefined) return undefined;
  if (code === undefined || (otherCode !== undefined && isBetter(otherCode, other, code, one, ground))) {
    return glyphCell(otherCode ?? 0, other, 1);
  }
  return glyphCell(code, one, 1);
}

function isBetter(code: number, view: View, thanCode: number, thanView: View, ground: number): boolean {
  if (view.background === ground || thanView.background === ground) return view.background === ground;
  return code < thanCode;
}

function glyphCell(code: number, { foreground, background }: View, confidence: number): Cell {
  return { character: codePage437[code] ?? unknownCharacter, foreground, background, confidence };
}

interface FoundCursor extends CursorCell {
  cell: number;
}

/** A screen has one cursor: where several unread cells could hold one, only the usual shape tells which. */
function findCursor(
  patterns: CellPatterns,
  unread: readonly number[],
  font: ScreenFont,
  ground: number,
): FoundCursor | undefined {
  const candidates: FoundCursor[] = [];
  for (const cell of unread) {
    if (patterns.colours[cell] !== 2) continue;
    const explanations = viewsOf(patterns, cell, font.cellWidth).flatMap((view) => explainCursor(font, view));
    const likeliest = explanations.toSorted(
      (left, right) =>
        Number(hasUsualShape(font, right)) - Number(hasUsualShape(font, left)) ||
        Number(right.view.background === ground) - Number(left.view.background === ground),
    )[0];
    if (likeliest !== undefined) candidates.push({ ...likeliest, cell });
  }
  if (candidates.length === 1) return candidates[0];
  const usual = candidates.filter((candidate) => hasUsualShape(font, candidate));
  return usual.length === 1 ? usual[0] : undefined;
}

function cursorCell({ code, view, confidence }: FoundCursor): Cell {
  return glyphCell(code, view, confidence);
}

/**
 * A block cursor looks like reversed text. One cell alone, reversed on a screen that has no other such cell, is one. In a
 * VGA's text mode (nine columns a cell) the cursor hides the glyph: a reversed character is the first one of a highlighted
 * line that is being drawn.
 */
function loneReversedCell(cells: readonly Cell[], ground: number, font: ScreenFont): number | undefined {
  let lone: number | undefined;
  for (const [cell, { character, foreground, background }] of cells.entries()) {
    if (background === ground) continue;
    if (lone !== undefined) return undefined;
    const isReversed = character === ' ' || (foreground === ground && font.cellWidth === 8);
    if (!isReversed || character === unknownCharacter) return undefined;
    lone = cell;
  }
  return lone;
}
