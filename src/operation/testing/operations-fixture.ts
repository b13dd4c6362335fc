/** For unit tests: operations on a SQLite store of the test's own, which may be closed and opened again like a process. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type Event, type Store, openStore } from '../../store/index.ts';
import {
  type OperationDefinition,
  type OperationDetail,
  type OperationLogger,
  type OperationStep,
  type Operations,
  createOperations,
} from '../index.ts';

export interface Bench {
  readonly store: Store;
  readonly operations: Operations;
  /** What the logger was told, level first. */
  readonly logged: string[];
  addMachine(): Promise<string>;
  /** Resolves once the operation has ended, with all there is to see. */
  ended(id: string): Promise<OperationDetail>;
  /** Resolves with the first event of that kind about that operation. */
  event(id: string, kind: string): Promise<Event>;
  events(id: string): Promise<Event[]>;
  close(): Promise<void>;
}

export interface BenchSettings {
  graceMs?: number;
  progressEveryMs?: number;
  reach?: (point: string) => void;
}

export interface Benches {
  /** Where the databases of this test are. */
  directory(): string;
  open(definitions: readonly OperationDefinition[], settings?: BenchSettings): Promise<Bench>;
  /** Closes that one and opens another in its place, as a process does that is stopped and started. */
  restart(old: Bench, definitions: readonly OperationDefinition[]): Promise<Bench>;
}

const endings = ['operation.succeeded', 'operation.failed', 'operation.aborted'];
/** Far beyond what any test needs; only so that a mistake shows as a failed test and not as one that hangs. */
const patienceMs = 15_000;

/** Opens store and operations as a starting process does; the worker is started by the test. */
export async function openBench(
  directory: string,
  definitions: readonly OperationDefinition[],
  settings: BenchSettings = {},
): Promise<Bench> {
  const logged: string[] = [];
  const logger = recordingLogger(logged);
  const store = await openStore({
    database: { kind: 'sqlite', file: join(directory, 'athanor.db') },
    keyFile: join(directory, 'key'),
    clock: Date,
    random: randomBytes,
    logger,
  });
  const engine = { kind: 'sqlite', file: join(directory, 'engine.db') } as const;
  const operations = await createOrClose(store, () =>
    createOperations({ store, engine, definitions, clock: Date, logger, graceMs: 200, ...settings }),
  );

  async function firstEvent(id: string, kinds: readonly string[]): Promise<Event> {
    const patience = AbortSignal.timeout(patienceMs);
    for await (const event of store.events.subscribe(0, patience)) {
      if (event.operationId === id && kinds.includes(event.kind)) return event;
    }
    const seen = (await eventsOf(id)).map((event) => event.kind);
    throw new Error(`no ${kinds.join(' or ')} came; seen: ${seen.join(', ')}; logged: ${logged.join('; ')}`);
  }
  async function eventsOf(id: string): Promise<Event[]> {
    const all = await store.events.listEvents({ after: 0, limit: 1000 });
    return all.filter((event) => event.operationId === id);
  }

  return {
    store,
    operations,
    logged,
    addMachine: () => addMachine(store),
    async ended(id) {
      await firstEvent(id, endings);
      return await operations.get(id);
    },
    event: (id, kind) => firstEvent(id, [kind]),
    events: eventsOf,
    async close() {
      await operations.stop();
      await store.close();
    },
  };
}

async function createOrClose(store: Store, create: () => Operations): Promise<Operations> {
  try {
    return create();
  } catch (error) {
    await store.close();
    throw error;
  }
}

export async function addMachine(store: Store): Promise<string> {
  const id = store.newId();
  const now = Date.now();
  await store.db
    .insertInto('machines')
    .values({
      id,
      name: null,
      state: 'free',
      state_since: now,
      maintenance: 0,
      power: 'unknown',
      failure: null,
      revision: 0,
      created_at: now,
      updated_at: now,
    })
    .execute();
  return id;
}

function recordingLogger(logged: string[]): OperationLogger {
  const record = (level: string) => (fields: object, message: string) => {
    const error: unknown = 'err' in fields ? fields.err : '';
    logged.push(`${level}: ${message} ${String(error)}`.trim());
  };
  return { info: record('info'), warn: record('warn'), error: record('error') };
}

/** A definition of steps that do nothing and hooks that write the machine's state, to be changed where a test cares. */
export function definition(
  steps: OperationDefinition['steps'],
  changes: Partial<OperationDefinition> = {},
): OperationDefinition {
  const hook = (state: string): OperationDefinition['onSucceeded'] => {
    return async (trx, { machineId }) => {
      if (machineId === null) return;
      await trx.updateTable('machines').set({ state }).where('id', '=', machineId).execute();
    };
  };
  return {
    kind: 'test-work',
    parseInput: (value) => value,
    deadlineMs: 60_000,
    steps,
    onSucceeded: hook('succeeded'),
    onFailed: hook('failed'),
    onAborted: hook('aborted'),
    ...changes,
  };
}

export async function machineState(store: Store, id: string): Promise<string> {
  const row = await store.db.selectFrom('machines').select('state').where('id', '=', id).executeTakeFirstOrThrow();
  return row.state;
}

/** Resolves, or rejects, when the signal fires: what a well-behaved step does while it waits. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

export function step(name: string, run: OperationStep['run'], changes: Partial<OperationStep> = {}): OperationStep {
  return { name, deadlineMs: 10_000, run, ...changes };
}

/** A step that is done at once. */
export function nothing(name: string): OperationStep {
  return step(name, async () => ({}));
}

/** A step that waits until it is told to stop. */
export function waiting(name: string, changes: Partial<OperationStep> = {}): OperationStep {
  return step(name, ({ signal }) => untilAborted(signal), changes);
}

/** Call at the top of a test file: benches in a directory of the test's own, all closed and removed after it. */
export function useBenches(): Benches {
  let directory = '';
  let open: Bench[] = [];
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'athanor-operation-'));
  });
  afterEach(async () => {
    for (const bench of open) await bench.close();
    open = [];
    await rm(directory, { recursive: true, force: true });
  });
  const openOne: Benches['open'] = async (definitions, settings) => {
    const bench = await openBench(directory, definitions, settings);
    open.push(bench);
    return bench;
  };
  return {
    directory: () => directory,
    open: openOne,
    async restart(old, definitions) {
      await old.close();
      open = open.filter((bench) => bench !== old);
      return await openOne(definitions);
    },
  };
}
