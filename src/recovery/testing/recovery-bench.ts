/**
 * Recovery over a real store and real operations that nobody works on: heals end as the test says. Machines, their
 * heartbeats, their screens and both clocks are scripted; nothing waits for real time.
 */
import { join } from 'node:path';
import { createRecoveringMoves, HEAL_MACHINE } from '../../machine/index.ts';
import { createOperations, type OperationFailure, type Operations } from '../../operation/index.ts';
import { type Event, parseJson, type Row, type Store } from '../../store/index.ts';
import type { WatchedMachine } from '../heartbeats/tracker.ts';
import { createHealHooks } from '../incidents/heal-hooks.ts';
import { healMachineInput } from '../heal/heal-input.ts';
import { keepLook } from '../observations/observation-store.ts';
import { tellsOtherwise } from '../observations/observer.ts';
import { createRecovery, type Recovery } from '../recovery.ts';
import { applyRules } from '../rule-sets/rule-sets.ts';
import type { RecoverySettings } from '../watch/ports.ts';
import { healDefinition } from './scripted-heal.ts';
import { lookOf, type ScriptedMachine } from './scripted-machine.ts';

export type { ScriptedMachine };

export const intervalMs = 10_000;
export const missedAfterMs = 30_000;

export type HealEnding = 'succeeded' | 'failed' | 'aborted';

export interface RecoveryBench {
  readonly store: Store;
  readonly operations: Operations;
  readonly machines: Map<string, ScriptedMachine>;
  /** How often a machine was looked at. */
  readonly looks: string[];
  /** What was logged as an error or a warning. */
  readonly complaints: string[];
  now(): number;
  recovery(): Recovery;
  addMachine(changes?: Partial<ScriptedMachine>, row?: Partial<Row<'machines'>>): Promise<ScriptedMachine>;
  addMachines(count: number): Promise<ScriptedMachine[]>;
  start(): Promise<void>;
  /** After so many more transactions of recovery the process is dead: none commits any more. */
  dieAfter(transactions: number): void;
  /** After so many more transactions one commits, and its answer is lost. */
  loseAnswerAfter(transactions: number): void;
  /** Transactions of recovery that were committed. */
  committed(): number;
  /** The process ends (without a word) and another begins on the same store. */
  restart(): Promise<void>;
  /** One tick, and all that follows. */
  tick(): Promise<void>;
  /** Lets time pass: who is alive is heard, and recovery ticks every `stepMs`. */
  pass(ms: number, stepMs?: number): Promise<void>;
  beat(machine: ScriptedMachine): Promise<void>;
  /** A heartbeat in the middle of something. */
  hear(machine: ScriptedMachine): void;
  applyPanicRule(options?: { pattern?: string; attempts?: string }): Promise<void>;
  applyNoRules(): Promise<void>;
  setMaintenance(machine: ScriptedMachine, maintenance: boolean): Promise<void>;
  setMachine(machine: ScriptedMachine, row: Partial<Row<'machines'>>): Promise<void>;
  heals(): Promise<Row<'operations'>[]>;
  running(machine?: ScriptedMachine): Promise<Row<'operations'>[]>;
  endHeal(machine: ScriptedMachine, ending: HealEnding, acted?: boolean, step?: string): Promise<void>;
  machine(machine: ScriptedMachine): Promise<Row<'machines'>>;
  incidents(machine?: ScriptedMachine): Promise<Row<'incidents'>[]>;
  /** The newest incident of the machine. */
  incident(machine: ScriptedMachine): Promise<Row<'incidents'>>;
  events(kind?: string): Promise<Event[]>;
  close(): Promise<void>;
}

const failure: OperationFailure = {
  step: 'power-off-1',
  code: 'screen-changed',
  message: 'it changed',
  remedy: 'Look.',
};

export interface RecoveryBenchOptions {
  store: Store;
  /** Where the engine's file would be. */
  directory: string;
  settings?: Partial<RecoverySettings>;
  clock: { now(): number; skip(ms: number): void };
}

export function createRecoveryBench({ store, directory, settings, clock }: RecoveryBenchOptions): RecoveryBench {
  let monotonic = 0;
  let bornAt = 0;
  let left = Number.POSITIVE_INFINITY;
  let answered = Number.POSITIVE_INFINITY;
  let commits = 0;
  const now = (): number => clock.now();
  const machines = new Map<string, ScriptedMachine>();
  const looks: string[] = [];
  const complaints: string[] = [];
  const complain = (fields: object, message: string): void =>
    void complaints.push(`${message} ${'err' in fields ? String(fields.err) : ''}`.trim());
  const logger = { info: () => undefined, warn: complain, error: complain };
  const moves = createRecoveringMoves(store, now);
  const hooks = createHealHooks({ store, machines: moves, now });
  const definition = healDefinition(hooks);
  const operations = createOperations({
    store,
    engine: { kind: 'sqlite', file: join(directory, 'engine.db') },
    definitions: [definition],
    clock: { now },
    logger,
  });
  let listeners = new Set<(machineId: string) => void>();
  let ticks: (() => void)[] = [];
  let current: Recovery | undefined;

  function watched(): WatchedMachine[] {
    return [...machines.values()].map((machine) => ({
      machineId: machine.id,
      silentForMs: monotonic - Math.max(machine.lastBeat, bornAt),
      intervalMs,
      missedAfterMs: machine.stopping ? 60_000 : missedAfterMs,
      stopping: machine.stopping,
      bootId: 'boot',
      lastHeardAt: machine.lastHeardAt,
    }));
  }

  function hear(machine: ScriptedMachine): void {
    machine.lastBeat = monotonic;
    machine.lastHeardAt = now();
    machine.stopping = false;
    for (const listener of listeners) listener(machine.id);
  }

  /** The store as recovery sees it: a dead process changes nothing. */
  const mortal: Store = {
    ...store,
    transaction: async (work) => {
      if (left <= 0) throw new Error('this process is dead');
      left -= 1;
      const result = await store.transaction(work);
      commits += 1;
      answered -= 1;
      if (answered === -1) throw new Error('the connection was lost');
      return result;
    },
  };

  function createOne(): Recovery {
    return createRecovery({
      store: mortal,
      operations,
      machines: moves,
      heartbeats: {
        watched,
        onHeard: (listener) => {
          listeners.add(listener);
          return () => void listeners.delete(listener);
        },
      },
      observer: {
        observeAgain: async (last, machineId, incidentId, signal) => {
          looks.push(machineId);
          const machine = machines.get(machineId);
          if (machine === undefined) throw new Error('no such machine');
          await machine.onLook?.();
          if (machine.screen === 'hangs')
            await new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => reject(signal.reason), { once: true });
            });
          const look = lookOf(machine, now());
          if (last !== undefined && !tellsOtherwise(look, last))
            return { observation: last, reading: look.reading, changed: false };
          const observation = await keepLook(store, machineId, incidentId, look, undefined);
          return { observation, reading: look.reading, changed: true };
        },
      },
      powerOf: (machineId) => Promise.resolve(machines.get(machineId)?.power ?? 'unknown'),
      settings: { ...settings },
      now,
      monotonic: () => monotonic,
      every: (_ms, work) => {
        ticks.push(work);
        return () => {
          ticks = ticks.filter((each) => each !== work);
        };
      },
      logger,
    });
  }

  function recovery(): Recovery {
    if (current === undefined) throw new Error('recovery was not started');
    return current;
  }

  async function tick(): Promise<void> {
    for (const work of ticks) work();
    await current?.quiet();
  }

  async function setMachine(machine: ScriptedMachine, row: Partial<Row<'machines'>>): Promise<void> {
    await store.db.updateTable('machines').set(row).where('id', '=', machine.id).execute();
  }

  async function running(machine?: ScriptedMachine): Promise<Row<'operations'>[]> {
    const rows = await store.db
      .selectFrom('operations')
      .selectAll()
      .where('state', 'in', ['queued', 'running'])
      .execute();
    return rows.filter(({ machine_id: id }) => machine === undefined || id === machine.id);
  }

  async function incidents(machine?: ScriptedMachine): Promise<Row<'incidents'>[]> {
    const rows = await store.db.selectFrom('incidents').selectAll().orderBy('id').execute();
    return rows.filter(({ machine_id: id }) => machine === undefined || id === machine.id);
  }

  async function addMachine(
    changes: Partial<ScriptedMachine> = {},
    row: Partial<Row<'machines'>> = {},
  ): Promise<ScriptedMachine> {
    const id = store.newId();
    const times = { state_since: now(), created_at: now(), updated_at: now() };
    await store.db
      .insertInto('machines')
      .values({
        id,
        name: `m${machines.size + 1}`,
        state: 'active',
        maintenance: 0,
        power: 'on',
        failure: null,
        revision: 1,
        ...times,
        ...row,
      })
      .execute();
    const machine: ScriptedMachine = {
      id,
      alive: true,
      power: 'on',
      screen: ['login:'],
      stopping: false,
      lastBeat: monotonic,
      lastHeardAt: now(),
      ...changes,
    };
    machines.set(id, machine);
    return machine;
  }

  const bench: RecoveryBench = {
    store,
    operations,
    machines,
    looks,
    complaints,
    now,
    recovery,
    addMachine,
    addMachines: async (count) => {
      const added: ScriptedMachine[] = [];
      for (let index = 0; index < count; index += 1) added.push(await addMachine());
      return added;
    },
    start: async () => {
      bornAt = monotonic;
      current = createOne();
      await current.start();
      await current.quiet();
    },
    dieAfter: (transactions) => {
      left = transactions;
    },
    loseAnswerAfter: (transactions) => {
      answered = transactions;
    },
    committed: () => commits,
    restart: async () => {
      // What a dead process does not do any more, this one must not do either.
      left = 0;
      await current?.stop();
      left = Number.POSITIVE_INFINITY;
      listeners = new Set();
      ticks = [];
      await bench.start();
    },
    tick,
    pass: async (ms, stepMs = 1_000) => {
      for (let passed = 0; passed < ms; passed += stepMs) {
        clock.skip(stepMs);
        monotonic += stepMs;
        for (const machine of machines.values())
          if (machine.alive && monotonic - machine.lastBeat >= intervalMs) hear(machine);
        await tick();
      }
    },
    hear,
    beat: async (machine) => {
      hear(machine);
      await current?.quiet();
    },
    applyPanicRule: async ({ pattern = 'Kernel panic', attempts = '2 in 1h' } = {}) => {
      const text = `rules:
  - name: panic
    when:
      screen: '${pattern}'
    playbook: power-cycle
    attempts: ${attempts}
playbooks:
  - name: power-cycle
    steps:
      - power: cycle
      - wait-for-heartbeat: 5m
`;
      await applyRules(store, [{ name: 'panic.yaml', text }], now);
      await current?.quiet();
    },
    applyNoRules: async () => {
      await applyRules(store, [], now);
      await current?.quiet();
    },
    setMachine,
    setMaintenance: async (machine, maintenance) => {
      await setMachine(machine, { maintenance: maintenance ? 1 : 0 });
      await current?.maintenanceChanged(machine.id);
      await current?.quiet();
    },
    heals: async () => await store.db.selectFrom('operations').selectAll().orderBy('id').execute(),
    running,
    endHeal: async (machine, ending, acted = true, step = 'power-off-1') => {
      const [operation] = await running(machine);
      if (operation === undefined) throw new Error('no heal runs');
      const input = parseJson(operation.input, 'operations.input');
      const context = { operationId: operation.id, machineId: machine.id, input, evidenceOf: () => undefined };
      await store.transaction(async (trx) => {
        if (acted)
          await store.events.appendEvent(trx, {
            kind: 'incident.acting',
            subject: { kind: 'incident', id: healMachineInput.parse(input).incident },
            operationId: operation.id,
            data: { step: 'power-off-1' },
          });
        await trx
          .updateTable('operations')
          .set({
            state: ending,
            ended_at: now(),
            abort_reason: ending === 'aborted' ? 'a person said so' : null,
            failure: ending === 'failed' ? JSON.stringify({ ...failure, step }) : null,
          })
          .where('id', '=', operation.id)
          .execute();
        await store.events.appendEvent(trx, {
          kind: `operation.${ending}`,
          subject: { kind: 'machine', id: machine.id },
          operationId: operation.id,
          data: { operation: HEAL_MACHINE },
        });
        if (ending === 'succeeded') await definition.onSucceeded(trx, context);
        else if (ending === 'failed') await definition.onFailed(trx, context, { ...failure, step });
        else await definition.onAborted(trx, context, 'a person said so');
      });
      await current?.quiet();
    },
    machine: async ({ id }) =>
      await store.db.selectFrom('machines').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    incidents,
    incident: async (machine) => {
      const found = (await incidents(machine)).at(-1);
      if (found === undefined) throw new Error('it has no incident');
      return found;
    },
    events: async (kind) => {
      const all: Event[] = [];
      for (let after = 0; ; after = all.at(-1)?.sequence ?? 0) {
        const page = await store.events.listEvents({ after, limit: 1_000 });
        all.push(...page);
        if (page.length < 1_000) break;
      }
      return kind === undefined ? all : all.filter((event) => event.kind === kind);
    },
    close: async () => {
      await current?.stop();
      await operations.stop();
    },
  };
  return bench;
}
