/** `event tail`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { EventView } from '../api/index.ts';
import { type Context, withClient } from './context.ts';
import { jsonText } from './json-text.ts';
import { printable } from './terminal.ts';
import { yamlText } from './yaml-text.ts';

const shownAtFirst = 20;

export function addEventCommands(program: Command, context: Context): void {
  const group = program.command('event').description('the history of everything that happened');
  group
    .command('tail')
    .description('print the newest events, then new ones as they happen')
    .option('--after <sequence>', 'all events after this sequence', sequence)
    .option('-n, --last <count>', 'begin with the newest so many', sequence)
    .option('--no-follow', 'end instead of waiting for new ones')
    .option('--follow', 'wait for new ones (this is so by default)', true)
    .addOption(
      new Option('-o, --output <format>', 'how to print')
        .choices(['table', 'jsonl', 'json', 'yaml', 'name'])
        .default('table'),
    )
    .action(async (options: { after?: number; last?: number; follow: boolean; output: string }, command: Command) =>
      withClient(context, command, async (client) => {
        const { after, follow, output } = options;
        const last = options.last ?? (after === undefined ? shownAtFirst : undefined);
        const query = { follow, ...(after === undefined ? {} : { after }), ...(last === undefined ? {} : { last }) };
        const { stdout, signal } = context.terminal;
        const write = async (text: string): Promise<void> => {
          if (!stdout.write(text)) await new Promise((resolve) => stdout.once('drain', resolve));
        };
        const all: EventView[] = []; // one document can only be printed at the end
        for await (const event of client.events(query, signal)) {
          if (output === 'json' && !follow) all.push(event);
          else await write(lineOf(event, output));
        }
        if (output === 'json' && !follow) await write(`${jsonText(all, 2)}\n`);
      }),
    );
}

function lineOf(event: EventView, output: string): string {
  if (output === 'jsonl' || output === 'json') return `${jsonText(event)}\n`;
  if (output === 'yaml') return `---\n${yamlText(event)}`;
  if (output === 'name') return `${event.sequence}\n`;
  const data = Object.entries(event.data).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  const { sequence: number, time, kind, subjectKind, subjectId } = event;
  return `${printable([String(number).padStart(6), time, kind, `${subjectKind}/${subjectId}`, ...data].join('  '))}\n`;
}

function sequence(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number.');
}
