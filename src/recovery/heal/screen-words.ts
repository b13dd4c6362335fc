/** What a screen shows, short enough for a message. */

const MOST_LINES = 5;
const LONGEST_LINE = 160;

/** The last lines that are not empty. */
export function lastLines(lines: readonly string[]): string[] {
  const written = lines.map((line) => line.trim()).filter((line) => line !== '');
  return written
    .slice(-MOST_LINES)
    .map((line) => (line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line));
}

export function screenInWords(lines: readonly string[]): string {
  const last = lastLines(lines);
  return last.length === 0 ? 'The screen is empty.' : `The screen ends with: ${last.join(' | ')}`;
}
