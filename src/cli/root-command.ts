/** `athanor` itself, before anything was added to it. */
import { Command } from 'commander';
import type { Context } from './context.ts';

export function createRoot({ terminal }: Context, version: string): Command {
  return new Command('athanor')
    .description('Turns racks of bare metal into a cloud and keeps them alive.')
    .version(version)
    .option('--login-file <file>', 'where the login is kept (or ATHANOR_LOGIN_FILE)')
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .showHelpAfterError('(--help shows what can be given)')
    .exitOverride();
}
