/**
 * Athanor as an operator runs it: `bin/athanor serve` in the control namespace, and every question by the command line.
 * Nothing here looks inside the process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { type Ended, runToEnd } from '../command.ts';
import type { Rack } from '../index.ts';

const program = path.resolve(import.meta.dirname, '../../bin/athanor');

export interface LifeEvent {
  sequence: number;
  time: string;
  kind: string;
  subjectKind: string;
  subjectId: string;
  operationId?: string;
  data: Record<string, unknown>;
}

export interface Athanor {
  readonly configurationFile: string;
  readonly dataDirectory: string;
  readonly logFile: string;
  readonly loginFile: string;
  /** Starts the server; resolves when it says that it listens. `killAt` names a checkpoint where it kills itself. */
  start(options?: { killAt?: string }): Promise<void>;
  /** Resolves when the server has ended, with its exit code or signal. */
  ended(): Promise<string>;
  pid(): number | undefined;
  kill(): Promise<void>;
  stop(): Promise<void>;
  login(): Promise<void>;
  /** Runs `athanor ARGS…` to its end. */
  command(args: string[], options?: { input?: string }): Promise<Ended>;
  /** Runs it with `-o json` and parses the document; throws with its error output when it fails. */
  ask(args: string[]): Promise<unknown>;
  /** The event stream from `after` on, as `athanor event tail` prints it. */
  events(after: number, signal: AbortSignal): AsyncIterable<LifeEvent>;
}

export interface AthanorOptions {
  rack: Rack;
  configurationFile: string;
  directory: string;
  /** Unix socket of the API; the login is kept beside it. */
  apiSocket: string;
}

function lastLines(file: string): string {
  return readFileSync(file, 'utf8').split('\n').slice(-20).join('\n');
}

/** What the server prints once it listens and its services run. */
const READY = /"msg":"athanor is ready"/;

export function createAthanor({ rack, configurationFile, directory, apiSocket }: AthanorOptions): Athanor {
  const logFile = path.join(directory, 'athanor.log');
  const loginFile = path.join(path.dirname(apiSocket), 'login.json');
  const dataDirectory = path.join(directory, 'data');
  const environment = { ...process.env, ATHANOR_LOGIN_FILE: loginFile };
  let server: ChildProcess | undefined;
  let ending: Promise<string> = Promise.resolve('never started');

  const command = (args: string[], options: { input?: string } = {}): Promise<Ended> =>
    runToEnd({ file: program, args }, { environment: { ATHANOR_LOGIN_FILE: loginFile }, ...options });

  async function start(options: { killAt?: string } = {}): Promise<void> {
    const { file, args } = rack.inControl([program, 'serve', '--config', configurationFile]);
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', file, ...args], {
      env: { ...environment, ...(options.killAt === undefined ? {} : { ATHANOR_KILL_AT: options.killAt }) },
      stdio: ['ignore', 'pipe', log],
    });
    closeSync(log);
    server = child;
    ending = once(child, 'exit').then(([code, signal]) => String(signal ?? code));
    if (child.stdout === null) throw new Error('athanor serve has no standard output');
    const lines = createInterface({ input: child.stdout });
    const copy = openSync(logFile, 'a', 0o600);
    child.once('exit', () => closeSync(copy));
    await new Promise<void>((resolve, reject) => {
      lines.on('line', (line) => {
        writeSync(copy, `${line}\n`);
        if (READY.test(line)) resolve();
      });
      void ending.then((how) => {
        if (how === 'SIGKILL' && options.killAt !== undefined) resolve();
        else reject(new Error(`athanor serve ended (${how}):\n${lastLines(logFile)}`));
      });
    });
  }

  return {
    configurationFile,
    dataDirectory,
    logFile,
    loginFile,
    start,
    ended: () => ending,
    pid: () => server?.pid,
    kill: async () => {
      server?.kill('SIGKILL');
      await ending;
    },
    stop: async () => {
      server?.kill('SIGTERM');
      await ending;
    },
    login: async () => {
      const result = await command(['login', `unix:${apiSocket}`, '--local', dataDirectory]);
      if (result.code !== 0) throw new Error(`login failed: ${result.errors}`);
    },
    command,
    ask: async (args) => {
      const result = await command([...args, '-o', 'json']);
      if (result.code !== 0) throw new Error(`athanor ${args.join(' ')} failed (${result.code}): ${result.errors}`);
      return JSON.parse(result.output);
    },
    events: async function* (after, signal) {
      const child = spawn(program, ['event', 'tail', '--after', String(after), '--follow', '-o', 'jsonl'], {
        env: environment,
        stdio: ['ignore', 'pipe', 'inherit'],
        signal,
      });
      child.on('error', () => undefined);
      for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line) as LifeEvent;
    },
  };
}
