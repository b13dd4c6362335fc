/** What commands print: tables for people, one document for programs. */
import { Option, type Command } from 'commander';
import { stringify } from 'yaml';
import { type Column, renderTable } from './table.ts';
import { printable, type Terminal } from './terminal.ts';

export const formats = ['table', 'wide', 'json', 'yaml', 'name'] as const;
export type Format = (typeof formats)[number];

/** Adds `-o`; `extra` are formats only this command has. */
export function withOutput(command: Command, extra: readonly string[] = []): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'how to print it').choices([...formats, ...extra]).default('table'),
  );
}

export function asFormat(text: unknown): Format {
  return formats.find((format) => format === text) ?? 'table';
}

export interface Shape<Row> {
  columns: readonly Column<Row>[];
  name(row: Row): string;
}

export function printList<Row>(terminal: Terminal, format: Format, rows: readonly Row[], shape: Shape<Row>): void {
  const { stdout } = terminal;
  if (format === 'json') stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else if (format === 'yaml') stdout.write(stringify(rows));
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
  if (format === 'json') stdout.write(`${JSON.stringify(row, null, 2)}\n`);
  else if (format === 'yaml') stdout.write(stringify(row));
  else if (format === 'name') stdout.write(`${printable(shape.name(row))}\n`);
  else if (style === 'row') printList(terminal, format, [row], shape);
  else stdout.write(describe(row));
}

function tableOptions(terminal: Terminal): { width: number | undefined; colour: boolean } {
  const { stdout } = terminal;
  return { width: stdout.isTTY ? stdout.columns : undefined, colour: hasColour(stdout, terminal.environment) };
}

export function hasColour(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): boolean {
  return stream.isTTY && (environment['NO_COLOR'] ?? '') === '' && environment['TERM'] !== 'dumb';
}

/** `key: value` lines, lists and sections below their key; what is not there is not shown. */
export function describe(value: unknown, indent = ''): string {
  if (typeof value !== 'object' || value === null) return `${indent}${scalar(value)}\n`;
  const entries = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined && !isEmpty(inner));
  const widest = Math.max(0, ...entries.filter(([, inner]) => isInline(inner)).map(([key]) => key.length));
  return entries
    .map(([key, inner]) => {
      const title = `${indent}${printable(key)}:`;
      if (isInline(inner)) return `${title}${' '.repeat(widest - key.length + 2)}${inline(inner)}\n`;
      if (!Array.isArray(inner)) return `${title}\n${describe(inner, `${indent}  `)}`;
      return `${title}\n${inner.map((item) => listItem(item, `${indent}  `)).join('')}`;
    })
    .join('');
}

function listItem(item: unknown, indent: string): string {
  const text = describe(item, `${indent}  `);
  return `${indent}- ${text.slice(indent.length + 2)}`;
}

function isInline(value: unknown): boolean {
  return typeof value !== 'object' || (Array.isArray(value) && value.every((item) => typeof item !== 'object'));
}

function inline(value: unknown): string {
  return Array.isArray(value) ? value.map(scalar).join(', ') : scalar(value);
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function scalar(value: unknown): string {
  if (value === true) return 'yes';
  if (value === false) return 'no';
  return typeof value === 'string' ? printable(value) : printable(JSON.stringify(value) ?? '');
}
