/**
 * What a machine's screen shows, for a terminal. A guest draws what it likes on its screen, so nothing of it reaches the
 * terminal but characters that are printed: whatever a terminal would obey, hide or turn around stands as U+FFFD.
 */
import { styleText } from 'node:util';
import type { ScreenRun, ScreenView } from '../api/index.ts';

/** Control and format characters (bidi marks, zero-width), surrogates, unassigned and private ones, separators, accents. */
const unprintable = /[\p{C}\p{M}\p{Zl}\p{Zp}]/gu;

/** One line of a screen: a character for each cell, all of them printed. */
export function screenLine(line: string): string {
  return line.replaceAll(unprintable, '\uFFFD');
}

/** The text, one line for each row; empty rows at the end are left out. */
export function plainScreen({ lines }: { lines: readonly string[] }): string {
  const last = lines.findLastIndex((line) => line.trim() !== '');
  return lines
    .slice(0, last + 1)
    .map((line) => `${screenLine(line)}\n`)
    .join('');
}

/** The screen as it looks, in 24-bit colours (ISO 8613-6), every row to its end. */
export function colouredScreen(reading: NonNullable<ScreenView['reading']>): string {
  const { runs, columns } = reading;
  if (runs === undefined) return plainScreen(reading);
  return runs
    .map((row) => {
      const width = row.reduce((sum, { text }) => sum + Array.from(text).length, 0);
      return `${row.map(colouredRun).join('')}\u001b[0m${' '.repeat(Math.max(0, columns - width))}\n`;
    })
    .join('');
}

function colouredRun({ text, foreground, background }: ScreenRun): string {
  return `\u001b[38;2;${channels(foreground)};48;2;${channels(background)}m${screenLine(text)}`;
}

/** The API's schema lets only #rrggbb through. */
function channels(colour: string): string {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)).join(';');
}

const mostBoxLines = 25;

export interface BoxOptions {
  /** Lines to point at. */
  matched: readonly string[];
  colour: boolean;
}

/** The lines of a screen that are not empty, at most 25, in a box; those that a rule was found in are pointed at. */
export function screenBox(lines: readonly string[], { matched, colour }: BoxOptions): string[] {
  const pointed = new Set(matched.map((line) => line.trimEnd()));
  const full = lines.filter((line) => line.trim() !== '');
  if (full.length === 0) return ['(the screen is empty)'];
  // What came last stands at the bottom; but what was matched must be seen.
  const first = full.findIndex((line) => pointed.has(line.trimEnd()));
  const begin = Math.max(0, Math.min(full.length - mostBoxLines, first < 0 ? full.length : first));
  const shown = full.slice(begin, begin + mostBoxLines);
  const left = full.length - shown.length;
  return [
    left === 0 ? '┌─' : `┌─ (${left} more ${left === 1 ? 'line' : 'lines'})`,
    ...shown.map((line) => {
      if (!pointed.has(line.trimEnd())) return `│   ${screenLine(line)}`;
      const text = `│ > ${screenLine(line)}`;
      return colour ? styleText(['bold', 'red'], text, { validateStream: false }) : text;
    }),
    '└─',
  ];
}
