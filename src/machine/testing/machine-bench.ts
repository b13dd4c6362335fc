/**
 * The machine room as `serve` wires it, over a real store, real operations and a real lease file in a directory of the
 * test's own. Only the BMCs and the machines are scripted.
 */
import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordClaims } from '../../discovery/index.ts';
import {
  type BootAttempts,
  createBootAttempts,
  createRamdiskService,
  createWakeups,
  declareImages,
  type Wakeups,
} from '../../install/index.ts';
import { createOperations, type EngineOptions, type OperationDetail, type Operations } from '../../operation/index.ts';
import {
  type BmcHost,
  type BootServiceBackend,
  createConsoleHost,
  createSite,
  openLeaseStore,
  type SiteLeaseStore,
} from '../../site/index.ts';
import { type DatabaseChoice, type Event, openStore, type Row, type Store } from '../../store/index.ts';
import {
  type BootDirectory,
  createBootBackend,
  createBootDirectory,
  createMachineRequests,
  createRamdiskWork,
  deployMachine,
  inspectMachine,
  type MachineDeadlines,
  type MachineEnvironment,
  type MachineRequests,
  type MachineState,
} from '../index.ts';

export interface MachineBenchOptions {
  directory: string;
  bmcs: BmcHost;
  database?: DatabaseChoice;
  engine?: EngineOptions;
  deadlines?: Partial<MachineDeadlines>;
  /** Called at every checkpoint of an operation. */
  reach?: (point: string) => void;
}

export interface NewMachine {
  state?: MachineState;
  mac?: string;
  uuid?: string;
  name?: string;
  /** Name of the BMC that is tied to it. */
  bmc?: string;
}

export interface MachineBench {
  readonly store: Store;
  readonly operations: Operations;
  readonly requests: MachineRequests;
  readonly directory: BootDirectory;
  readonly backend: BootServiceBackend;
  readonly leases: SiteLeaseStore;
  readonly attempts: BootAttempts;
  readonly wakeups: Wakeups;
  readonly environment: MachineEnvironment;
  /** What was reported as an error, with what was being done. */
  readonly errors: unknown[];
  now(): number;
  /** Lets time pass at once. */
  skip(ms: number): void;
  addMachine(machine?: NewMachine): Promise<string>;
  /** Declares this image alone; returns its digest. */
  addImage(name: string, content: Uint8Array): Promise<string>;
  machine(id: string): Promise<Row<'machines'>>;
  events(kind?: string): Promise<Event[]>;
  /** The first event of that kind of that operation. */
  event(operationId: string, kind: string, step?: string): Promise<Event>;
  ended(operationId: string): Promise<OperationDetail>;
  close(): Promise<void>;
}

const endings = ['operation.succeeded', 'operation.failed', 'operation.aborted'];
/** Far beyond what a test needs: a mistake shows as a failed test and not as one that hangs. */
const patienceMs = 15_000;

function noConsole(): never {
  throw new Error('no machine of this bench has a console');
}

export async function openMachineBench(options: MachineBenchOptions): Promise<MachineBench> {
  const { directory: folder } = options;
  let skipped = 0;
  const now = (): number => Date.now() + skipped;
  const errors: unknown[] = [];
  const logger = {
    info: () => undefined,
    warn: () => undefined,
    error: (fields: object, message: string) => void errors.push({ message, ...fields }),
  };
  const database = options.database ?? { kind: 'sqlite', file: join(folder, 'athanor.db') };
  const store = await openStore({ database, keyFile: join(folder, 'key'), clock: { now }, random: randomBytes });
  const leases = openLeaseStore(join(folder, 'leases.db'), now);
  const site = createSite({ bmcs: options.bmcs, consoles: createConsoleHost(noConsole), leases });
  const attempts = createBootAttempts(store, now);
  const wakeups = createWakeups();
  const environment: MachineEnvironment = {
    store,
    site,
    attempts,
    wakeups,
    now,
    deadlines: { netbootMs: 10_000, writeStallMs: 120_000, bootMs: 10_000, ...options.deadlines },
  };
  const operations = createOperations({
    store,
    engine: options.engine ?? { kind: 'sqlite', file: join(folder, 'engine.db') },
    definitions: [deployMachine(environment), inspectMachine(environment)],
    clock: { now },
    logger,
    graceMs: 200,
    progressEveryMs: 1,
    reach: options.reach,
  });
  const requests = createMachineRequests(store, operations, now);
  const directory = createBootDirectory(store);
  await directory.load();
  const following = new AbortController();
  const followed = directory.follow(following.signal, (machineId) => wakeups.wake(machineId));
  const onError = (error: unknown, doing: string): void => void errors.push({ error, doing });
  const backend = createBootBackend({
    store,
    directory,
    requests,
    attempts,
    leases,
    ramdisk: { kernelFile: '/kernel', initrdFile: '/initrd', commandLine: 'quiet' },
    ramdiskService: createRamdiskService({
      attempts,
      work: createRamdiskWork(store, directory, now),
      wakeups,
      onError: () => undefined,
    }),
    now,
    onError,
  });

  async function first(matches: (event: Event) => boolean): Promise<Event> {
    const seen: string[] = [];
    try {
      for await (const event of store.events.subscribe(0, AbortSignal.timeout(patienceMs))) {
        if (matches(event)) return event;
        seen.push(event.kind);
      }
    } catch (error) {
      throw new Error('the history could not be read', { cause: error });
    }
    throw new Error(`it never came; seen: ${seen.join(', ')}; errors: ${JSON.stringify(errors)}`);
  }

  return {
    store,
    operations,
    requests,
    directory,
    backend,
    leases,
    attempts,
    wakeups,
    environment,
    errors,
    now,
    skip: (ms) => {
      skipped += ms;
    },
    addMachine: async ({ state = 'free', mac, uuid, name, bmc } = {}) => {
      const id = store.newId();
      const times = { state_since: now(), created_at: now(), updated_at: now() };
      await store.transaction(async (trx) => {
        const row = { id, name: name ?? null, state, maintenance: 0 as const, power: 'unknown' as const, ...times };
        await trx
          .insertInto('machines')
          .values({ ...row, failure: null, revision: 1 })
          .execute();
        const claims = [
          ...(mac === undefined ? [] : [{ kind: 'mac' as const, value: mac }]),
          ...(uuid === undefined ? [] : [{ kind: 'uuid' as const, value: uuid }]),
        ];
        await recordClaims(store, trx, id, claims, { source: 'ramdisk', now: now() });
      });
      if (bmc !== undefined) await declareTied(store, bmc, id, now());
      await directory.refresh(id);
      return id;
    },
    addImage: async (name, content) => {
      const file = join(folder, `${name}.img`);
      await writeFile(file, content);
      const sha256 = createHash('sha256').update(content).digest('hex');
      await declareImages(store, [{ name, file, sha256 }]);
      return sha256;
    },
    machine: async (id) =>
      await store.db.selectFrom('machines').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    events: async (kind) => {
      const all = await store.events.listEvents({ after: 0, limit: 1000 });
      return kind === undefined ? all : all.filter((event) => event.kind === kind);
    },
    event: async (operationId, kind, step) =>
      await first(
        (event) =>
          event.operationId === operationId &&
          event.kind === kind &&
          (step === undefined || (JSON.stringify(event.data) ?? '').includes(`"step":"${step}"`)),
      ),
    ended: async (operationId) => {
      await first((event) => event.operationId === operationId && endings.includes(event.kind));
      return await operations.get(operationId);
    },
    close: async () => {
      await operations.stop();
      following.abort();
      await followed.catch(() => undefined);
      await site.stop();
      await store.close();
    },
  };
}

/** A BMC in the store; `machineId` null for one that is not tied. */
export async function declareTied(store: Store, name: string, machineId: string | null, now: number): Promise<void> {
  const row = { site: 'here', address: '192.0.2.1', port: 623, driver: 'ipmi', credential_name: null, mac: null };
  const learned = { guid: null, device: null, last_seen_at: null, last_error: null };
  await store.db
    .insertInto('bmcs')
    .values({ id: store.newId(), name, ...row, ...learned, machine_id: machineId, declared_at: now })
    .execute();
}
