/** What commands print: tables for people, one document for programs. */
import { describe } from './description.ts';
import type { Format } from './formats.ts';
import { jsonText } from './json-text.ts';
import { type Column, renderTable } from './table.ts';
import { hasColour, printable, type Terminal } from './terminal.ts';
import { yamlText } from './yaml-text.ts';

export { asFormat, type Format, formats, withOutput } from './formats.ts';

export interface Shape<Row> {
  columns: readonly Column<Row>[];
  name(row: Row): string;
}

export function printList<Row>(terminal: Terminal, format: Format, rows: readonly Row[], shape: Shape<Row>): void {
  const { stdout } = terminal;
  if (format === 'json') stdout.write(`${jsonText(rows, 2)}\n`);
  else if (format === 'yaml') stdout.write(yamlText(rows));
  else if (format === 'name') for (const row of rows) stdout.write(`${printable(shape.name(row))}\n`);
  else if (rows.length === 0) terminal.stderr.write('There is none.\n');
  else stdout.write(renderTable(rows, shape.columns, { ...tableOptions(terminal), wide: format === 'wide' }));
}

/** One thing: as a table of one row, or as everything that is known of it. */
export function printOne<Row>(
  terminal: Terminal,
  format: Format,
  row: Row,
  shape: Shape<Row>,
  style: 'row' | 'description' = 'row',
): void {
  const { stdout } = terminal;
  if (format === 'json') stdout.write(`${jsonText(row, 2)}\n`);
  else if (format === 'yaml') stdout.write(yamlText(row));
  else if (format === 'name') stdout.write(`${printable(shape.name(row))}\n`);
  else if (style === 'row') printList(terminal, format, [row], shape);
  else stdout.write(describe(row));
}

function tableOptions(terminal: Terminal): { width: number | undefined; colour: boolean } {
  const { stdout } = terminal;
  return { width: stdout.isTTY ? stdout.columns : undefined, colour: hasColour(stdout, terminal.environment) };
}
