/** For a test file: a store with machines and operations, and attempts on it. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { openStore, type Row, type Store } from '../../store/index.ts';
import { type BootAttempts, createBootAttempts } from '../index.ts';

export const mac = '52:54:00:00:00:01';
export const address = '10.0.0.11';

export interface InstallBench {
  directory(): string;
  store(): Store;
  attempts(): BootAttempts;
  now(): number;
  skip(ms: number): void;
  addMachine(): Promise<string>;
  addOperation(machineId: string): Promise<string>;
  /** Ends it, or only asks for its abort. */
  end(operationId: string, how: 'succeeded' | 'failed' | 'aborted' | 'abort requested'): Promise<void>;
  attemptsOf(machineId: string): Promise<Row<'boot_attempts'>[]>;
}

export function useInstallBench(): InstallBench {
  let directory = '';
  let opened: Store | undefined;
  let attempts: BootAttempts | undefined;
  let time = 1_800_000_000_000;
  const now = (): number => time;
  function there<T>(thing: T | undefined): T {
    if (thing === undefined) throw new Error('no test runs');
    return thing;
  }
  const store = (): Store => there(opened);
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'athanor-install-'));
    const database = { kind: 'sqlite', file: join(directory, 'athanor.db') } as const;
    opened = await openStore({ database, keyFile: join(directory, 'key'), clock: { now }, random: randomBytes });
    attempts = createBootAttempts(opened, now);
  });
  afterEach(async () => {
    await opened?.close();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    directory: () => directory,
    store,
    attempts: () => there(attempts),
    now,
    skip: (ms) => {
      time += ms;
    },
    addMachine: async () => {
      const id = store().newId();
      const row = { id, name: null, state: 'free', maintenance: 0 as const, power: 'unknown' as const, failure: null };
      const times = { state_since: time, created_at: time, updated_at: time };
      await store()
        .db.insertInto('machines')
        .values({ ...row, ...times, revision: 1 })
        .execute();
      return id;
    },
    addOperation: async (machineId) => {
      const id = store().newId();
      const nothing = { result: null, failure: null, progress: null, engine_run_id: null };
      const times = { deadline_at: time + 1000, created_at: time, started_at: time, ended_at: null };
      const row = { id, kind: 'deploy-machine', machine_id: machineId, state: 'running' as const, input: '{}' };
      await store()
        .db.insertInto('operations')
        .values({ ...row, ...nothing, ...times, abort_requested_at: null, abort_reason: null })
        .execute();
      return id;
    },
    end: async (operationId, how) => {
      const change = how === 'abort requested' ? { abort_requested_at: time } : { state: how, ended_at: time };
      await store().db.updateTable('operations').set(change).where('id', '=', operationId).execute();
    },
    attemptsOf: async (machineId) =>
      await store()
        .db.selectFrom('boot_attempts')
        .selectAll()
        .where('machine_id', '=', machineId)
        .orderBy('number')
        .execute(),
  };
}

export const progressOf = (bytes: number) =>
  ({ task: 'write-image', phase: 'writing', bytes, bytesTotal: 1000 }) as const;

export const completion = {
  task: 'write-image',
  sha256ReadBack: 'a'.repeat(64),
  bytes: 1000,
  disk: '/dev/sda',
  diskSerial: 'D1',
} as const;

export const failureOfDisk = {
  task: 'write-image',
  step: 'write',
  code: 'write-failed',
  message: 'No space left on device (ENOSPC)',
} as const;
