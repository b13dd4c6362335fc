/** Has what was typed arrived? Its echo stands where the cursor was, whole, and the cursor directly behind it. */
import type { Reading } from '../../console/index.ts';

type Screen = Pick<Reading, 'columns' | 'lines' | 'cursor'>;

/** Lines break where the console likes; blanks at their ends are not seen. Both do not count. */
function compact(text: string): string {
  return text.replaceAll(/\s/g, '');
}

/** Everything up to the cursor; without a visible cursor, up to the end of the last line that is not empty. */
function upToCursor({ lines, cursor }: Screen): string {
  if (cursor === undefined) {
    const last = lines.findLastIndex((line) => line.trim() !== '');
    return compact(lines.slice(0, last + 1).join(''));
  }
  const row = (lines[cursor.row] ?? '').slice(0, cursor.column);
  return compact([...lines.slice(0, cursor.row), row].join(''));
}

/** The line in which the cursor stood before anything was typed: the echo must follow it. Empty when it cannot be told. */
function promptOf({ lines, cursor }: Screen): string {
  return cursor === undefined ? '' : compact((lines[cursor.row] ?? '').slice(0, cursor.column));
}

/**
 * @param before the screen that the text was typed into
 * @param after the screen by now
 */
export function echoIsSeen(text: string, before: Screen, after: Screen): boolean {
  const typed = compact(text);
  // Blanks alone leave nothing to see but the cursor.
  if (typed === '') return after.cursor !== undefined && before.cursor !== undefined;
  return upToCursor(after).endsWith(promptOf(before) + typed);
}
