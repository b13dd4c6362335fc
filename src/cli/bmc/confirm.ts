/** Asks before something disruptive is done to several BMCs at once. */
import { createInterface } from 'node:readline/promises';
import type { BmcCommand } from '../../bmc/index.ts';
import { AthanorError } from '../../errors/index.ts';
import { printable, type Terminal } from '../terminal.ts';
import { foldNodeRanges } from './node-ranges.ts';

/** @param options those of the command that make it disruptive */
export async function confirm(
  terminal: Terminal,
  command: BmcCommand,
  options: readonly string[],
  names: readonly string[],
): Promise<void> {
  const { stdin, stderr, signal } = terminal;
  const words = [command.name, ...options.map((option) => `--${option}`)].join(' ');
  const what = `${words} on ${names.length} BMCs (${printable(foldNodeRanges(names))})`;
  if (!stdin.isTTY || !stderr.isTTY) {
    throw new AthanorError(
      'invalid-input',
      `${what} is disruptive, and there is no terminal to ask whether it is meant.`,
      {
        field: '--yes',
        remedy: 'Look at the list once more, then repeat the command with --yes.',
      },
    );
  }
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    const answer = await lines.question(`${what}: ${command.summary}. Go on? [y/N] `, { signal });
    if (/^y(es)?$/i.test(answer.trim())) return;
  } catch {
    // Interrupted: the same as no.
  } finally {
    lines.close();
  }
  throw new AthanorError('aborted', 'Nothing was done.', { remedy: 'Answer y when you mean it.' });
}
