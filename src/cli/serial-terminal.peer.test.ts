/** `athanor bmc console` in a real terminal: tmux on a socket of its own, our simulated BMC at the other end. */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SimulatedBmc } from '../sim/index.ts';
import { startSimulatedBmc, systemClock } from '../sim/index.ts';

const run = promisify(execFile);
const password = 'correct-horse';

let directory: string;
let sim: SimulatedBmc;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'serial-terminal-'));
  await writeFile(join(directory, 'password'), password, { mode: 0o600 });
  sim = await startSimulatedBmc({
    address: '127.0.0.1',
    port: 0,
    name: 'terminal',
    powerOn: true,
    users: [{ name: 'admin', password, privilege: 4 }],
    clock: systemClock,
    random: (length) => randomBytes(length),
  });
});
afterEach(async () => {
  await tmux('kill-server').catch(() => undefined);
  await sim.stop();
  await rm(directory, { recursive: true, force: true });
});

async function tmux(...command: string[]): Promise<string> {
  return (await run('tmux', ['-S', join(directory, 'tmux'), '-f', '/dev/null', ...command])).stdout;
}

function consoleCommand(...more: string[]): string[] {
  const main = join(import.meta.dirname, 'main.ts');
  const login = ['--host', `127.0.0.1:${sim.port}`, '--user', 'admin', '--password-file', join(directory, 'password')];
  return [process.execPath, main, 'bmc', ...login, '--driver', 'ipmi', 'console', ...more];
}

const environment = () => ({ ...process.env, XDG_STATE_HOME: directory });

/** What the terminal shows, once it has `text`. */
async function shows(text: string): Promise<string> {
  let screen = '';
  await vi
    .waitUntil(
      async () => {
        screen = await tmux('capture-pane', '-p', '-J', '-t', 'c');
        return screen.includes(text);
      },
      { timeout: 15_000, interval: 100 },
    )
    .catch(() => expect(screen).toContain(text));
  return screen;
}

/** A shell in a terminal that runs the console, and compares the terminal's modes before and after it. */
async function startTerminal(more: string[] = [], cue = 'Ctrl-] . leaves'): Promise<void> {
  const words = consoleCommand(...more).map((word) => `'${word}'`);
  const script = `cd ${directory} && export XDG_STATE_HOME=${directory}
stty -g > before
sh -c 'echo $$ > pid && exec "$@"' sh ${words.join(' ')}
echo "left with $?"
stty -g > after
cmp before after && echo 'terminal as before'
exec cat
`;
  await writeFile(join(directory, 'session'), script);
  await tmux('new-session', '-d', '-s', 'c', '-x', '80', '-y', '24', 'sh', join(directory, 'session'));
  await shows(cue);
}

async function type(...keys: string[]): Promise<void> {
  await tmux('send-keys', '-t', 'c', ...keys);
}

async function typeText(text: string): Promise<void> {
  await tmux('send-keys', '-t', 'c', '-l', text);
}

describe('in a terminal', () => {
  it('types, tells its keys, sends a break, survives a resize, and leaves the terminal as it was', async () => {
    await startTerminal();
    await typeText('echo gr\u00fc\u00df 12');
    await type('Enter');
    await shows('\ngr\u00fc\u00df 12');
    await type('C-]');
    await typeText('?');
    await shows('send a break');
    await type('C-]');
    await typeText('b');
    await shows('[break sent]');
    expect(sim.areas.sol.breaks).toBe(1);

    await tmux('resize-window', '-t', 'c', '-x', '120', '-y', '40');
    await typeText('echo resized');
    await type('Enter');
    await shows('\nresized');
    // Ctrl-C belongs to the machine.
    await type('C-c');
    await typeText('echo still here');
    await type('Enter');
    await shows('\nstill here');

    await type('C-]');
    await typeText('.');
    await shows('left with 0');
    await shows('terminal as before');
  });

  it('takes another escape key, and sends the usual one on', async () => {
    const received: Buffer[] = [];
    sim.areas.sol.attach(machine((chunk) => received.push(chunk)));
    await startTerminal(['--escape', '^O'], 'Ctrl-O . leaves');
    await type('C-]');
    await type('C-o', 'C-o');
    await typeText('x');
    await vi.waitUntil(() => Buffer.concat(received).includes('x'), { timeout: 10_000 });
    expect(Buffer.concat(received)).toEqual(Buffer.from('\u001d\u000fx'));
    await type('C-o');
    await typeText('q');
    await shows('left with 0');
  });

  it('leaves the terminal as it was when it is terminated, and when another takes the console', async () => {
    await startTerminal();
    process.kill(Number(await readFile(join(directory, 'pid'), 'utf8')), 'SIGTERM');
    await shows('terminal as before');
    await tmux('kill-session', '-t', 'c');

    await startTerminal();
    const [command = '', ...words] = consoleCommand('--take-over');
    const other = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'], env: environment() });
    await shows('another session took it');
    await shows('terminal as before');
    other.stdin.end();
    await once(other, 'exit');
  });
});

describe('without a terminal', () => {
  it('sends standard input to its end, untouched, and prints the bytes that come', async () => {
    const received: Buffer[] = [];
    const printed = Buffer.concat([Buffer.from('gr\u00fc\u00df \u20ac\n'), randomBytes(5_000)]);
    const far = machine((chunk) => {
      if (received.length === 0) far.push(printed);
      received.push(chunk);
    });
    sim.areas.sol.attach(far);
    const typed = randomBytes(20_000);
    const [command = '', ...words] = consoleCommand();
    const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'], env: environment() });
    const output: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stdin.end(typed);
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(Buffer.concat(received).equals(typed)).toBe(true);
    expect(Buffer.concat(output).equals(printed)).toBe(true);
  });
});

/** The far end of the serial port: hears bytes, and prints what is pushed into it. */
function machine(hear: (chunk: Buffer) => void): Duplex {
  return new Duplex({
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      hear(chunk);
      done();
    },
  });
}
