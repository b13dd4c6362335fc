/** `athanor bmc console BMC` through a real `athanor serve`: ipmi_sim is the BMC, ipmitool the witness and the rival. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { administrator, type IpmiSim, startIpmiSim } from '../bmc/testing/ipmi-sim.ts';
import { type SerialMachine, startSerialMachine } from '../bmc/testing/serial-machine.ts';

const athanor = join(import.meta.dirname, '../../bin/athanor');

let directory: string;
let machine: SerialMachine;
let sim: IpmiSim;
let server: Running;
let children: ChildProcess[];

// Each its own: ipmi_sim, after a console was taken over, hands what is typed to nobody.
beforeEach(async () => {
  children = [];
  directory = await mkdtemp(join(tmpdir(), 'athanor-console-'));
  machine = await startSerialMachine();
  sim = await startIpmiSim({ serialPort: machine.port });
  await mkdir(join(directory, 'secrets'));
  await writeFile(join(directory, 'secrets/lab'), administrator.password, { mode: 0o600 });
  await writeFile(
    join(directory, 'athanor.yaml'),
    `dataDirectory: data
api: { listen: ["127.0.0.1:0", "unix:${directory}/api.sock"] }
credentials:
  - { name: lab, protocol: ipmi, username: ${administrator.username}, passwordFile: secrets/lab }
bmcs:
  - { name: bmc-1, address: 127.0.0.1, port: ${sim.port}, driver: ipmi, credential: lab }
`,
  );
  server = start(['serve', '--config', join(directory, 'athanor.yaml')]);
  await server.shows('athanor is ready');
  const listening = /https:\/\/127\.0\.0\.1:\d+/.exec(await server.shows('https://127.0.0.1'));
  await login(listening?.[0] ?? '');
});
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  await sim.stop();
  await machine.close();
  await rm(directory, { recursive: true, force: true });
});

interface Running {
  child: ChildProcess;
  input: NodeJS.WritableStream;
  output(): Buffer;
  errors(): string;
  /** All that was shown once it holds the text, on either stream. */
  shows(text: string): Promise<string>;
  ended: Promise<unknown>;
}

function start(args: readonly string[], program = athanor): Running {
  const child = spawn(program, args, { stdio: 'pipe' });
  children.push(child);
  const chunks: Buffer[] = [];
  let shown = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as unknown);
  return {
    child,
    input: child.stdin,
    output: () => Buffer.concat(chunks),
    errors: () => errors,
    ended,
    shows: async (text) => {
      const seen = vi.waitFor(() => expect(shown).toContain(text), { timeout: 20_000, interval: 20 });
      const early = ended.then(() => expect(shown).toContain(text));
      await Promise.race([seen, early]);
      return shown;
    },
  };
}

async function login(address: string): Promise<void> {
  const made = start([
    '--login-file',
    join(directory, 'login.json'),
    'login',
    address,
    '--local',
    join(directory, 'data'),
  ]);
  expect([await made.ended, made.errors()]).toEqual([0, expect.stringContaining('Logged in')]);
}

function ask(...words: string[]): Running {
  return start(['--login-file', join(directory, 'login.json'), ...words]);
}

/** The console with its first character there and back, so that it is known to be open. */
async function openConsole(...options: string[]): Promise<Running> {
  const console = ask('bmc', 'console', 'bmc-1', ...options);
  const before = machine.received().length;
  console.input.write('?');
  const died = console.ended.then(() => Promise.reject(new Error(console.errors())));
  await Promise.race([machine.untilReceived(before + 1), died]);
  void died.catch(() => undefined);
  return console;
}

async function statusByIpmitool(): Promise<string> {
  return (await sim.ipmitool('raw', '0x06', '0x4a', '0x01')).trim();
}

const taken = '01 01 00';
const free = '01 00 00';

async function untilFree(): Promise<void> {
  await vi.waitFor(async () => expect(await statusByIpmitool()).toBe(free), { timeout: 20_000, interval: 100 });
}

/** The console of the real ipmitool; rejects when it gets none. */
async function ipmitoolConsole(): Promise<{ end(): Promise<void> }> {
  const { username, password } = administrator;
  const words = `-I lanplus -C 3 -H 127.0.0.1 -p ${sim.port} -U ${username} -P ${password} sol activate`;
  const child = spawn('script', ['-qfec', `ipmitool ${words}`, '/dev/null'], { stdio: 'pipe' });
  children.push(child);
  const exited = once(child, 'exit');
  let shown = '';
  await new Promise<void>((ready, failed) => {
    child.stdout.on('data', (data: Buffer) => {
      shown += data.toString();
      if (shown.includes('operational')) ready();
    });
    child.once('exit', () => failed(new Error(`ipmitool ended: ${shown}`)));
  });
  return {
    async end() {
      child.kill();
      await exited;
    },
  };
}

interface HistoryEvent {
  kind: string;
  data: Record<string, unknown>;
}

/** Of consoles. */
async function history(): Promise<HistoryEvent[]> {
  const tail = ask('event', 'tail', '--no-follow', '--after', '0', '-o', 'json');
  expect([await tail.ended, tail.errors()]).toEqual([0, '']);
  const events: HistoryEvent[] = JSON.parse(tail.output().toString());
  return events.filter(({ kind }) => /^bmc\.(command|answered|console-closed)$/.test(kind));
}

describe('the console through the server', () => {
  it('carries bytes both ways, waits for the last of them, and stands in the history without them', async () => {
    const console = await openConsole();
    expect(await statusByIpmitool()).toBe(taken);
    const typed = randomBytes(8_192);
    const printed = randomBytes(8_192);
    console.input.end(typed);
    await machine.send(printed);
    expect([await console.ended, console.errors()]).toEqual([0, '']);
    expect(machine.received().subarray(1).equals(typed)).toBe(true);
    expect(console.output().equals(printed)).toBe(true);
    // It came back only when the BMC had let the console go.
    expect(await statusByIpmitool()).toBe(free);
    const asked = { bmc: 'bmc-1', command: 'console', parameters: {}, caller: 'first' };
    expect(await history()).toMatchObject([
      { kind: 'bmc.command', data: asked },
      { kind: 'bmc.answered', data: { ...asked, outcome: 'done', driver: 'ipmi', value: 'opened' } },
      { kind: 'bmc.console-closed', data: { ...asked, milliseconds: expect.any(Number) } },
    ]);
  });

  it('tells of another who has it, and takes it over when told to, here through the unix socket', async () => {
    await login(`unix:${directory}/api.sock`);
    const other = await ipmitoolConsole();
    try {
      const refused = ask('bmc', 'console', 'bmc-1');
      expect(await refused.ended).toBe(75);
      expect(refused.errors()).toContain('in use by another session');
      const console = await openConsole('--take-over');
      await machine.send(Buffer.from('hello'));
      await console.shows('hello');
      console.input.end();
      expect(await console.ended).toBe(0);
    } finally {
      await other.end();
    }
    expect((await history()).map(({ kind, data }) => [kind, data['outcome'], data['parameters']])).toEqual([
      ['bmc.command', undefined, {}],
      ['bmc.answered', 'failed', {}],
      ['bmc.command', undefined, { takeOver: true }],
      ['bmc.answered', 'done', { takeOver: true }],
      ['bmc.console-closed', undefined, { takeOver: true }],
    ]);
  });

  it('in a terminal sends a break by its key, and is left by its key', async () => {
    const words = [athanor, '--login-file', join(directory, 'login.json'), 'bmc', 'console', 'bmc-1'];
    const console = start(['-qfec', words.join(' '), '/dev/null'], 'script');
    await console.shows('Ctrl-] . leaves');
    console.input.write('ls\r');
    await machine.untilReceived(3);
    console.input.write('\u001db');
    await console.shows('[break sent]');
    console.input.write('\u001d.');
    expect(await console.ended).toBe(0);
    await console.shows('[serial console of bmc-1 closed]');
    expect([machine.received().toString(), await statusByIpmitool()]).toEqual(['ls\r', free]);
  });

  it('is let go when the one who had it is killed, and ipmitool can have it', async () => {
    const console = await openConsole();
    console.child.kill('SIGKILL');
    await console.ended;
    await untilFree();
    const other = await ipmitoolConsole();
    await other.end();
    expect((await history()).map(({ kind }) => kind).at(-1)).toBe('bmc.console-closed');
  });

  it('tells with a remedy that the BMC has gone away', async () => {
    const console = await openConsole();
    sim.pause();
    try {
      console.input.write('is anybody there?');
      expect(await console.ended).toBe(69);
      expect(console.errors()).toMatch(/BMC bmc-1 [^\n]*\n +remedy: +\S/);
    } finally {
      sim.resume();
    }
    await untilFree();
    expect((await history()).at(-1)).toMatchObject({
      kind: 'bmc.console-closed',
      data: { error: { code: 'bmc-unreachable' } },
    });
  });

  it('is of a BMC that is declared, and takes no word of the way without a server', async () => {
    const unknown = ask('bmc', 'console', 'nobody');
    expect(await unknown.ended).toBe(66);
    expect(unknown.errors()).toContain('Known: bmc-1');
    const direct = ask('bmc', '--user', 'admin', 'console', 'bmc-1');
    expect([await direct.ended, direct.errors()]).toEqual([65, expect.stringContaining('--user')]);
    const none = ask('bmc', 'console');
    expect([await none.ended, none.errors()]).toEqual([65, expect.stringContaining('Name one')]);
  });

  it('ends with the server, which says so, and leaves the BMC free', async () => {
    const console = await openConsole();
    server.child.kill('SIGTERM');
    expect(await console.ended).toBe(69);
    expect(console.errors()).toContain('The server is stopping.');
    expect(await server.ended).toBe(0);
    expect(await statusByIpmitool()).toBe(free);
  });
});
