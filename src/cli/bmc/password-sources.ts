/** Where passwords come from: never the command line, which everybody on the machine can read. */
import { spawn } from 'node:child_process';
import { AthanorError } from '../../errors/index.ts';
import { readSecretFile } from '../secret-file.ts';
import { printable, readSecretFromStdin, type Terminal } from '../terminal.ts';
import type { ConnectionOptions } from './connection-options.ts';
import { wordsOfCommand } from './helper-words.ts';

type Sources = Pick<ConnectionOptions, 'user' | 'passwordFile' | 'passwordEnv' | 'passwordCommand'>;

/** A person may have to unlock a vault first. */
const helperTimeoutMs = 60_000;
const longestOutput = 64 * 1024;

/** Gives the password of a host; undefined when neither a user nor a source was named. */
export async function passwordSource(
  terminal: Terminal,
  options: Sources,
): Promise<((host: string) => Promise<string>) | undefined> {
  const { passwordFile, passwordEnv, passwordCommand } = options;
  const named = [passwordFile, passwordEnv, passwordCommand].filter((source) => source !== undefined);
  if (named.length > 1) {
    throw new AthanorError('invalid-input', 'There is more than one source of the password.', {
      field: '--password-file',
      remedy: 'Give one of --password-file, --password-env and --password-command.',
    });
  }
  if (passwordCommand !== undefined) return helperSource(terminal, passwordCommand);
  const password = await onePassword(terminal, options);
  return password === undefined ? undefined : () => Promise.resolve(password);
}

async function onePassword(terminal: Terminal, options: Sources): Promise<string | undefined> {
  const { user, passwordFile, passwordEnv } = options;
  if (passwordFile === '-') return await readSecretFromStdin(terminal, 'password');
  if (passwordFile !== undefined) return await readSecretFile(passwordFile);
  if (passwordEnv !== undefined) {
    const value = terminal.environment[passwordEnv];
    if (value !== undefined && value !== '') {
      // What is started from here has no use for it.
      delete terminal.environment[passwordEnv];
      return value;
    }
    throw new AthanorError('invalid-input', `The environment has no ${passwordEnv}, or it is empty.`, {
      field: '--password-env',
      value: passwordEnv,
      remedy: 'Export it first, or give --password-file.',
    });
  }
  if (user === undefined) return undefined;
  if (terminal.stdin.isTTY) return await readSecretFromStdin(terminal, `password of ${printable(user)}`);
  throw new AthanorError('invalid-input', 'There is a user and no password, and no terminal to ask for it.', {
    field: '--password-file',
    remedy: 'Give --password-file, --password-env or --password-command.',
  });
}

/** One run of the helper for all, or one for each host where the command names it. */
function helperSource(terminal: Terminal, command: string): (host: string) => Promise<string> {
  if (command.includes('{host}')) return (host) => runHelper(terminal, command, host);
  let once: Promise<string> | undefined;
  return () => (once ??= runHelper(terminal, command, ''));
}

async function runHelper(terminal: Terminal, command: string, host: string): Promise<string> {
  const [program = '', ...args] = wordsOfCommand(command).map((word) => word.replaceAll('{host}', host));
  const failed = (why: string): AthanorError =>
    new AthanorError('invalid-input', `The helper ${program} gave no password${host && ` for ${host}`}: ${why}`, {
      field: '--password-command',
      remedy: 'Run the command by hand and see that it prints the password and nothing else.',
    });
  const child = spawn(program, args, { stdio: [terminal.stdin.isTTY ? 'inherit' : 'ignore', 'pipe', 'pipe'] });
  const output: Record<'stdout' | 'stderr', string> = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8');
    child[name].on('data', (text: string) => {
      if (output[name].length < longestOutput) output[name] += text;
    });
  }
  return await new Promise((resolve, reject) => {
    const stop = (): void => void child.kill('SIGTERM');
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(failed(`it did not end within ${helperTimeoutMs / 1000} s.`));
    }, helperTimeoutMs);
    terminal.signal.addEventListener('abort', stop, { once: true });
    const ended = (): void => {
      clearTimeout(timer);
      terminal.signal.removeEventListener('abort', stop);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      ended();
      reject(failed(`it cannot be started (${error.code ?? error.message}).`));
    });
    child.once('close', (code, signal) => {
      ended();
      const said = printable(output.stderr.trim().slice(-2000));
      const [password = ''] = output.stdout.split(/\r?\n/, 1);
      if (code === 0 && password !== '' && output.stdout.length < longestOutput) resolve(password);
      else if (code === 0) reject(failed('it printed nothing, or far too much.'));
      else reject(failed(`it ended with ${code ?? signal}${said === '' ? '.' : `: ${said}`}`));
    });
  });
}
