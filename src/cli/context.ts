/**
 * What every command gets: the terminal, the client once it is needed, and the options before the command's own. The
 * client is loaded then and not before, for the tool without a server starts in a fraction of that time.
 */
import type { Command } from 'commander';
import type { Client } from './client.ts';
import { asFormat, type Format } from './formats.ts';
import type { Terminal } from './terminal.ts';

export interface Context {
  terminal: Terminal;
}

/** What was wrong is told already; only the exit code is left to say. */
export class Ended extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super(`ended with ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** Runs `work` with a client of the server logged in to, and closes it. */
export async function withClient<Result>(
  context: Context,
  command: Command,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const { createClient } = await import('./client.ts');
  const { readLogin } = await import('./login-file.ts');
  const client = createClient(await readLogin(await loginFileOf(context, command)));
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

export async function loginFileOf(context: Context, command: Command): Promise<string> {
  const { loginFilePath } = await import('./login-file.ts');
  return loginFilePath(textOption(command, 'loginFile'), context.terminal.environment);
}

export function formatOf(command: Command): Format {
  return asFormat(command.optsWithGlobals()['output']);
}

/** A text given for an option, the command's own or one before it. */
export function textOption(command: Command, name: string): string | undefined {
  const value: unknown = command.optsWithGlobals()[name];
  return typeof value === 'string' ? value : undefined;
}

export function flagOption(command: Command, name: string): boolean {
  return command.optsWithGlobals()[name] === true;
}
