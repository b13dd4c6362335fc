/**
 * A process of its own that works on operations, for tests that kill it. Run as a program with its task as JSON; prints one
 * JSON line when the operation has ended, unless it kills itself (SIGKILL) at a checkpoint before.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { openStore } from '../../store/index.ts';
import { type OperationDefinition, type OperationStep, createOperations } from '../index.ts';
import { definition } from './operations-fixture.ts';

const taskSchema = z.object({
  database: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('sqlite'), file: z.string() }),
    z.object({ kind: z.literal('postgres'), url: z.string() }),
  ]),
  engine: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('sqlite'), file: z.string() }),
    z.object({ kind: z.literal('postgres'), url: z.string() }),
  ]),
  keyFile: z.string(),
  /** Each effect appends a line here. */
  effects: z.string(),
  /** The machine to start an operation on; without one, only what is there already is worked on. */
  machineId: z.string().optional(),
  killAt: z.string().optional(),
});
export type Task = z.infer<typeof taskSchema>;

/** The work the tests kill: two effects that must happen once, and one between them that may happen again. */
export function killableWork(effects: string): OperationDefinition {
  const happened = (line: string) =>
    existsSync(effects) && readFileSync(effects, 'utf8').split('\n').includes(line) ? { line } : undefined;
  const act = async (line: string) => {
    appendFileSync(effects, `${line}\n`);
    return { line };
  };
  const guarded = (name: string): OperationStep => ({
    name,
    deadlineMs: 30_000,
    recover: async ({ operationId }) => happened(`${operationId} ${name}`),
    run: ({ operationId }) => act(`${operationId} ${name}`),
  });
  const repeatable: OperationStep = {
    name: 'repeatable',
    deadlineMs: 30_000,
    run: ({ operationId }) => act(`${operationId} repeatable`),
  };
  return definition([guarded('first'), repeatable, guarded('last')], { kind: 'killable-work' });
}

export interface Ended {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  /** From the start of the worker until all operations had ended. */
  readonly workedMs: number | undefined;
}

export async function runOperationProcess(task: Task): Promise<Ended> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  await once(child, 'close');
  const text = Buffer.concat(output).toString();
  const workedMs = text === '' ? undefined : z.object({ workedMs: z.number() }).parse(JSON.parse(text)).workedMs;
  return { signal: child.signalCode, code: child.exitCode, workedMs };
}

async function main(task: Task): Promise<void> {
  // The test's end of this pipe closes with the test.
  process.stdin.resume().on('end', () => process.exit(1));
  const complain = (fields: object, message: string) =>
    process.stderr.write(`${message} ${'err' in fields ? String(fields.err) : ''}\n`);
  const logger = { info() {}, warn: complain, error: complain };
  const { database, engine, keyFile } = task;
  const store = await openStore({ database, keyFile, clock: Date, random: randomBytes });
  const operations = createOperations({
    store,
    engine,
    definitions: [killableWork(task.effects)],
    clock: Date,
    logger,
    reach(point) {
      if (point === task.killAt) process.kill(process.pid, 'SIGKILL');
    },
  });
  if (task.machineId !== undefined) await operations.start('killable-work', task.machineId, {});
  const before = Date.now();
  await operations.startWorker();
  const open = new Set((await operations.list({ states: ['queued', 'running'] })).map((operation) => operation.id));
  if (open.size > 0) {
    for await (const event of store.events.subscribe(0, AbortSignal.timeout(50_000))) {
      if (/^operation\.(succeeded|failed|aborted)$/.test(event.kind)) open.delete(event.operationId ?? '');
      if (open.size === 0) break;
    }
  }
  const workedMs = Date.now() - before;
  await operations.stop();
  await store.close();
  process.stdout.write(`${JSON.stringify({ workedMs })}\n`, () => process.exit(0));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(taskSchema.parse(JSON.parse(process.argv[2] ?? '')));
}
