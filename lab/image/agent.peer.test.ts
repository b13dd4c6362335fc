/** The real agent, under each shell and with each program that it can speak through, against the real server. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startMachine } from '../../ramdisk/testing/test-machine.ts';
import { card, labImage, virtioDisk } from '../../ramdisk/testing/test-rig.ts';
import { type BootHttpServer, createBootHttpServer } from '../../src/boot/http/index.ts';
import { type HeartbeatsBench, openHeartbeatsBench } from '../../src/recovery/heartbeats/testing/heartbeats-bench.ts';

const agentFile = path.join(import.meta.dirname, '../../agent/athanor-agent');
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const here = '127.0.0.1';
const patienceMs = 20_000;

let directory: string;
let bench: HeartbeatsBench;
let server: BootHttpServer;
let machine: string;
/** What the agents sent. */
let requests: { path: string; token: string; body: string; status: number }[];
/** What every process but this one could see of every other while a request was under way. */
let seen: string;
let agents: ChildProcess[];
let waiting: (() => void)[];

/** The command lines and environments of all processes in this namespace, this one excepted. */
async function commandLinesAndEnvironments(): Promise<string> {
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  const files = processes.flatMap((id) => [`/proc/${id}/cmdline`, `/proc/${id}/environ`]);
  return (await Promise.all(files.map((file) => readFile(file, 'latin1').catch(() => '')))).join('\n');
}

async function listen(port = 0): Promise<void> {
  server = await createBootHttpServer({
    address: here,
    port,
    logger: quiet,
    respond: async (request) => {
      seen += await commandLinesAndEnvironments();
      const answer = await bench.heartbeats.service(request);
      if (answer === undefined || 'file' in answer) return { status: 404, body: '' };
      const token = String(request.headers.authorization ?? '').replace('Bearer ', '');
      requests.push({ path: request.path, token, body: String(request.body), status: answer.status });
      for (const wake of waiting.splice(0)) wake();
      return answer;
    },
  });
}

/** Resolves as soon as what the agents sent is as wanted. */
async function until(wanted: () => boolean, what: string): Promise<void> {
  const deadline = AbortSignal.timeout(patienceMs);
  while (!wanted()) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    waiting.push(resolve);
    deadline.addEventListener('abort', () => reject(new Error(`no ${what}; got ${JSON.stringify(requests)}`)));
    await promise;
  }
}

const beats = () => requests.filter((one) => one.path === '/agent/v1/heartbeat' && one.status === 200);

function startAgent(shell: readonly [string, ...string[]], environment: Record<string, string>): ChildProcess {
  const [program, ...args] = shell;
  const agent = spawn(program, [...args, agentFile], {
    env: {
      PATH: process.env['PATH'],
      ATHANOR_AGENT_RUN: path.join(directory, `run-${agents.length}`),
      ATHANOR_AGENT_CONFIG: path.join(directory, 'agent.conf'),
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  agents.push(agent);
  return agent;
}

async function agentSays(agent: ChildProcess, what: RegExp): Promise<void> {
  if (agent.stderr === null) throw new Error('its words are not read');
  let said = '';
  for await (const [chunk] of on(agent.stderr, 'data', { signal: AbortSignal.timeout(patienceMs) })) {
    said += String(chunk);
    if (what.test(said)) return;
  }
}

/** Stops the agent as the system does, and waits for its end. */
async function ends(agent: ChildProcess): Promise<void> {
  const ended = once(agent, 'exit', { signal: AbortSignal.timeout(patienceMs) });
  agent.kill('SIGTERM');
  await ended;
}

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'agent-'));
  bench = await openHeartbeatsBench({
    realTime: true,
    settings: { intervalMs: 200 },
    macOf: () => '52:54:00:00:00:01',
  });
  machine = await bench.addMachine(here);
  requests = [];
  seen = '';
  agents = [];
  waiting = [];
  await listen();
  await writeFile(path.join(directory, 'agent.conf'), `# where it is\n server = http://${here}:${server.port}/\n`);
});
afterEach(async () => {
  for (const agent of agents) {
    if (agent.exitCode !== null || agent.signalCode !== null) continue;
    agent.kill('SIGKILL');
    await once(agent, 'exit');
  }
  await server.close();
  await bench.close();
  await rm(directory, { recursive: true });
});

const busybox = ['busybox', 'sh'] as const;
const dash = ['dash'] as const;

describe.each([
  ['busybox alone', busybox, 'netcat'],
  ['dash and curl', dash, 'curl'],
  ['dash and GNU wget', dash, 'wget'],
] as const)('under %s', (_what, shell, transport) => {
  test('it enrols, beats with a rising sequence, says farewell, and nobody sees its token', async () => {
    const agent = startAgent(shell, { ATHANOR_AGENT_TRANSPORT: transport });
    await until(() => beats().length >= 3, 'three heartbeats');
    await ends(agent);

    expect(requests[0]).toMatchObject({ path: '/agent/v1/enrol', status: 200 });
    const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    expect(JSON.parse(requests[0]?.body ?? '')).toEqual({ bootId, version: '1' });
    const bodies = requests.slice(1).map(({ body }): unknown => JSON.parse(body));
    expect(bodies).toEqual(
      bodies.map((_body, index) => ({
        sequence: index + 1,
        uptimeMs: expect.any(Number) as number,
        intervalMs: 200,
        ...(index === bodies.length - 1 ? { stopping: true } : {}),
      })),
    );
    expect(new Set(requests.slice(1).map(({ status }) => status))).toEqual(new Set([200]));
    expect(await bench.events('machine.agent-stopping')).toHaveLength(1);
    expect(bench.heartbeats.watched()).toMatchObject([{ machineId: machine, stopping: true, bootId }]);

    const token = beats()[0]?.token ?? '';
    expect(token).toMatch(/^[\w-]{43}$/);
    // That the look itself works: the agent's own command line is in it.
    expect(seen).toContain(agentFile);
    expect(seen).not.toContain(token);
    expect(agent.exitCode).toBe(0);
    // Nothing that holds the token stays behind.
    expect(await readdir(path.join(directory, 'run-0'))).toEqual([]);
  });

  test('it goes on by itself when the server was away, and enrols anew when its token is void', async () => {
    const agent = startAgent(shell, { ATHANOR_AGENT_TRANSPORT: transport });
    await until(() => beats().length >= 1, 'a heartbeat');
    const { port } = server;
    await server.close();
    await agentSays(agent, /does not answer/);
    const first = beats()[0]?.token;
    await listen(port);
    const before = requests.length;
    await until(() => beats().length > before, 'a heartbeat after the pause');
    expect(new Set(beats().map(({ token }) => token))).toEqual(new Set([first]));

    await bench.heartbeats.forget(machine);
    await until(() => beats().some(({ token }) => token !== first), 'a heartbeat with a new token');
    expect(requests.some(({ status }) => status === 401)).toBe(true);
    await ends(agent);
  });
});

test('a refused enrolment is tried again, ever more slowly, and said once', async () => {
  await bench.setState(machine, 'quarantined');
  const agent = startAgent(dash, {});
  let said = '';
  agent.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await until(() => requests.length >= 2, 'two tries');
  await bench.setState(machine, 'active');
  await until(() => beats().length >= 1, 'a heartbeat');
  await ends(agent);
  expect(said.match(/refused: 409 machine \S+ is quarantined/g)).toHaveLength(1);
  expect(said.match(/enrolled at/g)).toHaveLength(1);
});

test('an agent that is stopped while nobody answers ends', async () => {
  await server.close();
  const agent = startAgent(busybox, {});
  await agentSays(agent, /does not answer/);
  await ends(agent);
  await listen();
});

test('without a configured server it asks those that gave the system its address', async () => {
  await writeFile(path.join(directory, 'agent.conf'), '# server = http://10.0.0.1\n');
  await mkdir(path.join(directory, 'run-0'));
  // The port of such a server is 80; one that does not answer does not keep it from the next.
  await writeFile(path.join(directory, 'run-0', 'dhcp-server.eth0'), '127.0.0.9\n');
  await writeFile(path.join(directory, 'run-0', 'dhcp-server.eth1'), `${here}\n`);
  await server.close();
  await listen(80);
  const agent = startAgent(dash, {});
  await until(() => beats().length >= 1, 'a heartbeat');
  await ends(agent);
});

test("the lab's system runs it: it enrols with its DHCP server, beats, and says farewell at the power button", async () => {
  await promisify(execFile)(process.execPath, [path.join(import.meta.dirname, 'build.ts')]);
  // QEMU's own network: the guest's 10.0.2.2, which its DHCP server says it is, is this namespace's loopback.
  await server.close();
  await listen(80);
  const disk = path.join(directory, 'disk');
  const control = path.join(directory, 'control');
  await copyFile(labImage, disk);
  const lab = startMachine([...card(), ...virtioDisk(disk, 'D'), '-qmp', `unix:${control},server=on,wait=off`]);
  try {
    await lab.says(/ATHANOR-LAB-OS up/, AbortSignal.timeout(60_000));
    await until(() => beats().length >= 3, 'three heartbeats');
    expect(requests[0]).toMatchObject({ path: '/agent/v1/enrol', status: 200 });
    const qmp = createConnection(control);
    await once(qmp, 'connect');
    qmp.write('{"execute":"qmp_capabilities"}{"execute":"system_powerdown"}');
    await lab.ends(AbortSignal.timeout(30_000));
    qmp.destroy();
    expect(JSON.parse(beats().at(-1)?.body ?? '')).toMatchObject({ stopping: true });
    expect(bench.heartbeats.watched()).toMatchObject([{ machineId: machine, stopping: true }]);
    expect(lab.output()).not.toContain('athanor-agent');
  } finally {
    await lab.kill();
  }
}, 120_000);
