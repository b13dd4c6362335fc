/** The command as people and scripts run it: a child process against a real API server. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Bench, createBench, operation } from './api.fixture.ts';

let bench: Bench;
let tokenFile: string;

beforeEach(async () => {
  bench = await createBench();
  tokenFile = join(bench.directory, 'token');
});
afterEach(() => bench.end());

const login = (): Promise<unknown> => bench.run(['login', bench.server, '--local', bench.directory]);

describe('login', () => {
  it('shows the fingerprint, keeps it with the token for its owner alone, and then works', async () => {
    const done = await bench.run(['login', bench.server, '--token-file', tokenFile, '--accept']);
    expect([done.code, done.stdout]).toEqual([0, '']);
    expect(done.stderr.replaceAll(':', '')).toContain(bench.fingerprint);
    const file = join(bench.directory, 'login.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
      server: bench.server,
      fingerprint: bench.fingerprint,
      token: bench.token,
    });
    expect((await bench.run(['machine', 'list', '-o', 'name'])).stdout).toBe('r1\n');
  });

  it('takes a known fingerprint, and refuses another', async () => {
    const token = ['--token', '-'];
    const wrong = await bench.run(['login', bench.server, ...token, '--fingerprint', 'a'.repeat(64)], bench.token);
    expect([wrong.code, wrong.stderr]).toEqual([76, expect.stringContaining('certificate-mismatch')]);
    const right = await bench.run(['login', bench.server, ...token, '--fingerprint', bench.fingerprint], bench.token);
    expect(right.code).toBe(0);
  });

  it('keeps nothing when nobody confirms or the token is wrong', async () => {
    const unconfirmed = await bench.run(['login', bench.server, '--token-file', tokenFile]);
    expect([unconfirmed.code, unconfirmed.stderr]).toEqual([65, expect.stringContaining('--accept')]);
    const wrong = await bench.run(['login', bench.server, '--token-file', join(bench.directory, 'wrong'), '--accept']);
    expect([wrong.code, wrong.stderr]).toEqual([77, expect.stringContaining('unauthorised')]);
    await expect(stat(join(bench.directory, 'login.json'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a token on the command line without repeating it', async () => {
    const refused = await bench.run(['login', bench.server, '--accept', '--token', bench.token]);
    expect([refused.code, refused.stderr]).toEqual([65, expect.stringContaining('--token-file')]);
    expect(refused.stderr).not.toContain(bench.token);
  });

  it('works over the unix socket, and from the data directory', async () => {
    const socket = `unix:${join(bench.directory, 'api.sock')}`;
    expect((await bench.run(['login', socket, '--local', bench.directory])).code).toBe(0);
    expect((await bench.run(['machine', 'list', '-o', 'name'])).stdout).toBe('r1\n');
    expect(JSON.parse(await readFile(join(bench.directory, 'login.json'), 'utf8')).server).toBe(socket);
  });
});

describe('the pin', () => {
  it('refuses a server whose certificate changed, before the token is sent', async () => {
    await login();
    await bench.restart('fresh');
    bench.log.length = 0;
    const refused = await bench.run(['machine', 'list']);
    expect([refused.code, refused.stdout]).toEqual([76, '']);
    expect(refused.stderr).toContain('certificate-mismatch');
    expect(refused.stderr).toContain('athanor login');
    expect(bench.log.join('')).not.toContain('/api/v1/machines');
  });

  it('is asked for first', async () => {
    const first = await bench.run(['machine', 'list']);
    expect([first.code, first.stderr]).toEqual([77, expect.stringContaining('athanor login')]);
  });

  it('says when the server is away', async () => {
    await login();
    await bench.stop();
    const away = await bench.run(['machine', 'list', '-o', 'json']);
    expect(away.code).toBe(69);
    expect(JSON.parse(away.stderr)).toMatchObject({
      code: 'unreachable',
      status: 503,
      detail: expect.stringContaining('ECONNREFUSED'),
    });
  });
});

describe('output', () => {
  beforeEach(login);

  it('is an aligned table, and nothing in it can command the terminal', async () => {
    const { stdout } = await bench.run(['machine', 'list', '-o', 'wide']);
    const [header, row] = stdout.split('\n');
    expect(header).toMatch(/^NAME +STATE +POWER +MAC .* HOSTNAME/);
    expect(row?.indexOf('free')).toBe(header?.indexOf('STATE'));
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('evil\\u001b[31m');
  });

  it('is one document for programs: a list is an array', async () => {
    const json = await bench.run(['machine', 'list', '-o', 'json']);
    const yaml = await bench.run(['machine', 'list', '-o', 'yaml']);
    expect(JSON.parse(json.stdout)).toMatchObject([{ id: 'm-1' }]);
    expect(parse(yaml.stdout)).toEqual(JSON.parse(json.stdout));
    const empty = await bench.run(['lease', 'list', '-o', 'json']);
    expect(JSON.parse(empty.stdout)).toEqual([]);
  });

  it('describes with what is nested', async () => {
    const { stdout } = await bench.run(['machine', 'describe', 'r1']);
    expect(stdout).toMatch(/^inventory:\n {2}cpus: {2}2\n {2}disks:\n {4}- name: {2}vda\n/m);
  });

  it('tells an error as a block or as a problem document, with the code of the catalogue', async () => {
    const block = await bench.run(['machine', 'describe', 'r9']);
    expect(block.code).toBe(66);
    expect(block.stderr).toMatch(
      /^error: No such thing\n {2}what: .*\n {2}field: +machine\n {2}value: +r9\n {2}remedy: .*\n {2}code: +not-found\n$/,
    );
    const json = await bench.run(['machine', 'describe', 'r9', '-o', 'json']);
    expect([json.code, json.stdout]).toEqual([66, '']);
    expect(JSON.parse(json.stderr)).toMatchObject({ code: 'not-found', field: 'machine', value: 'r9', status: 404 });
    const usage = await bench.run(['machine', 'lisst']);
    expect([usage.code, usage.stderr]).toEqual([64, expect.stringContaining('Did you mean list?')]);
  });

  it('of a BMC action tells the outcome, and only done is success', async () => {
    const status = await bench.run(['bmc', 'power', 'status', 'r1-bmc', '-o', 'json']);
    expect([status.code, JSON.parse(status.stdout).value]).toEqual([0, { state: 'on', faults: [] }]);
    expect((await bench.run(['bmc', 'power', 'status', 'r1-bmc'])).stdout).toBe('on\n');
    const { value: _, ...answered } = bench.action;
    const error = { code: 'outcome-unknown', message: 'No answer came.', remedy: 'Look.' };
    bench.action = { ...answered, outcome: 'outcome unknown', error };
    const reset = await bench.run(['bmc', 'power', 'reset', 'r1-bmc', '--deadline-seconds', '5']);
    expect([reset.code, reset.stdout, reset.stderr]).toEqual([75, '', expect.stringContaining('No answer came.')]);
    bench.action = { ...answered, outcome: 'unsupported', error: { ...error, code: 'unsupported' } };
    expect((await bench.run(['bmc', 'boot', 'pxe', 'r1-bmc', '--persistent', '--uefi'])).code).toBe(69);
    expect(bench.calls).toEqual([
      ['askBmc', 'r1-bmc', 'power status', {}, 'first'],
      ['askBmc', 'r1-bmc', 'power status', {}, 'first'],
      ['askBmc', 'r1-bmc', 'power reset', { deadlineSeconds: 5 }, 'first'],
      ['askBmc', 'r1-bmc', 'boot pxe', expect.objectContaining({ persistent: true, uefi: true, once: false }), 'first'],
    ]);
  });

  it('that lasts until Ctrl-C is broken off in the server by it, and even by the end of the process', async () => {
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      bench.calls.length = 0;
      const holding = bench.start(['bmc', 'fans', 'hold', 'r1-bmc', '60']);
      await expect.poll(() => bench.calls.length).toBe(1);
      holding.child.kill(signal);
      const { code, stderr } = await holding.ended;
      if (signal === 'SIGINT') expect([code, stderr]).toEqual([75, expect.stringContaining('interrupted')]);
      await expect.poll(() => bench.calls).toContainEqual(['broken off', 'r1-bmc']);
    }
  });

  it('of several BMCs groups what is equal, tells failures last, and ends with the code of the first', async () => {
    const many = await bench.run(['bmc', 'power', 'status', 'r1n[01-12],web']);
    expect([many.code, many.stdout, many.stderr]).toEqual([0, 'r1n[01-12],web: on\n', '']);
    for (const words of [
      ['bmc', 'power', 'status', 'r1n[1-2]', '-o', 'json'],
      ['bmc', '-o', 'json', 'power', 'status', 'r1n[1-2]'],
    ]) {
      const list = JSON.parse((await bench.run(words)).stdout);
      expect(list.map(({ bmc }: { bmc: string }) => bmc)).toEqual(['r1n1', 'r1n2']);
    }
    const { value: _, ...answered } = bench.action;
    const error = { code: 'bmc-unreachable', message: 'Silence.', remedy: 'Check its network.' };
    bench.action = { ...answered, outcome: 'failed', error };
    const failed = await bench.run(['bmc', 'power', 'status', 'r1n[01-12]']);
    expect([failed.code, failed.stdout]).toEqual([69, '']);
    expect(failed.stderr).toMatch(
      /^r1n\[01-12\]: failed: Silence\.\n {2}remedy: Check its network\.\n[^]*12 of 12 not done\.\n$/,
    );
    const before = bench.calls.length;
    const unasked = await bench.run(['bmc', 'power', 'off', 'r1n[1-2]']);
    expect([unasked.code, bench.calls.length]).toEqual([65, before]);
    expect(unasked.stderr).toContain('power off on 2 BMCs (r1n[1-2]) is disruptive');
    await bench.run(['bmc', 'power', 'off', 'r1n[1-2]', '--yes']);
    expect(bench.calls.length).toBe(before + 2);
  });

  it('asks before what destroys something on several, by its options as well', async () => {
    for (const [words, told] of [
      [['boot', 'pxe', 'r1n[1-2]', '--clear-cmos'], 'boot pxe --clear-cmos on 2 BMCs (r1n[1-2]) is disruptive'],
      [['console', 'deactivate', 'r1n[1-2]'], 'console deactivate on 2 BMCs (r1n[1-2]) is disruptive'],
    ] as const) {
      const before = bench.calls.length;
      const { code, stderr } = await bench.run(['bmc', ...words]);
      expect([code, stderr, bench.calls.length]).toEqual([65, expect.stringContaining(told), before]);
    }
    const before = bench.calls.length;
    await bench.run(['bmc', 'boot', 'pxe', 'r1n[1-2]', '--verbose']);
    expect(bench.calls.length).toBe(before + 2);
  });
});

describe('secrets', () => {
  beforeEach(login);

  it('a password comes from standard input or a file for its owner, and is in no log', async () => {
    const set = ['credential', 'set', 'lab', '--username', 'admin'];
    expect((await bench.run(set, 'hunter2-canary\n')).code).toBe(0);
    const file = join(bench.directory, 'password');
    await writeFile(file, 'hunter3-canary\n', { mode: 0o644 });
    const open = await bench.run([...set, '--password-file', file]);
    expect([open.code, open.stderr]).toEqual([65, expect.stringContaining('chmod 600')]);
    expect(bench.calls).toEqual([
      ['setCredential', 'lab', { protocol: 'ipmi', username: 'admin', password: 'hunter2-canary' }],
    ]);
    expect(bench.log.join('')).toContain('/api/v1/credentials/lab');
    expect(bench.log.join('')).not.toMatch(/canary/);
    expect(bench.log.join('')).not.toContain(bench.token);
  });

  it('of an account of a BMC comes from the file that is named for it, wherever options stand', async () => {
    const file = join(bench.directory, 'new-password');
    await writeFile(file, 'hunter4-canary\n', { mode: 0o600 });
    const set = ['bmc', 'user', 'set-password', 'r1-bmc', '3', '--password-file', file];
    await bench.run(set);
    await bench.run([...set, '--login-file', join(bench.directory, 'login.json')]);
    const call = [
      'askBmc',
      'r1-bmc',
      'user set-password',
      expect.objectContaining({ password: 'hunter4-canary' }),
      'first',
    ];
    expect(bench.calls).toEqual([call, call]);
  });

  it('the token is neither an argument nor in the environment of a running command', async () => {
    const tail = bench.start(['event', 'tail', '-o', 'jsonl']);
    bench.append('machine.discovered');
    await tail.shows('machine.discovered');
    for (const file of ['cmdline', 'environ']) {
      expect(await readFile(`/proc/${tail.child.pid}/${file}`, 'utf8')).not.toContain(bench.token);
    }
  });
});

describe('--wait', () => {
  beforeEach(login);
  const deploy = ['machine', 'deploy', 'r1', '--image', 'lab-os', '--hostname', 'r1', '--wait'];

  it('shows progress and ends with success', async () => {
    const endedAt = '2026-11-21T10:01:00.000Z';
    bench.operations = [operation, { ...operation, state: 'succeeded', progress: null, endedAt }];
    const done = await bench.run([...deploy, '-o', 'json']);
    expect([done.code, JSON.parse(done.stdout).state]).toEqual([0, 'succeeded']);
    expect(done.stderr).toMatch(/write-image writing 50 % \(50 B of 100 B\)\n60 s succeeded\n/);
    expect(bench.calls).toEqual([['deployMachine', 'r1', { image: 'lab-os', hostname: 'r1' }]]);
  });

  it('survives a restart of the server, and ends with the failure’s code and safe verbs', async () => {
    const failure = {
      step: 'write-image',
      code: 'digest-mismatch',
      message: 'Wrong digest.',
      remedy: 'Mend it.',
      verbs: ['deploy'],
    };
    const waiting = bench.start(deploy);
    await new Promise<void>((shown) => waiting.child.stderr?.once('data', () => shown()));
    await bench.stop();
    bench.operations = [{ ...operation, state: 'failed', endedAt: operation.startedAt, failure }];
    await bench.restart();
    const ended = await waiting.ended;
    expect(ended.code).toBe(65);
    expect(ended.stderr).toMatch(/what: +write-image: Wrong digest\.\n {2}remedy: +Mend it\. Safe next: deploy\./);
  });

  it('interrupted leaves the operation running and says so', async () => {
    const waiting = bench.start(deploy);
    await new Promise<void>((shown) => waiting.child.stderr?.once('data', () => shown()));
    waiting.child.kill('SIGINT');
    const ended = await waiting.ended;
    expect([ended.code, ended.stderr]).toEqual([75, expect.stringContaining('op-1 goes on')]);
  });
});

describe('event tail', () => {
  beforeEach(login);

  it('goes on where it was after the connection is lost: nothing twice, nothing missing', async () => {
    bench.append('one');
    const tail = bench.start(['event', 'tail', '-o', 'jsonl', '--after', '0']);
    await tail.shows('"one"');
    await bench.stop();
    bench.append('two');
    await bench.restart();
    bench.append('three');
    await tail.shows('"three"');
    tail.child.kill('SIGINT');
    const { code, stdout } = await tail.ended;
    const sequences = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).sequence);
    expect([code, sequences]).toEqual([0, [1, 2, 3]]);
  });

  it('ends with the history by --no-follow; -o json is one array then', async () => {
    for (const kind of ['one', 'two', 'three']) bench.append(kind);
    const all = await bench.run(['event', 'tail', '--no-follow', '-n', '2', '-o', 'json']);
    expect(JSON.parse(all.stdout).map(({ kind }: { kind: string }) => kind)).toEqual(['two', 'three']);
    const table = await bench.run(['event', 'tail', '--no-follow', '--after', '2']);
    expect(table.stdout).toMatch(/^ +3 {2}\S+ {2}three {2}machine\/m-1\n$/);
  });
});
