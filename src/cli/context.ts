/** What every command gets: the terminal, the client once it is needed, and the options before the command's own. */
import type { Command } from 'commander';
import { createClient, type Client } from './client.ts';
import { loginFilePath, readLogin } from './login-file.ts';
import { asFormat, type Format } from './output.ts';
import type { Terminal } from './terminal.ts';

export interface Context {
  terminal: Terminal;
}

/** Runs `work` with a client of the server logged in to, and closes it. */
export async function withClient<Result>(
  context: Context,
  command: Command,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = createClient(await readLogin(loginFileOf(context, command)));
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

export function loginFileOf(context: Context, command: Command): string {
  return loginFilePath(textOption(command, 'loginFile'), context.terminal.environment);
}

export function formatOf(command: Command): Format {
  return asFormat(command.opts()['output']);
}

/** A text given for an option, the command's own or one before it. */
export function textOption(command: Command, name: string): string | undefined {
  const value: unknown = command.optsWithGlobals()[name];
  return typeof value === 'string' ? value : undefined;
}

export function flagOption(command: Command, name: string): boolean {
  return command.optsWithGlobals()[name] === true;
}
