/** `athanor bmc --host …` as people run it, against OpenIPMI's ipmi_sim. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { administrator, type IpmiSim, startIpmiSim } from '../../bmc/testing/ipmi-sim.ts';
import { startUdpRelay } from '../../bmc/testing/udp-relay.ts';

const athanor = resolve(import.meta.dirname, '../../../bin/athanor');
const { username, password } = administrator;
const wrong = 'wrong-battery-staple';

let sims: [IpmiSim, IpmiSim];
let directory: string;

beforeAll(async () => {
  sims = await Promise.all([startIpmiSim(), startIpmiSim()]);
});
afterAll(() => Promise.all(sims.map((sim) => sim.stop())));

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'athanor-direct-'));
  await writeFile(join(directory, 'pw'), `${password}\n`, { mode: 0o600 });
  await writeFile(join(directory, 'wrong'), `${wrong}\n`, { mode: 0o600 });
  for (const sim of sims) await sim.setPower(true);
  return () => rm(directory, { recursive: true });
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function start(
  words: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const env = {
    PATH: process.env['PATH'],
    XDG_STATE_HOME: join(directory, 'state'),
    XDG_CACHE_HOME: join(directory, 'cache'),
  };
  const child = spawn(athanor, ['bmc', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...env, ...environment },
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (data) => void (said.stdout += String(data)));
  child.stderr.on('data', (data) => void (said.stderr += String(data)));
  const ended = new Promise<Ended>((end) => child.once('close', (code) => end({ code, ...said })));
  return { child, ended };
}

const host = (index: 0 | 1): string => `127.0.0.1:${sims[index].port}`;
const both = (): string => `127.0.0.1:[${sims[0].port},${sims[1].port}]`;
const login = (file = 'pw'): string[] => ['--user', username, '--password-file', join(directory, file)];
const run = (...words: string[]): Promise<Ended> => start(words).ended;

describe('one BMC', () => {
  it('is asked without a server, and says the same as ipmitool', async () => {
    expect(await run('--host', host(0), ...login(), 'power', 'status')).toEqual({
      code: 0,
      stdout: 'on\n',
      stderr: '',
    });
    expect(await sims[0].ipmitool('chassis', 'power', 'status')).toContain('is on');
    await run('--host', host(0), ...login(), 'power', 'off');
    expect(await sims[0].ipmitool('chassis', 'power', 'status')).toContain('is off');
    // Options may stand behind the command's words as well.
    const json = await run('power', 'status', '--host', host(0), ...login(), '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      bmc: host(0),
      driver: 'ipmi',
      outcome: 'done',
      value: { state: 'off' },
    });
    const yaml = await run('--host', host(0), ...login(), 'power', 'status', '-o', 'yaml');
    expect(yaml.stdout).toMatch(/^outcome: done$/m);
  });

  it('gets its password from the environment or from a helper, and never by its name alone', async () => {
    const before = ['--host', host(0), '--user', username];
    const helper = join(directory, 'helper');
    await writeFile(helper, `#!/bin/sh\n[ "$1" = "127.0.0.1:${sims[0].port}" ] || exit 3\ncat '${directory}/pw'\n`, {
      mode: 0o755,
    });
    const byEnvironment = start([...before, '--password-env', 'BMC_PW', 'power', 'status'], { BMC_PW: password });
    expect(await byEnvironment.ended).toMatchObject({ code: 0, stdout: 'on\n' });
    expect(await run(...before, '--password-command', `${helper} {host}`, 'power', 'status')).toMatchObject({
      code: 0,
    });
    const failing = await run(...before, '--password-command', `${helper} other`, 'power', 'status');
    expect([failing.code, failing.stderr]).toEqual([65, expect.stringContaining('it ended with 3')]);
    const none = await run(...before, 'power', 'status');
    expect([none.code, none.stderr]).toEqual([65, expect.stringContaining('no terminal to ask')]);
    const credential = await run(...before, '--credential', 'lab', 'power', 'status');
    expect([credential.code, credential.stderr]).toEqual([65, expect.stringContaining('given beside --credential')]);
  });

  it('that refuses a password is left alone with it, in later runs too', async () => {
    const relay = await startUdpRelay(sims[0].port);
    onTestFinished(() => relay.close());
    const target = `127.0.0.1:${relay.port}`;
    const ask = (...more: string[]) => run('--host', target, ...login('wrong'), ...more, 'power', 'status');
    const first = await ask();
    const sent = relay.received();
    expect([first.code, first.stderr]).toEqual([77, expect.stringContaining('code:    bmc-authentication')]);
    const second = await ask();
    expect([second.code, second.stderr]).toEqual([77, expect.stringContaining('has refused credential')]);
    for (const { stderr } of [first, second]) expect(stderr).toContain('add --retry-credential');
    expect(relay.received()).toBe(sent);
    expect((await ask('--retry-credential')).stderr).not.toContain('has refused credential');
    expect((await ask()).stderr).toContain('has refused credential');
    // Another password is tried at once.
    expect((await run('--host', target, ...login(), 'power', 'status')).code).toBe(0);
    const file = join(directory, 'state/athanor/bmc/state.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    const text = await readFile(file, 'utf8');
    for (const form of [wrong, Buffer.from(wrong).toString('base64'), Buffer.from(wrong).toString('hex')])
      expect(text).not.toContain(form);
  });

  it('shows its password to nobody who looks at the processes', async () => {
    const seen: string[] = [];
    const all: Promise<Ended>[] = [];
    const helper = join(directory, 'helper');
    await writeFile(helper, `#!/bin/sh\ncat '${directory}/pw'\n`, { mode: 0o755 });
    for (const source of [login().slice(2), ['--password-command', helper]]) {
      const { child, ended } = start(['--host', both(), '--user', username, ...source, 'power', 'status']);
      all.push(ended);
      let running = true;
      void ended.then(() => (running = false));
      while (running) {
        for (const file of ['cmdline', 'environ']) seen.push(await everyProcess(file));
        expect(child.pid).toBeDefined();
      }
    }
    for (const { code } of await Promise.all(all)) expect(code).toBe(0);
    expect(seen.join('')).toContain('--password-command'); // the witness was awake
    expect(seen.join('')).not.toContain(password);
  });
});

async function everyProcess(file: string): Promise<string> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const texts = await Promise.all(ids.map((id) => readFile(join('/proc', id, file), 'latin1').catch(() => '')));
  // ipmi_sim's clients in other tests are none of ours: only processes of the command are looked at.
  return texts.filter((text) => text.includes('athanor') || text.includes(directory)).join('\n');
}

describe('several BMCs', () => {
  it('are told in groups, failures last with their remedy, and the exit code is that of the first failure', async () => {
    await sims[1].setPower(false);
    const ports = [sims[0].port, sims[1].port].toSorted((a, b) => a - b);
    const done = await run('--host', both(), ...login(), 'power', 'status');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toBe(`${host(0)}: on\n${host(1)}: off\n`);
    await sims[1].setPower(true);
    const equal = await run('--host', both(), ...login(), 'power', 'status');
    expect(equal.stdout).toBe(
      `127.0.0.1:[${ports[1] === (ports[0] ?? 0) + 1 ? ports.join('-') : ports.join(',')}]: on\n`,
    );
    const failing = await run('--host', both(), '--host', '127.0.0.1:9', ...login(), 'power', 'status');
    expect([failing.code, failing.stdout]).toEqual([69, equal.stdout]);
    expect(failing.stderr).toMatch(
      /^127\.0\.0\.1:9: failed: .*\n {2}remedy: .+\n {2}code: {3}bmc-port-closed\n1 of 3 not done\.\n$/,
    );
  });

  it('are one document of JSON, or a line for each', async () => {
    const json = await run('--host', both(), ...login(), 'power', 'status', '-o', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject([{ bmc: host(0) }, { bmc: host(1) }]);
    const lines = await run('--host', both(), ...login(), 'power', 'status', '-o', 'jsonl');
    const parsed = lines.stdout
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(parsed).toHaveLength(2);
    expect(parsed).toEqual(expect.arrayContaining([expect.objectContaining({ bmc: host(1), outcome: 'done' })]));
  });

  it('are not disturbed before somebody said that it is meant', async () => {
    const before = (await sims[0].sets()).length;
    const unasked = await run('--host', both(), ...login(), 'power', 'cycle');
    expect([unasked.code, unasked.stderr]).toEqual([65, expect.stringContaining('repeat the command with --yes')]);
    expect(await onTerminal('n\n', ['--host', both(), ...login(), 'power', 'off'])).toMatchObject({ code: 75 });
    expect((await sims[0].sets()).length).toBe(before);
    const meant = await onTerminal('y\n', ['--host', both(), ...login(), 'power', 'off']);
    expect([meant.code, meant.stdout]).toEqual([0, expect.stringContaining('power off on 2 BMCs')]);
    expect(await sims[1].ipmitool('chassis', 'power', 'status')).toContain('is off');
    expect((await run('--host', both(), ...login(), 'power', 'off', '--yes')).code).toBe(0);
  });
});

/** Through util-linux's `script`, which gives it a terminal. */
async function onTerminal(typed: string, words: readonly string[]): Promise<Ended> {
  const line = [athanor, 'bmc', ...words].map((word) => `'${word}'`).join(' ');
  const env = { PATH: process.env['PATH'], XDG_STATE_HOME: join(directory, 'state'), TERM: 'xterm' };
  const child = spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], { stdio: 'pipe', env });
  let stdout = '';
  let typedAlready = false;
  child.stdout.on('data', (data) => {
    stdout += String(data);
    if (!typedAlready && stdout.includes('[y/N]')) {
      typedAlready = true;
      child.stdin.write(typed);
    }
  });
  const code = await new Promise<number | null>((end) => child.once('close', end));
  child.stdin.destroy();
  return { code, stdout, stderr: '' };
}

it('a command line that was not understood ends with 64, one that is wrong in itself with 65', async () => {
  expect((await run('--host', host(0), ...login(), 'power', 'explode')).code).toBe(64);
  expect((await run('--host', host(0), ...login(), 'power', 'on', '--deadline-seconds', '0')).code).toBe(65);
  expect((await run('--host', 'n[1-', ...login(), 'power', 'status')).code).toBe(65);
  expect((await run('--host', '-x', ...login(), 'power', 'status')).code).toBe(65);
});
