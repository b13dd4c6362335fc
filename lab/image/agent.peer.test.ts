/** The real agent, under each shell and with each program that it can speak through, against the real server. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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

/** A folder of programs that is the agent's whole PATH. */
async function programs(names: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(path.join(directory, 'bin-'));
  for (const [name, target] of Object.entries(names)) await symlink(target, path.join(folder, name));
  return folder;
}

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

const busybox: [string, ...string[]] = ['busybox', 'sh'];
const dash: [string, ...string[]] = ['dash'];

describe.each([
  ['busybox alone', busybox, 'netcat'],
  ['dash and curl', dash, 'curl'],
  ['dash and GNU wget', dash, 'wget'],
] as const)('under %s', (_what, shell, transport) => {
  test('it enrols, beats with a rising sequence, says farewell, and nobody sees its token', async () => {
    const agent = startAgent([...shell], { ATHANOR_AGENT_TRANSPORT: transport });
    await until(() => beats().length >= 3, 'three heartbeats');
    agent.kill('SIGTERM');
    await once(agent, 'exit');

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
  });
});
