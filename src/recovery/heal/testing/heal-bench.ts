/** Heal as `serve` wires it: a real store, real operations and the real ends of incidents; only servers and heartbeats are scripted. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createWakeups, type Wakeups } from '../../../install/index.ts';
import { createRecoveringMoves, HEAL_MACHINE } from '../../../machine/index.ts';
import { createOperations, type OperationDetail, type Operations } from '../../../operation/index.ts';
import { type Event, type JsonValue, openStore, type Row, type Store } from '../../../store/index.ts';
import { createHealHooks } from '../../incidents/heal-hooks.ts';
import { createIncidents } from '../../incidents/transition.ts';
import { createObserver } from '../../observations/observer.ts';
import type { PlaybookStep, ScreenCondition } from '../../rules/rule.ts';
import type { HealEnvironment } from '../environment.ts';
import type { HealMachineInput } from '../heal-input.ts';
import { healMachine } from '../heal-machine.ts';
import { createScriptedServer, readScripted, type Screen, type ScriptedServer } from './scripted-server.ts';

export const PANIC: ScreenCondition = { all: ['Kernel panic'], none: [] };
export const panicScreen: Screen = { lines: ['[   12.3] Kernel panic - not syncing: test', '---[ end Kernel panic'] };

export const loginScreen: Screen = { lines: ['lab-os login:'] };

/** Far beyond what a test needs: a mistake shows as a failed test and not as one that hangs. */
const patienceMs = 10_000;
const endings = ['operation.succeeded', 'operation.failed', 'operation.aborted'];

export interface Patient {
  machineId: string;
  incidentId: string;
  operationId: string;
  input: HealMachineInput;
  server: ScriptedServer;
  /** A heartbeat of its system. */
  beat(changes?: { bootId?: string; stopping?: boolean }): void;
  setMaintenance(): Promise<void>;
  ended(): Promise<OperationDetail>;
  incident(): Promise<Row<'incidents'>>;
  machine(): Promise<Row<'machines'>>;
  /** Events of this incident and operation, in order. */
  events(): Promise<Event[]>;
}

export interface BeginOptions {
  /** What the rule saw; the panic when left out. */
  when?: ScreenCondition;
  /** Called before anything runs. */
  prepare?: (patient: Patient) => void;
}

export interface HealBench {
  readonly store: Store;
  readonly operations: Operations;
  readonly environment: HealEnvironment;
  /** The outcome that each operation's end was told. */
  readonly outcomes: Map<string, string>;
  /** Begin to heal a machine that fell silent 3 s ago. */
  begin(server: ScriptedServer, steps: readonly PlaybookStep[], options?: BeginOptions): Promise<Patient>;
  /** The process dies at this checkpoint; resolves when it did. */
  dieAt(point: string): Promise<void>;
  /** The wall clock is set forward; what waits for a span of time does not see it. */
  skip(ms: number): void;
  /** The next process. */
  revive(): Promise<void>;
  close(): Promise<void>;
}

export async function openHealBench(directory: string): Promise<HealBench> {
  let skipped = 0;
  const now = (): number => Date.now() + skipped;
  const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const database = { kind: 'sqlite', file: join(directory, 'athanor.db') } as const;
  const store = await openStore({ database, keyFile: join(directory, 'key'), clock: Date, random: randomBytes });
  const servers = new Map<string, ScriptedServer>();
  const beats = new Map<string, { bootId: string; lastHeardAt: number; stopping: boolean }>();
  const outcomes = new Map<string, string>();
  const wakeups: Wakeups = createWakeups();
  const consoleOf = (machineId: string) => Promise.resolve(servers.get(machineId)?.console);
  const hooks = createHealHooks({ store, machines: createRecoveringMoves(store, now), now });
  const environment: HealEnvironment = {
    store,
    observer: createObserver({
      store,
      read: readScripted,
      consoleOf,
      powerOf: (machineId) => Promise.resolve(servers.get(machineId)?.power ?? 'unknown'),
      now,
      boundMs: 200,
    }),
    consoleOf,
    bmcOf: (machineId) => Promise.resolve(servers.get(machineId)?.bmc),
    heartbeats: { lastBeat: (machineId) => beats.get(machineId) },
    wakeups,
    now,
    monotonic: () => performance.now(),
    confirmBmc: { name: 'confirm-bmc', deadlineMs: 1_000, run: () => Promise.resolve({ bmc: 'scripted' }) },
    ends: {
      ...hooks,
      succeeded: async (trx, key) => {
        await hooks.succeeded(trx, key);
        const incident = await trx
          .selectFrom('incidents')
          .select('outcome')
          .where('id', '=', key.incidentId)
          .executeTakeFirstOrThrow();
        outcomes.set(key.operationId, incident.outcome ?? 'none');
      },
    },
    timing: {
      lookEveryMs: 5,
      filmEveryMs: 20,
      echoEveryMs: 2,
      echoWithinMs: 60,
      readBackMs: 30,
      offMs: 5,
      freshForMs: 3_000,
    },
  };

  let dying: { point: string; died: () => void } | undefined;
  const operations = createOperations({
    store,
    engine: { kind: 'sqlite', file: join(directory, 'engine.db') },
    definitions: [healMachine(environment)],
    clock: Date,
    logger,
    graceMs: 20,
    progressEveryMs: 1,
    reach: (point) => {
      if (dying?.point !== point) return;
      dying.died();
      dying = undefined;
      throw new Error('killed here');
    },
  });
  await operations.startWorker();
  const incidents = createIncidents(store, now);

  async function addMachine(): Promise<string> {
    const id = store.newId();
    const time = now();
    const row = { id, name: `m-${id.slice(-6)}`, state: 'active', maintenance: 0, power: 'on', failure: null } as const;
    await store.db
      .insertInto('machines')
      .values({ ...row, revision: 1, state_since: time, created_at: time, updated_at: time })
      .execute();
    return id;
  }

  async function begin(
    server: ScriptedServer,
    steps: readonly PlaybookStep[],
    { when = PANIC, prepare }: BeginOptions = {},
  ): Promise<Patient> {
    const beginning = await store.events.newestSequence();
    const machineId = await addMachine();
    const silentSince = now() - 3_000;
    servers.set(machineId, server);
    beats.set(machineId, { bootId: server.bootId, lastHeardAt: silentSince, stopping: false });
    const moves = createRecoveringMoves(store, now);
    const source = { file: 'test.yaml', line: 1 };
    const { operationId, input } = await store.transaction(async (trx) => {
      const incident = await incidents.open(trx, { machineId, silentSince });
      if (incident === undefined) throw new Error('no incident');
      const pinned: HealMachineInput = {
        incident: incident.id,
        observation: 'the-match',
        rule: {
          name: 'test-rule',
          source,
          when: { screen: when },
          playbook: 'test-playbook',
          attempts: { most: 2, withinMs: 3_600_000 },
          tests: [],
        },
        playbook: { name: 'test-playbook', source, steps },
      };
      // Through JSON, as it is stored.
      const json = JSON.parse(JSON.stringify(pinned)) as JsonValue;
      const id = await operations.startIn(trx, HEAL_MACHINE, machineId, json);
      await moves.begin(trx, machineId, id, 'a test');
      await incidents.change(trx, {
        incidentId: incident.id,
        to: 'healing',
        reason: null,
        rule: 'test-rule',
        operationId: id,
      });
      return { operationId: id, input: pinned };
    });
    const patient: Patient = {
      machineId,
      incidentId: input.incident,
      operationId,
      input,
      server,
      beat: ({ bootId = server.bootId, stopping = false } = {}) => {
        beats.set(machineId, { bootId, lastHeardAt: now(), stopping });
        wakeups.wake(machineId);
      },
      setMaintenance: async () => {
        await store.db.updateTable('machines').set({ maintenance: 1 }).where('id', '=', machineId).execute();
      },
      ended: async () => {
        const patience = AbortSignal.timeout(patienceMs);
        const seen: string[] = [];
        for await (const event of store.events.subscribe(beginning, patience)) {
          if (event.operationId !== operationId) continue;
          if (endings.includes(event.kind)) return await operations.get(operationId);
          seen.push(`${event.kind} ${JSON.stringify(event.data)}`);
        }
        throw new Error(`it did not end; seen: ${seen.join('; ')}`);
      },
      incident: async () =>
        await store.db.selectFrom('incidents').selectAll().where('id', '=', input.incident).executeTakeFirstOrThrow(),
      machine: async () =>
        await store.db.selectFrom('machines').selectAll().where('id', '=', machineId).executeTakeFirstOrThrow(),
      events: async () => {
        const all = await store.events.listEvents({ after: beginning, limit: 1000 });
        return all.filter((event) => event.operationId === operationId || event.subject.id === input.incident);
      },
    };
    server.onBoot = () => {
      server.bootId = `${server.bootId}+`;
      server.screen = loginScreen;
      setTimeout(() => patient.beat(), 10);
    };
    prepare?.(patient);
    await operations.dispatch(operationId);
    return patient;
  }

  return {
    store,
    operations,
    environment,
    outcomes,
    begin,
    dieAt: (point) =>
      new Promise((resolve) => {
        dying = { point, died: resolve };
      }),
    skip: (ms) => {
      skipped += ms;
    },
    revive: async () => {
      await operations.stop();
      await operations.startWorker();
    },
    close: async () => {
      await operations.stop();
      await store.close();
    },
  };
}

/** A server whose kernel panicked, and which comes back when its power is cycled. */
export async function panickedServer(): Promise<ScriptedServer> {
  return await createScriptedServer(panicScreen);
}
