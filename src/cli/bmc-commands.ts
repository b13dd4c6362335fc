/** `bmc`: list and describe what a server has declared, and everything a BMC can be asked. */
import type { Command } from 'commander';
import { addGeneratedCommands, type Way } from './bmc/command-tree.ts';
import type { Context } from './context.ts';
import { withOutput } from './formats.ts';

export function addBmcCommands(program: Command, context: Context, way: Way): void {
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
  addGeneratedCommands(group, way, async (asked) => {
    const { runAsked } = await import('./bmc/run-asked.ts');
    await runAsked(context, asked);
  });
}

/** `--host` anywhere means that no server is asked. */
export function wayOf(argv: readonly string[]): Way {
  return argv.some((word) => word === '--host' || word.startsWith('--host=')) ? 'direct' : 'server';
}
