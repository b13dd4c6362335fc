/** Aligned tables that fit the terminal. */
import { stripVTControlCharacters, styleText } from 'node:util';
import { printable } from './terminal.ts';

export type Style = Parameters<typeof styleText>[0];

export interface Column<Row> {
  header: string;
  value(row: Row): string | number | null | undefined;
  /** Only with `-o wide`. */
  wide?: boolean;
  style?(row: Row): Style | undefined;
}

export interface TableOptions {
  wide: boolean;
  /** Cells of the terminal's line; undefined does not shorten anything. */
  width: number | undefined;
  colour: boolean;
}

const gap = '  ';
const narrowest = 8;

export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], options: TableOptions): string {
  const shown = columns.filter((column) => options.wide || column.wide !== true);
  const cells = rows.map((row) => shown.map((column) => cellText(column.value(row))));
  const widths = shown.map((column, index) =>
    Math.max(column.header.length, ...cells.map((line) => displayWidth(line[index] ?? ''))),
  );
  if (options.width !== undefined) narrow(widths, shown, options.width);
  const line = (texts: readonly string[], styles: readonly (Style | undefined)[]): string =>
    texts
      .map((text, index) => {
        const fitted = shorten(text, widths[index] ?? 0);
        const padding = index === texts.length - 1 ? '' : ' '.repeat((widths[index] ?? 0) - displayWidth(fitted));
        const style = options.colour ? styles[index] : undefined;
        return (style === undefined ? fitted : styleText(style, fitted, { validateStream: false })) + padding;
      })
      .join(gap)
      .trimEnd();
  const header = line(
    shown.map((column) => column.header),
    shown.map(() => 'bold'),
  );
  const body = rows.map((row, index) =>
    line(
      cells[index] ?? [],
      shown.map((column) => column.style?.(row)),
    ),
  );
  return `${[header, ...body].join('\n')}\n`;
}

function cellText(value: string | number | null | undefined): string {
  return value === null || value === undefined || value === '' ? '-' : printable(String(value));
}

/** Takes from the widest column, again and again, until the line fits. */
function narrow(widths: number[], columns: readonly { header: string }[], total: number): void {
  const least = columns.map(({ header }) => Math.max(header.length, narrowest));
  let excess = widths.reduce((sum, width) => sum + width + gap.length, -gap.length) - total;
  while (excess > 0) {
    const spare = widths.map((width, index) => width - (least[index] ?? 0));
    const widest = spare.indexOf(Math.max(...spare));
    if ((spare[widest] ?? 0) <= 0) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
}

function shorten(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = '';
  for (const { segment } of graphemesOf(text)) {
    if (displayWidth(kept + segment) > width - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** Made when it is first needed: it takes milliseconds, and most commands print nothing but ASCII. */
let segmenter: Intl.Segmenter | undefined;
function graphemesOf(text: string): Iterable<{ segment: string }> {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return segmenter.segment(text);
}
const doubleWidth = /^[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Emoji_Presentation}]/u;

/** Cells on the terminal: East Asian letters and emoji take two. */
export function displayWidth(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(stripVTControlCharacters(text))) width += doubleWidth.test(segment) ? 2 : 1;
  return width;
}
