/** Runs one command line and says how it ended. */
import { type Command, CommanderError } from 'commander';
import { type Context, Ended } from './context.ts';
import { reportError } from './error-report.ts';
import type { Terminal } from './terminal.ts';

/** sysexits.h: the command was used incorrectly. */
const usageExitCode = 64;

/** Runs one command line (without node and script) and answers its exit code. */
export async function run(terminal: Terminal, argv: readonly string[], version: string): Promise<number> {
  try {
    const words = firstWord(argv) === 'bmc' ? loginFileFirst(argv) : argv;
    const program = await programFor(words, { terminal }, version);
    await program.parseAsync(words, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageExitCode;
    if (error instanceof Ended) return error.exitCode;
    return reportError(terminal, error, wantsJson(argv));
  }
}

/** `bmc` is loaded alone: its commands are run hundreds of times by scripts, and start in half the time then. */
async function programFor(argv: readonly string[], context: Context, version: string): Promise<Command> {
  if (firstWord(argv) !== 'bmc') return await (await import('./program.ts')).buildProgram(context, version);
  const { createRoot } = await import('./root-command.ts');
  const { addBmcCommands, wayOf } = await import('./bmc-commands.ts');
  const { firstCommandWord } = await import('./bmc/connection-options.ts');
  const { loadBmcCommandsBegunBy } = await import('../bmc/index.ts');
  const commands = await loadBmcCommandsBegunBy(firstCommandWord(argv.slice(argv.indexOf('bmc') + 1)));
  // An option belongs to the command that it stands behind: `--password-file` is the login's or a new account's.
  const program = createRoot(context, version).enablePositionalOptions();
  addBmcCommands(program, context, wayOf(argv), commands);
  return program;
}

function firstWord(argv: readonly string[]): string | undefined {
  return argv.find((word, at) => !word.startsWith('-') && argv[at - 1] !== '--login-file');
}

/** It is the root's own option, and may stand anywhere. */
function loginFileFirst(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  const isOwn = (_: string, at: number): boolean =>
    (end < 0 || at < end) &&
    (argv[at] === '--login-file' || argv[at - 1] === '--login-file' || argv[at]?.startsWith('--login-file=') === true);
  return [...argv.filter(isOwn), ...argv.filter((word, at) => !isOwn(word, at))];
}

/** Looked up in the words themselves: the error may come before the options were read. */
function wantsJson(argv: readonly string[]): boolean {
  return argv.some(
    (word, index) =>
      (/^(-o|--output)$/.test(word) && /^jsonl?$/.test(argv[index + 1] ?? '')) || /^(-o|--output=)jsonl?$/.test(word),
  );
}
