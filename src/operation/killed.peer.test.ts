/** Operations whose process is killed with SIGKILL, on SQLite and on a real PostgreSQL server. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Store, openStore } from '../store/index.ts';
import { type PostgresServer, startPostgres } from '../store/testing/postgres.ts';
import { type OperationDetail, createOperations, enumeratePoints } from './index.ts';
import { type Task, killableWork, runOperationProcess } from './testing/operation-process.ts';
import { addMachine, machineState } from './testing/operations-fixture.ts';
import { type TcpUrl, overTcp } from './testing/postgres-over-tcp.ts';

const logger = { info() {}, warn() {}, error() {} };
const points = enumeratePoints(killableWork(''));

describe.each(['sqlite', 'postgres'] as const)('on %s', (dialect) => {
  let server: PostgresServer | undefined;
  let tcp: TcpUrl | undefined;
  let directory: string;
  let task: Task;

  beforeAll(async () => {
    if (dialect === 'postgres') server = await startPostgres();
  });
  afterAll(async () => {
    await server?.stop();
  });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'athanor-killed-'));
    const shared = { keyFile: join(directory, 'key'), effects: join(directory, 'effects') };
    if (server === undefined) {
      const database = { kind: 'sqlite', file: join(directory, 'athanor.db') } as const;
      task = { ...shared, database, engine: { kind: 'sqlite', file: join(directory, 'engine.db') } };
    } else {
      tcp = await overTcp(await server.createDatabase());
      const database = { kind: 'postgres', url: tcp.url } as const;
      task = { ...shared, database, engine: database };
    }
  });
  afterEach(async () => {
    await rm(directory, { recursive: true, force: true });
  });
  // After the stores of a test are closed: closing waits for connections.
  afterEach(async () => {
    await tcp?.close();
    tcp = undefined;
  });

  async function withStore<T>(work: (store: Store) => Promise<T>): Promise<T> {
    const { database, keyFile } = task;
    const store = await openStore({ database, keyFile, clock: Date, random: randomBytes });
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  }

  /** The newest operation on the machine, with the events about it and the machine's state. */
  function look(machineId: string) {
    return withStore(async (store) => {
      const { engine, effects } = task;
      const operations = createOperations({ store, engine, definitions: [killableWork(effects)], clock: Date, logger });
      const newest = (await operations.list({ machineId })).at(0);
      if (newest === undefined) throw new Error('no operation was started');
      const operation: OperationDetail = await operations.get(newest.id);
      const kinds = (await store.events.listEvents({ after: 0, limit: 1000 }))
        .filter((event) => event.operationId === newest.id)
        .map((event) => event.kind);
      return { operation, kinds, machine: await machineState(store, machineId) };
    });
  }

  async function effectsOf(operationId: string): Promise<string[]> {
    const lines = (await readFile(task.effects, 'utf8')).split('\n');
    return lines.filter((line) => line.startsWith(operationId)).map((line) => line.slice(operationId.length + 1));
  }

  test.each(points)('killed at %s: goes on at once, and what must happen once happens once', async (point) => {
    const machineId = await withStore(addMachine);
    const killed = await runOperationProcess({ ...task, machineId, killAt: point });
    expect(killed.signal).toBe('SIGKILL');
    expect((await look(machineId)).operation.state).toBe('running');

    const second = await runOperationProcess(task);
    expect(second).toMatchObject({ signal: null, code: 0 });
    const { operation, kinds, machine } = await look(machineId);
    expect(operation).toMatchObject({ state: 'succeeded', failure: undefined });
    expect(operation.steps.map((step) => step.state)).toEqual(['done', 'done', 'done']);
    expect(machine).toBe('succeeded');
    expect(kinds).toContain('operation.resumed');
    expect(kinds.filter((kind) => kind === 'operation.succeeded')).toHaveLength(1);
    const effects = await effectsOf(operation.id);
    expect(effects.filter((line) => line === 'first')).toHaveLength(1);
    expect(effects.filter((line) => line === 'last')).toHaveLength(1);
    // Required of a restart; the engine by itself waits for the dead process's lease, up to 30 s.
    expect(second.workedMs).toBeLessThan(5_000);
  });

  test('one operation killed at every checkpoint in turn still ends, each effect once', async () => {
    const machineId = await withStore(addMachine);
    const kills: string[] = [];
    for (const [index, killAt] of points.entries()) {
      const ended = await runOperationProcess({ ...task, killAt, ...(index === 0 ? { machineId } : {}) });
      if (ended.signal === 'SIGKILL') kills.push(killAt);
      else expect(ended.code).toBe(0);
    }
    // Kills that come where a recovered step does not pass (its `intent` and `effect`) end nothing.
    expect(kills.length).toBeGreaterThan(points.length / 2);
    await runOperationProcess(task);
    const { operation, machine } = await look(machineId);
    expect([operation.state, machine]).toEqual(['succeeded', 'succeeded']);
    const effects = await effectsOf(operation.id);
    expect(effects.filter((line) => line !== 'repeatable')).toEqual(['first', 'last']);
  });

  test('the ends of many killed operations all come', async () => {
    const machines = await withStore(async (store) => {
      const ids: string[] = [];
      for (let count = 0; count < 20; count += 1) ids.push(await addMachine(store));
      const { engine, effects } = task;
      const operations = createOperations({ store, engine, definitions: [killableWork(effects)], clock: Date, logger });
      for (const id of ids) await operations.start('killable-work', id, {});
      return ids;
    });
    expect((await runOperationProcess({ ...task, killAt: 'killable-work/last/effect' })).signal).toBe('SIGKILL');
    expect((await runOperationProcess(task)).code).toBe(0);
    for (const machineId of machines) {
      const { operation } = await look(machineId);
      expect(operation.state).toBe('succeeded');
      const effects = await effectsOf(operation.id);
      expect(effects.filter((line) => line !== 'repeatable').toSorted()).toEqual(['first', 'last']);
    }
  });
});
