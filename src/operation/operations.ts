/** The door's inside: starts, aborts and shows operations, and keeps the workflow engine in agreement with our tables. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AthanorError } from '../errors/index.ts';
import type { Clock, JsonValue, Store } from '../store/index.ts';
import {
  type OperationDefinition,
  OperationInterruption,
  type OperationLogger,
  checkDefinition,
  enumeratePoints,
  stepsOf,
} from './definition.ts';
import { abortOperation } from './abort-operation.ts';
import { type Engine, openEngine } from './engine/engine.ts';
import type { EngineOptions } from './engine/storage.ts';
import { type Trx, createJournal } from './journal.ts';
import {
  type OperationDetail,
  type OperationFilter,
  type OperationView,
  getOperation,
  listOperations,
} from './read.ts';
import { keepReconciled } from './reconcile.ts';
import type { RunningOperation, Surroundings } from './operation-run.ts';
import { runOperation } from './run-operation.ts';

export interface OperationsOptions {
  readonly store: Store;
  readonly engine: EngineOptions;
  readonly definitions: readonly OperationDefinition[];
  readonly clock: Clock;
  readonly logger: OperationLogger;
  /** Called at every checkpoint (`enumeratePoints`); tests end the process there. */
  readonly reach?: ((point: string) => void) | undefined;
  /** How many operations run at a time; waiting ones count. 256 when left out. */
  readonly concurrency?: number | undefined;
  /** How long a step that was told to stop may take to let go before it is abandoned. 5 s when left out. */
  readonly graceMs?: number | undefined;
  /** The least time between two kept progresses of one step. 1 s when left out. */
  readonly progressEveryMs?: number | undefined;
}

export interface Operations {
  /** Accepts an operation and begins it as soon as there is room. Refuses a second one on the same machine. Returns its id. */
  start(kind: string, machineId: string | null, input: JsonValue): Promise<string>;
  /** The same inside a transaction of the caller, who calls `dispatch` once it has committed. */
  startIn(trx: Trx, kind: string, machineId: string | null, input: JsonValue): Promise<string>;
  /** Begins an accepted operation. Not calling it loses nothing: the next start of the worker finds it. */
  dispatch(id: string): Promise<void>;
  /** Asks an operation to stop; one that no step has in hand ends at once. */
  abort(id: string, reason: string): Promise<void>;
  get(id: string): Promise<OperationDetail>;
  /** Newest first. */
  list(filter?: OperationFilter): Promise<OperationView[]>;
  /** Takes ownership of the engine, reconciles it with our tables, and goes on with whatever has not ended. */
  startWorker(): Promise<void>;
  /** Interrupts running steps without failing their operations; the next `startWorker` goes on with them. */
  stop(): Promise<void>;
  /** Every checkpoint of an operation of this kind, in order. */
  enumeratePoints(kind: string): string[];
}

const regainEveryMs = 2_000;

export function createOperations(options: OperationsOptions): Operations {
  const { store, logger } = options;
  for (const definition of options.definitions) checkDefinition(definition);
  const definitions = new Map(options.definitions.map((definition) => [definition.kind, definition]));
  const now = () => options.clock.now();
  const around: Surroundings = {
    store,
    journal: createJournal(store, now),
    definitions,
    now,
    logger,
    reach: options.reach ?? (() => {}),
    graceMs: options.graceMs ?? 5_000,
    progressEveryMs: options.progressEveryMs ?? 1_000,
  };
  const running = new Map<string, RunningOperation & { readonly finished: Promise<void> }>();
  let engine: Engine | undefined;
  let life: AbortController | undefined;
  let stopReconciling = (): void => {};

  function definitionOf(kind: string): OperationDefinition {
    const definition = definitions.get(kind);
    if (definition !== undefined) return definition;
    throw new AthanorError('not-found', `there is no operation of the kind ${kind}`, { field: 'kind', value: kind });
  }

  /** The engine may hand out an operation twice, when the database was away for longer than its lease: then both wait for one. */
  function execute(id: string): Promise<void> {
    const already = running.get(id);
    if (already !== undefined) return already.finished;
    const control = new AbortController();
    if (life?.signal.aborted !== false) control.abort(shutdown());
    const hands: RunningOperation = { control };
    const finished = runOperation(around, id, hands)
      .catch((error: unknown) => {
        const stopped = error instanceof OperationInterruption;
        if (!stopped) logger.error({ err: error, operation: id }, 'an operation stumbled; it is taken up again soon');
        throw error;
      })
      .finally(() => running.delete(id));
    // The same object: what is told to the one in the map must reach the one that runs.
    running.set(id, Object.assign(hands, { finished }));
    return finished;
  }

  async function open(present: AbortController): Promise<void> {
    const opened = await openEngine({
      storage: options.engine,
      concurrency: options.concurrency ?? 256,
      logger,
      execute,
    });
    engine = opened;
    try {
      stopReconciling = await keepReconciled(store, opened, logger);
      if (present.signal.aborted) return await close(opened);
      await opened.work();
    } catch (error) {
      await close(opened);
      throw error;
    }
    void opened.lost.then(() => regain(opened, present));
  }

  async function close(opened: Engine): Promise<void> {
    if (engine === opened) engine = undefined;
    stopReconciling();
    const closing = opened.close(around.graceMs + 5_000);
    for (const { control } of running.values()) control.abort(shutdown());
    await closing;
  }

  /** The database server went away and took our ownership: stop, and come back when it does. */
  async function regain(lost: Engine, present: AbortController): Promise<void> {
    if (present.signal.aborted) return;
    logger.error({}, 'the workflow engine is lost; running operations pause until it is back');
    await close(lost).catch((error: unknown) => logger.warn({ err: error }, 'the lost engine did not close cleanly'));
    while (!present.signal.aborted) {
      try {
        await open(present);
        return;
      } catch (error) {
        logger.warn({ err: error }, 'the workflow engine is not back yet');
        await sleep(regainEveryMs, undefined, { signal: present.signal }).catch(() => undefined);
      }
    }
  }

  async function dispatch(id: string): Promise<void> {
    await engine?.dispatch(id);
  }

  async function startIn(trx: Trx, kind: string, machineId: string | null, input: JsonValue): Promise<string> {
    const definition = definitionOf(kind);
    stepsOf(definition, definition.parseInput(input));
    if (machineId !== null) await refuseSecond(trx, machineId);
    const id = store.newId();
    await around.journal.create(trx, { id, kind, machine_id: machineId, input, deadlineMs: definition.deadlineMs });
    return id;
  }

  return {
    startIn,
    dispatch,
    async start(kind, machineId, input) {
      const id = await store.transaction((trx) => startIn(trx, kind, machineId, input));
      // It is accepted; when the engine cannot take it now, the next reconciliation hands it over.
      await dispatch(id).catch((error: unknown) => logger.warn({ err: error, operation: id }, 'dispatch failed'));
      return id;
    },
    abort: (id, reason) => abortOperation(around, { running, owned: () => engine !== undefined }, id, reason),
    get: (id) => getOperation(store, definitions, id),
    list: (filter = {}) => listOperations(store, filter),
    async startWorker() {
      if (life !== undefined) return;
      const present = new AbortController();
      life = present;
      try {
        await open(present);
      } catch (error) {
        life = undefined;
        throw error;
      }
    },
    async stop() {
      life?.abort();
      life = undefined;
      if (engine !== undefined) await close(engine);
    },
    enumeratePoints: (kind) => enumeratePoints(definitionOf(kind)),
  };
}

function shutdown(): OperationInterruption {
  return new OperationInterruption('shutdown', 'Athanor stops; the operation goes on at its next start');
}

/** The unique index `operations_one_per_machine` is the last word; this one names the operation that is in the way. */
async function refuseSecond(trx: Trx, machineId: string): Promise<void> {
  const other = await trx
    .selectFrom('operations')
    .select(['id', 'kind'])
    .where('machine_id', '=', machineId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  if (other === undefined) return;
  throw new AthanorError('operation-running', `${other.kind} (${other.id}) runs on this machine`, {
    field: 'machine',
    value: machineId,
    remedy: `Wait for it, or abort it with \`athanor operation abort ${other.id}\`.`,
  });
}
