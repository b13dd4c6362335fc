/** `bmc console`: a machine's serial console in this terminal. */
import type { Command } from 'commander';
import { AthanorError } from '../../errors/index.ts';
import { type Context, Ended } from '../context.ts';
import { errorOfCode } from '../named-error.ts';
import { runSerialTerminal } from '../serial-terminal.ts';
import type { Way } from './command-tree.ts';
import { connectionOptionsOf } from './connection-options.ts';
import { directBmcs } from './direct.ts';

export interface ConsoleOptions {
  escape?: string;
  takeOver?: true;
}

export async function openConsole(context: Context, node: Command, way: Way, given: ConsoleOptions): Promise<void> {
  const { terminal } = context;
  if (way === 'server') {
    throw new AthanorError('unsupported', 'A console through the server is not there yet.', {
      remedy: 'Speak to the BMC itself: athanor bmc --host HOST --user USER --password-file FILE console',
    });
  }
  const { hosts, open, end } = await directBmcs(terminal, connectionOptionsOf(node, new Set()));
  const [host, ...more] = hosts;
  if (host === undefined || more.length > 0) {
    throw new AthanorError('invalid-input', `A console is of one BMC, and ${hosts.length} are named.`, {
      field: '--host',
      remedy: 'Name one.',
    });
  }
  try {
    const bmc = await open(host);
    try {
      const opened = await bmc.console.openSerial(given.takeOver === true, { signal: terminal.signal });
      if (opened.outcome === 'unsupported') throw new AthanorError('unsupported', opened.reason);
      if (opened.outcome !== 'done') throw errorOfCode(opened.error.code, opened.error.message, opened.error.remedy);
      const escape = given.escape === undefined ? {} : { escapeKey: given.escape };
      const exitCode = await runSerialTerminal(opened.value, terminal, { bmc: host.name, ...escape });
      if (exitCode !== 0) throw new Ended(exitCode);
    } finally {
      await bmc.close();
    }
  } finally {
    await end();
  }
}
