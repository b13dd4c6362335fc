/** `bmc`: list and describe what a server has declared, and everything a BMC can be asked. */
import type { Command } from 'commander';
import type { BmcCommand } from '../bmc/index.ts';
import { addGeneratedCommands, type Asked, type Way } from './bmc/command-tree.ts';
import type { ConsoleOptions } from './bmc/console.ts';
import type { Context } from './context.ts';
import { withOutput } from './formats.ts';

export function addBmcCommands(program: Command, context: Context, way: Way, commands: readonly BmcCommand[]): void {
  const group = program.command('bmc').description('baseboard management controllers, with --host without a server');
  withOutput(group.command('list').description('list BMCs')).action(async (_, command: Command) => {
    const { listBmcs } = await import('./declared-bmcs.ts');
    await listBmcs(context, command);
  });
  withOutput(group.command('describe').description('all that is known of a BMC').argument('<bmc>')).action(
    async (bmc: string, _, command: Command) => {
      const { describeBmc } = await import('./declared-bmcs.ts');
      await describeBmc(context, command, bmc);
    },
  );
  const run = async (asked: Asked): Promise<void> => {
    const { runAsked } = await import('./bmc/run-asked.ts');
    await runAsked(context, asked);
  };
  addGeneratedCommands(group, way, run, commands);
  const console = group.commands.find((sub) => sub.name() === 'console') ?? group.command('console');
  console
    .description('open the serial console in this terminal; ^] . leaves it')
    .argument('[bmc]', 'a declared BMC; none with --host')
    .option('--escape <key>', 'the key that begins a command of the console, as ^] or ^O')
    .option('--take-over', 'end the console that somebody else has open')
    .action(async (bmc: string | undefined, options: ConsoleOptions, command: Command) => {
      const { openConsole } = await import('./bmc/console.ts');
      await openConsole(context, command, way, bmc, options);
    });
}

/** `--host` anywhere means that no server is asked. */
export function wayOf(argv: readonly string[]): Way {
  return argv.some((word) => word === '--host' || word.startsWith('--host=')) ? 'direct' : 'server';
}
