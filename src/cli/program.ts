/** The command tree. */
import { Command, CommanderError } from 'commander';
import { addBmcCommands } from './bmc-commands.ts';
import { addCompletionCommand } from './completion-command.ts';
import type { Context } from './context.ts';
import { reportError } from './error-report.ts';
import { addEventCommands } from './event-commands.ts';
import { addIncidentCommands } from './incident-commands.ts';
import { addLoginCommand } from './login-command.ts';
import { addResourceCommands } from './resource-commands.ts';
import { addRuleCommands } from './rule-commands.ts';
import { addRuleSetCommands } from './rule-set-commands.ts';
import { addScreenCommands } from './screen-commands.ts';
import { addServerCommands } from './server-commands.ts';
import type { Terminal } from './terminal.ts';

/** sysexits.h: the command was used incorrectly. */
const usageExitCode = 64;

export function buildProgram(context: Context, version: string): Command {
  const { terminal } = context;
  const program = new Command('athanor')
    .description('Turns racks of bare metal into a cloud and keeps them alive.')
    .version(version)
    .option('--login-file <file>', 'where the login is kept (or ATHANOR_LOGIN_FILE)')
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .showHelpAfterError('(--help shows what can be given)')
    .exitOverride();
  addServerCommands(program, context);
  addLoginCommand(program, context);
  addResourceCommands(program, context);
  addBmcCommands(program, context);
  addIncidentCommands(program, context);
  const rules = program.command('rule').description('rules: what is done about what is seen');
  addRuleCommands(rules, context);
  addRuleSetCommands(rules, program, context);
  addScreenCommands(program, context);
  addEventCommands(program, context);
  addCompletionCommand(program, context);
  return program;
}

/** Runs one command line (without node and script) and answers its exit code. */
export async function run(terminal: Terminal, argv: readonly string[], version: string): Promise<number> {
  try {
    await buildProgram({ terminal }, version).parseAsync(argv, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageExitCode;
    return reportError(terminal, error, wantsJson(argv));
  }
}

/** Looked up in the words themselves: the error may come before the options were read. */
function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, index) =>
      (/^(-o|--output)$/.test(word) && /^jsonl?$/.test(argv[index + 1] ?? '')) || /^(-o|--output=)jsonl?$/.test(word),
  );
}
