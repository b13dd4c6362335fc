/** A real API server over a control plane of plain data, and the command as a child process. Only for tests. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import {
  type Api,
  type ControlPlane,
  createApi,
  createTokens,
  digestOfToken,
  ensureCertificate,
  ensureFirstToken,
  type EventView,
  type Listener,
  type MachineView,
  type OperationDetail,
} from '../api/index.ts';
import type { BmcAnswer } from '../bmc/index.ts';
import { AthanorError } from '../errors/index.ts';
import { quiet, recoveryPlane, type RecoveryState } from './recovery.fixture.ts';

const time = '2026-11-21T10:00:00.000Z';
const athanor = resolve(import.meta.dirname, '../../bin/athanor');

export const machine: MachineView = {
  id: 'm-1',
  name: 'r1',
  state: 'free',
  stateSince: time,
  allowedVerbs: ['deploy'],
  power: 'off',
  maintenance: false,
  macs: ['52:54:00:00:00:01'],
  uuid: null,
  serial: null,
  bmc: 'r1-bmc',
  image: null,
  hostname: 'evil\u001b[31m',
  address: null,
  operation: null,
  failure: null,
  incident: null,
  lastHeardAt: null,
};

export const operation: OperationDetail = {
  id: 'op-1',
  kind: 'deploy',
  machine: 'm-1',
  machineName: null,
  state: 'running',
  step: 'write-image',
  progress: { text: 'writing', done: 50, total: 100, unit: 'bytes' },
  startedAt: time,
  endedAt: null,
  deadline: null,
  failure: null,
  steps: [],
  log: [],
};

export interface Bench {
  directory: string;
  token: string;
  fingerprint: string;
  server: string;
  log: string[];
  calls: unknown[][];
  /** What the operation answers next, the last one for ever. */
  operations: OperationDetail[];
  action: BmcAnswer;
  recovery: RecoveryState;
  machine: MachineView;
  append(kind: string): void;
  /** Stops the server, and starts it again on the same port; `fresh` with another certificate. */
  restart(fresh?: 'fresh'): Promise<void>;
  stop(): Promise<void>;
  start(args: readonly string[], input?: string): RunningCommand;
  run(args: readonly string[], input?: string): Promise<Ended>;
  end(): Promise<void>;
}

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunningCommand {
  child: ChildProcess;
  ended: Promise<Ended>;
  /** Resolves when standard output has shown the text. */
  shows(text: string): Promise<void>;
}

export async function createBench(): Promise<Bench> {
  const directory = await mkdtemp(join(tmpdir(), 'athanor-cli-'));
  const clock = { now: () => new Date() };
  const token = await ensureFirstToken(directory, randomBytes);
  const events: EventView[] = [];
  const waiting = new Set<() => void>();
  const children = new Set<ChildProcess>();
  let api: Api | undefined;
  let port = 0;

  const bench: Bench = {
    directory,
    token,
    fingerprint: '',
    server: '',
    log: [],
    calls: [],
    operations: [operation],
    action: { bmc: 'r1-bmc', driver: 'ipmi', outcome: 'done', value: { state: 'on', faults: [] }, evidence: [] },
    recovery: quiet(),
    machine,
    append(kind) {
      const sequence = events.length + 1;
      events.push({ sequence, time, kind, subjectKind: 'machine', subjectId: 'm-1', data: {} });
      for (const wake of waiting) wake();
    },
    async stop() {
      await api?.close();
      api = undefined;
    },
    async restart(fresh) {
      await bench.stop();
      if (fresh !== undefined) await rm(join(directory, 'certificate.pem'));
      await open();
    },
    start(args, input) {
      const child = spawn(athanor, ['--login-file', join(directory, 'login.json'), ...args], { stdio: 'pipe' });
      children.add(child);
      const { promise, resolve: end } = Promise.withResolvers<Ended>();
      const all = { stdout: '', stderr: '' };
      for (const name of ['stdout', 'stderr'] as const) {
        child[name].on('data', (chunk: Buffer) => void (all[name] += chunk.toString()));
      }
      child.once('close', (code) => end({ code, ...all }));
      child.stdin.end(input ?? '');
      const shows = (text: string): Promise<void> =>
        new Promise((shown, lost) => {
          const look = (): void => void (all.stdout.includes(text) && shown());
          child.stdout.on('data', look);
          void promise.then(({ stdout, stderr }) => lost(new Error(`never showed ${text}: ${stdout}${stderr}`)));
          look();
        });
      return { child, ended: promise, shows };
    },
    run: (args, input) => bench.start(args, input).ended,
    async end() {
      for (const child of children) child.kill('SIGKILL');
      await bench.stop();
      await rm(directory, { recursive: true });
    },
  };

  async function open(): Promise<void> {
    const certificate = await ensureCertificate({ directory, clock, names: [] });
    bench.fingerprint = certificate.fingerprint;
    api = await createApi({
      controlPlane: planeOf(bench, events, waiting),
      tokens: createTokens([{ name: 'first', digest: digestOfToken(token) }]),
      certificate,
      logger: pino({ level: 'trace' }, { write: (line: string) => void bench.log.push(line) }),
      version: '0.1.0',
    });
    const [tcp]: Listener[] = await api.listen([{ host: '127.0.0.1', port }, { path: join(directory, 'api.sock') }]);
    bench.server = tcp?.url ?? '';
    port = Number(new URL(bench.server).port);
  }
  await open();
  await writeFile(join(directory, 'wrong'), 'athanor_wrong\n', { mode: 0o600 });
  return bench;
}

export function planeOf(
  bench: Pick<Bench, 'calls' | 'operations' | 'action' | 'recovery' | 'machine'>,
  events: readonly EventView[],
  waiting: Set<() => void>,
): ControlPlane {
  const none = (): never => {
    throw new AthanorError('not-found', 'There is none.');
  };
  return {
    listMachines: async () => [bench.machine],
    getMachine: async (reference) => {
      if (reference === 'r1')
        return { ...machine, claims: [], inventory: { cpus: 2, disks: [{ name: 'vda' }] }, operations: [] };
      throw new AthanorError('not-found', `There is no machine ${reference}.`, { field: 'machine', value: reference });
    },
    deployMachine: async (reference, request) => {
      bench.calls.push(['deployMachine', reference, request]);
      return operation;
    },
    inspectMachine: async () => none(),
    nameMachine: async (_, name) => ({ ...machine, name }),
    setMaintenance: async (reference, { maintenance, reason }) => {
      bench.calls.push(['setMaintenance', reference, maintenance, reason]);
      return { ...machine, maintenance };
    },
    ...recoveryPlane(() => bench.recovery, bench.calls),
    listBmcs: async () => [],
    getBmc: async () => none(),
    askBmc: async (name, command, parameters, caller, signal) => {
      bench.calls.push(['askBmc', name, command.name, parameters, caller]);
      if (command.untilInterrupted === true && signal !== undefined) {
        if (!signal.aborted) await once(signal, 'abort');
        bench.calls.push(['broken off', name]);
      }
      return { ...bench.action, bmc: name };
    },
    withConsole: async () => none(),
    listOperations: async () => [operation],
    getOperation: async () => (bench.operations.length > 1 ? bench.operations.shift() : bench.operations[0]) ?? none(),
    abortOperation: async () => ({ ...operation, state: 'aborted' }),
    latestEventSequence: async () => events.length,
    async *events(after, signal) {
      let next = after;
      while (!signal.aborted) {
        const event = events[next];
        next += event === undefined ? 0 : 1;
        if (event !== undefined) {
          yield event;
          continue;
        }
        const { promise, resolve: wake } = Promise.withResolvers<void>();
        waiting.add(wake);
        signal.addEventListener('abort', () => wake(), { once: true });
        await promise;
        waiting.delete(wake);
      }
    },
    listNetworks: async () => [],
    listLeases: async () => [],
    listImages: async () => [],
    setCredential: async (name, credential) => {
      bench.calls.push(['setCredential', name, credential]);
      return { name };
    },
  };
}
