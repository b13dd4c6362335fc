/** What many BMCs answered, for people and for programs: equal answers once, failures last with what to do. */
import type { BmcAnswer, BmcCommand } from '../../bmc/index.ts';
import { jsonText } from '../json-text.ts';
import { renderTable } from '../table.ts';
import { printable } from '../terminal.ts';
import { foldNodeRanges } from './node-ranges.ts';

export const bmcFormats = ['table', 'wide', 'json', 'jsonl', 'yaml', 'name'] as const;
export type BmcFormat = (typeof bmcFormats)[number];

export function asBmcFormat(text: unknown): BmcFormat {
  return bmcFormats.find((format) => format === text) ?? 'table';
}

interface Screen {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

/** Where it is shown; a `Terminal` is one. */
export interface Shown {
  stdout: Screen;
  stderr: Screen;
}

/** `single`: one BMC was named by one plain name, so that the document is one answer and not a list. */
export async function printAnswers(
  terminal: Shown,
  format: BmcFormat,
  command: BmcCommand,
  answers: readonly BmcAnswer[],
  single: boolean,
): Promise<void> {
  const { stdout } = terminal;
  const document = single ? answers[0] : answers;
  if (format === 'json') stdout.write(`${jsonText(document, 2)}\n`);
  else if (format === 'yaml') stdout.write((await import('../yaml-text.ts')).yamlText(document));
  else if (format === 'name') {
    for (const { bmc, outcome } of answers) if (outcome === 'done') stdout.write(`${printable(bmc)}\n`);
  } else if (format !== 'jsonl') printText(terminal, command, answers, single, format === 'wide');
}

function printText(
  terminal: Shown,
  command: BmcCommand,
  answers: readonly BmcAnswer[],
  single: boolean,
  wide: boolean,
): void {
  const groups = new Map<string, string[]>();
  for (const answer of answers) {
    if (answer.outcome !== 'done') continue;
    const text = textOfValue(terminal, command, answer) + (wide ? textOfEvidence(answer) : '');
    groups.set(text, [...(groups.get(text) ?? []), answer.bmc]);
  }
  for (const [text, names] of groups) {
    if (single) terminal.stdout.write(text);
    else if (text.indexOf('\n') === text.length - 1)
      terminal.stdout.write(`${printable(foldNodeRanges(names))}: ${text}`);
    else terminal.stdout.write(`${printable(foldNodeRanges(names))}:\n${text.replaceAll(/^(?=.)/gm, '  ')}`);
  }
  if (!single) printFailures(terminal, answers);
}

function textOfValue({ stdout }: Shown, command: BmcCommand, answer: BmcAnswer): string {
  const { line, table, lineToo } = command.present(answer.value);
  const lines = `${line.split('\n').map(printable).join('\n')}\n`;
  if (table === undefined) return lines;
  if (table.rows.length === 0) return `${printable(line)}\n`;
  const columns = table.columns.map((header, at) => ({
    header,
    value: (row: readonly (string | number | undefined)[]) => row[at],
  }));
  const drawn = renderTable(table.rows, columns, {
    wide: true,
    width: stdout.isTTY ? stdout.columns : undefined,
    colour: false,
  });
  return lineToo === true ? lines + drawn : drawn;
}

function textOfEvidence({ evidence }: BmcAnswer): string {
  return evidence.map(({ source, detail }) => `  ${printable(source)}: ${printable(detail)}\n`).join('');
}

/** Grouped by what was wrong, whatever name it was said with. */
function printFailures({ stderr }: Shown, answers: readonly BmcAnswer[]): void {
  const groups = new Map<string, { names: string[]; answer: BmcAnswer; message: string }>();
  for (const answer of answers) {
    const { bmc, outcome, error } = answer;
    if (outcome === 'done') continue;
    const general = withoutName(error?.message ?? outcome, bmc);
    const key = JSON.stringify([outcome, error?.code, general, error?.remedy]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { names: [bmc], answer, message: general });
    else group.names.push(bmc);
  }
  for (const { names, answer, message } of groups.values()) {
    const { outcome, error } = answer;
    const text = names.length === 1 ? (error?.message ?? outcome) : message;
    stderr.write(`${printable(foldNodeRanges(names))}: ${outcome}: ${printable(text)}\n`);
    if (error !== undefined) stderr.write(`  remedy: ${printable(error.remedy)}\n  code:   ${printable(error.code)}\n`);
  }
  const failed = answers.filter(({ outcome }) => outcome !== 'done').length;
  if (failed > 0) stderr.write(`${failed} of ${answers.length} not done.\n`);
}

function withoutName(message: string, name: string): string {
  const host = name.replace(/:\d+$/, '');
  return message.replaceAll(name, '…').replaceAll(host, '…');
}
