/** `screen read`: what a picture of a screen says, without a server. */
import { open } from 'node:fs/promises';
import path from 'node:path';
import { type Command, Option } from 'commander';
import { runsOf } from '../api/index.ts';
import type { Cell, Reading } from '../console/index.ts';
import { AthanorError } from '../errors/index.ts';
import { type Context, flagOption } from './context.ts';
import { hasColour } from './terminal.ts';
import { colouredScreen, plainScreen } from './screen-text.ts';

/** A 4K screen as PPM has 25 MB. */
const largestFrame = 64 * 2 ** 20;

export function addScreenCommands(program: Command, { terminal }: Context): void {
  program
    .command('screen')
    .description('pictures of screens')
    .command('read')
    .description('the text of a picture (PNG or PPM), in colours on a terminal; asks no server')
    .argument('<frame>', 'its file')
    .option('--text', 'without colours')
    .addOption(new Option('-o, --output <format>', 'how to print it').choices(['table', 'json']).default('table'))
    .action(async (frame: string, options: { output: string }, command: Command) => {
      const reading = await readFrame(frame);
      if (options.output === 'json') {
        terminal.stdout.write(`${JSON.stringify(jsonOf(reading), undefined, 2)}\n`);
        return;
      }
      const colour = !flagOption(command, 'text') && hasColour(terminal.stdout, terminal.environment);
      terminal.stdout.write(colour ? colouredReading(reading) : plainScreen(reading));
    });
}

/** The screen as it looks, with escape sequences for a terminal's colours; nothing in it that a guest could have sent. */
export function colouredReading(reading: Reading): string {
  return colouredScreen({
    ...reading,
    lines: [...reading.lines],
    cursor: reading.cursor ?? null,
    runs: runsOf(reading),
  });
}

/** Reads the picture in a file. Throws `screen-unreadable` where no grid fits it. */
async function readFrame(file: string): Promise<Reading> {
  const { decodeImage, loadFonts, readScreen } = await import('../console/index.ts');
  const picture = decodeImage(await contentOf(file));
  const reading = readScreen(picture, await loadFonts(path.resolve(import.meta.dirname, '../../build/fonts')));
  if (reading !== undefined) return reading;
  throw new AthanorError(
    'screen-unreadable',
    `${file} (${picture.width} by ${picture.height}) is not text of a known font.`,
    {
      field: 'frame',
      value: file,
    },
  );
}

async function contentOf(file: string): Promise<Uint8Array> {
  try {
    const handle = await open(file);
    try {
      const parts: Buffer[] = [];
      let size = 0;
      // Counted while it is read: a pipe or a device does not know its size beforehand, and may have no end.
      for await (const part of handle.createReadStream({ autoClose: false })) {
        if (!Buffer.isBuffer(part)) continue;
        parts.push(part);
        size += part.length;
        if (size > largestFrame) throw new Error(`it has more than ${largestFrame} bytes`);
      }
      return Buffer.concat(parts);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const why = error instanceof Error ? ('code' in error ? String(error.code) : error.message) : String(error);
    throw new AthanorError('invalid-input', `${file} cannot be read: ${why}.`, {
      field: 'frame',
      value: file,
      remedy: 'Name a picture of a screen, PNG or PPM.',
      cause: error,
    });
  }
}

const hex = (colour: number): string => `#${colour.toString(16).padStart(6, '0')}`;

function jsonOf({ cells, cursor, ...reading }: Reading): Record<string, unknown> {
  const cellOf = ({ character, foreground, background, confidence }: Cell): Record<string, unknown> => ({
    character,
    foreground: hex(foreground),
    background: hex(background),
    confidence,
  });
  return { ...reading, cursor: cursor ?? null, cells: cells.map(cellOf) };
}
