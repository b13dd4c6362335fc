/** A screen with its colours, short enough to send: neighbouring cells of the same colours as one run. */
import type { ScreenRun } from './recovery-schemas.ts';

/** What is needed of a reading. */
export interface ColouredCells {
  columns: number;
  rows: number;
  /** Row by row from the top left; colours are 0xRRGGBB. */
  cells: readonly { character: string; foreground: number; background: number }[];
}

/** Row by row. An empty cell goes with its neighbour when the background is the same: it shows no foreground. */
export function runsOf({ columns, rows, cells }: ColouredCells): ScreenRun[][] {
  return Array.from({ length: rows }, (_, row) => {
    const runs: ScreenRun[] = [];
    for (const { character, foreground, background } of cells.slice(row * columns, (row + 1) * columns)) {
      const last = runs.at(-1);
      const colours = { foreground: hexOf(foreground), background: hexOf(background) };
      const same = last !== undefined && last.background === colours.background;
      if (same && (character === ' ' || last.foreground === colours.foreground)) last.text += character;
      else if (same && last.text.trim() === '') Object.assign(last, colours, { text: last.text + character });
      else runs.push({ text: character, ...colours });
    }
    return runs;
  });
}

function hexOf(colour: number): string {
  return `#${colour.toString(16).padStart(6, '0')}`;
}
