/** Child processes of the lab: short commands that must succeed, and long-lived ones that die with this process. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';

/** Runs a command to its end; throws with its error output when it fails. */
export async function run(file: string, args: string[], input?: string): Promise<string> {
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  child.stdin.on('error', () => {
    // A command that ends without reading its input says so by its exit code.
  });
  child.stdin.end(input ?? '');
  const [code] = await once(child, 'close');
  if (code !== 0)
    throw new Error(`${file} ${args.join(' ')} failed (${String(code)}): ${errors.trim() || output.trim()}`);
  return output;
}

export interface Ended {
  code: number;
  output: string;
  errors: string;
}

/** Runs a command to its end, however it ends. */
export async function runToEnd(
  command: { file: string; args: string[] },
  options: { environment?: Record<string, string>; input?: string } = {},
): Promise<Ended> {
  const child = spawn(command.file, command.args, {
    env: { ...process.env, ...options.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const [code] = await once(child, 'close');
  return { code: typeof code === 'number' ? code : -1, output, errors };
}

/**
 * Starts a long-lived process in a named network namespace. It gets SIGKILL when this process ends, however it ends,
 * and writes what it has to say to `logFile`.
 */
export async function spawnInNamespace(
  namespace: string,
  command: [string, ...string[]],
  logFile: string,
): Promise<ChildProcess> {
  const log = openSync(logFile, 'a', 0o600);
  try {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'nsenter', `--net=/run/netns/${namespace}`, ...command], {
      stdio: ['ignore', log, log],
    });
    await once(child, 'spawn');
    return child;
  } finally {
    closeSync(log);
  }
}

export function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Kills a process and waits until it is gone. */
export async function killAndWait(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
