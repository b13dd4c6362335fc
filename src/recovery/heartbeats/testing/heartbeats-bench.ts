/** For tests: heartbeats over a real store, with clocks turned by hand. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordClaims } from '../../../discovery/index.ts';
import type { MachineState } from '../../../machine/index.ts';
import { type DatabaseChoice, type Event, openStore, type Row, type Store } from '../../../store/index.ts';
import { createHeartbeats, type Heartbeats, type HeartbeatsOptions } from '../heartbeats.ts';

export interface HeartbeatsBench {
  readonly store: Store;
  readonly heartbeats: Heartbeats;
  readonly errors: { code: string; message: string }[];
  /** Time as both clocks tell it: nothing happens meanwhile, as if this process stood still. */
  jump(ms: number): void;
  /** Time passes, with every timer that is due. */
  pass(ms: number): Promise<void>;
  /** The wall clock is set. */
  setWallClock(time: number): void;
  addMachine(address: string, state?: MachineState): Promise<string>;
  /** Its state alone, without a word in the history. */
  setState(machineId: string, state: MachineState): Promise<void>;
  /** As the machine room moves it; resolves when the heartbeats have taken notice. */
  move(machineId: string, state: MachineState): Promise<void>;
  beginDeployment(machineId: string): Promise<void>;
  rows(): Promise<Row<'agents'>[]>;
  events(kind: string): Promise<Event[]>;
  /** Ends this Athanor without a word and starts another one on the same database. */
  restart(how: 'killed' | 'stopped'): Promise<void>;
  post(endpoint: string, options: { address: string; token?: string; body: unknown }): Promise<Answer>;
  enrol(address: string, bootId?: string): Promise<string>;
  beat(address: string, token: string, sequence: number, more?: object): Promise<Answer>;
  close(): Promise<void>;
}

export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

export const firstBoot = '11111111-1111-4111-8111-111111111111';
export const secondBoot = '22222222-2222-4222-8222-222222222222';

/** One MAC for each address. */
function macOf(address: string): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return `52:54:${bytes.join(':')}`;
}

export interface BenchOptions {
  database?: DatabaseChoice;
  settings?: HeartbeatsOptions['settings'];
  /** Real clocks and timers, for a real agent. */
  realTime?: boolean;
  /** The agent comes from loopback, whatever its address. */
  macOf?: HeartbeatsOptions['macOf'];
}

export async function openHeartbeatsBench(options: BenchOptions = {}): Promise<HeartbeatsBench> {
  const directory = await mkdtemp(join(tmpdir(), 'athanor-heartbeats-'));
  let wall = 1_800_000_000_000;
  let monotonicTime = 5_000;
  const now = options.realTime === true ? Date.now : () => wall;
  const monotonic = options.realTime === true ? () => performance.now() : () => monotonicTime;
  const errors: { code: string; message: string }[] = [];
  let timers: { every: number; due: number; work: () => void }[] = [];
  const every = (milliseconds: number, work: () => void): (() => void) => {
    const timer = { every: milliseconds, due: monotonicTime + milliseconds, work };
    timers.push(timer);
    return () => {
      timers = timers.filter((one) => one !== timer);
    };
  };
  const database = options.database ?? { kind: 'sqlite', file: join(directory, 'athanor.db') };
  const open = (): Promise<Store> =>
    openStore({ database, keyFile: join(directory, 'key'), clock: { now }, random: randomBytes });
  const begin = (store: Store): Heartbeats =>
    createHeartbeats({
      store,
      macOf: options.macOf ?? macOf,
      now,
      monotonic,
      ...(options.settings === undefined ? {} : { settings: options.settings }),
      ...(options.realTime === true ? {} : { every }),
      onError: ({ code, message }) => void errors.push({ code, message }),
    });
  let store = await open();
  let heartbeats = begin(store);
  await heartbeats.load();

  const advance = (ms: number): void => {
    wall += ms;
    monotonicTime += ms;
  };

  const bench: HeartbeatsBench = {
    get store() {
      return store;
    },
    get heartbeats() {
      return heartbeats;
    },
    errors,
    jump: advance,
    pass: async (ms) => {
      const end = monotonicTime + ms;
      for (;;) {
        const [next] = timers.filter(({ due }) => due <= end).toSorted((a, b) => a.due - b.due);
        if (next === undefined) break;
        advance(Math.max(0, next.due - monotonicTime));
        next.due += next.every;
        next.work();
      }
      advance(end - monotonicTime);
      // What the timers began in the database has ended when it answers a later question.
      await store.transaction((trx) => trx.selectFrom('agents').select('machine_id').execute());
    },
    setWallClock: (time) => {
      wall = time;
    },
    addMachine: async (address, state = 'active') => {
      const id = store.newId();
      await store.transaction(async (trx) => {
        const times = { state_since: now(), created_at: now(), updated_at: now() };
        const row = {
          id,
          name: null,
          state,
          maintenance: 0 as const,
          power: 'on' as const,
          failure: null,
          revision: 1,
        };
        await trx
          .insertInto('machines')
          .values({ ...row, ...times })
          .execute();
        const mac = await (options.macOf ?? macOf)(address);
        if (mac === undefined) throw new Error(`no card has ${address}`);
        await recordClaims(store, trx, id, [{ kind: 'mac', value: mac }], { source: 'test', now: now() });
      });
      return id;
    },
    setState: async (machineId, state) => {
      await store.db.updateTable('machines').set({ state }).where('id', '=', machineId).execute();
    },
    move: async (machineId, state) => {
      await store.transaction(async (trx) => {
        await trx.updateTable('machines').set({ state }).where('id', '=', machineId).execute();
        const subject = { kind: 'machine', id: machineId };
        await store.events.appendEvent(trx, { kind: 'machine.state', subject, data: { to: state } });
      });
      // The heartbeats read the same stream; what they do about it comes in turns of the loop behind that.
      const after = (await store.events.newestSequence()) - 1;
      for await (const _event of store.events.subscribe(after, AbortSignal.timeout(5000))) break;
      for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    },
    beginDeployment: async (machineId) => {
      advance(1);
      const nothing = { result: null, failure: null, progress: null, engine_run_id: null, abort_reason: null };
      const times = { created_at: now(), deadline_at: now(), started_at: now(), ended_at: null };
      await store.db
        .insertInto('operations')
        .values({
          id: store.newId(),
          kind: 'deploy-machine',
          machine_id: machineId,
          state: 'running',
          input: '{}',
          ...nothing,
          ...times,
          abort_requested_at: null,
        })
        .execute();
      await bench.move(machineId, 'deploying');
    },
    rows: async () => await store.db.selectFrom('agents').selectAll().orderBy('machine_id').execute(),
    events: async (kind) => (await store.events.listEvents({ after: 0, limit: 1000 })).filter((e) => e.kind === kind),
    restart: async (how) => {
      if (how === 'stopped') await heartbeats.stop();
      timers = [];
      await store.close();
      store = await open();
      heartbeats = begin(store);
      await heartbeats.load();
    },
    post: async (endpoint, { address, token, body }) => {
      const response = await heartbeats.service({
        method: 'POST',
        path: `/agent/v1/${endpoint}`,
        query: new URLSearchParams(),
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        remoteAddress: address,
        body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      });
      if (response === undefined || 'file' in response || response.status === undefined) throw new Error('no answer');
      const parsed: unknown = JSON.parse(Buffer.from(response.body).toString());
      return { status: response.status, body: Object.fromEntries(Object.entries(parsed ?? {})) };
    },
    enrol: async (address, bootId = firstBoot) => {
      const { status, body } = await bench.post('enrol', { address, body: { bootId, version: '1' } });
      if (status !== 200 || typeof body['token'] !== 'string') throw new Error(`not enrolled: ${JSON.stringify(body)}`);
      return body['token'];
    },
    beat: (address, token, sequence, more = {}) =>
      bench.post('heartbeat', { address, token, body: { sequence, uptimeMs: 1000, ...more } }),
    close: async () => {
      await heartbeats.stop();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
  return bench;
}
