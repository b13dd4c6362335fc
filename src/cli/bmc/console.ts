/** `bmc console`: a machine's serial console in this terminal. */
import type { Command } from 'commander';
import type { SerialConsole } from '../../bmc/index.ts';
import { AthanorError } from '../../errors/index.ts';
import { type Context, Ended, loginFileOf } from '../context.ts';
import { errorOfCode } from '../named-error.ts';
import { parseEscapeKey, usualEscapeKey } from '../serial-escape.ts';
import { runSerialTerminal } from '../serial-terminal.ts';
import type { Way } from './command-tree.ts';
import { connectionOptionsOf } from './connection-options.ts';
import { directBmcs } from './direct.ts';
import { isOneName } from './node-ranges.ts';

export interface ConsoleOptions {
  escape?: string;
  takeOver?: true;
}

export async function openConsole(
  context: Context,
  node: Command,
  way: Way,
  bmc: string | undefined,
  given: ConsoleOptions,
): Promise<void> {
  // A key that is none must not open a console first.
  parseEscapeKey(given.escape ?? usualEscapeKey);
  if (way === 'direct') await openDirectly(context, node, given);
  else await openThroughServer(context, node, bmc, given);
}

async function openThroughServer(
  context: Context,
  node: Command,
  bmc: string | undefined,
  given: ConsoleOptions,
): Promise<void> {
  const { refuseDirectOptions } = await import('./through-server.ts');
  const { openRemoteConsole } = await import('../open-remote-console.ts');
  const { readLogin } = await import('../login-file.ts');
  const { terminal } = context;
  refuseDirectOptions(connectionOptionsOf(node, new Set()));
  if (bmc === undefined || !isOneName([bmc])) {
    throw new AthanorError('invalid-input', 'A console is of one BMC.', {
      field: 'BMC',
      ...(bmc === undefined ? {} : { value: bmc }),
      remedy: 'Name one: athanor bmc console BMC, or --host HOST without a server.',
    });
  }
  const login = await readLogin(await loginFileOf(context, node));
  const console = await openRemoteConsole(login, bmc, given.takeOver === true, terminal.signal);
  await carry(console, context, bmc, given);
}

async function openDirectly(context: Context, node: Command, given: ConsoleOptions): Promise<void> {
  const { terminal } = context;
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
      await carry(opened.value, context, host.name, given);
    } finally {
      await bmc.close();
    }
  } finally {
    await end();
  }
}

async function carry(console: SerialConsole, context: Context, bmc: string, given: ConsoleOptions): Promise<void> {
  const escape = given.escape === undefined ? {} : { escapeKey: given.escape };
  const exitCode = await runSerialTerminal(console, context.terminal, { bmc, ...escape });
  if (exitCode !== 0) throw new Ended(exitCode);
}
