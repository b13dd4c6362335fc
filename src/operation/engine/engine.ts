/**
 * The durable queue under the operations: which operation has to run, again after a crash, and never twice at a time. One run
 * of the engine carries one operation from start to end and has no engine steps (docs/decisions/0004).
 */
import { AsyncResource } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { OpenWorkflow, Worker, defineWorkflow } from 'openworkflow';
import type { WorkflowRun, WorkflowRunStatus } from 'openworkflow/internal';
import { z } from 'zod';
import type { OperationLogger } from '../definition.ts';
import { quietBackend } from './quiet-backend.ts';
import { type EngineOptions, openStorage } from './storage.ts';

export interface EngineRun {
  readonly runId: string;
  /** Undefined when the run's input names none. */
  readonly operationId: string | undefined;
}

export interface Engine {
  /** Resolves when another process may own the engine from now on; everything running must stop. */
  readonly lost: Promise<void>;
  /** Makes sure that a run for this operation exists, and begins it at once if there is room. Returns the run's id. */
  dispatch(operationId: string): Promise<string>;
  /** Runs that have not ended. */
  liveRuns(): Promise<EngineRun[]>;
  cancel(runId: string): Promise<void>;
  work(): Promise<void>;
  /** Begins no more; waits, at most `patienceMs`, for what runs; lets go. What still runs is run again by the next owner. */
  close(patienceMs: number): Promise<void>;
}

export interface OpenEngineOptions {
  readonly storage: EngineOptions;
  /** How many operations run at a time. Most of them only wait, so this is high. */
  readonly concurrency: number;
  readonly logger: OperationLogger;
  /** Carries the operation to its end. When it throws, the run is repeated later. */
  execute(operationId: string): Promise<void>;
}

const runInput = z.object({ operationId: z.string() });
const liveStatuses: readonly WorkflowRunStatus[] = ['pending', 'running', 'sleeping'];

export async function openEngine(options: OpenEngineOptions): Promise<Engine> {
  const { backend: storage, ownership } = await openStorage(options.storage);
  const backend = quietBackend(storage, options.logger);
  const workflow = defineWorkflow<unknown, null, unknown>(
    {
      name: 'operation',
      // Only an unreachable database or a shutdown makes `execute` throw, so it is repeated without end.
      retryPolicy: { maximumAttempts: 0, initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '15s' },
    },
    async ({ input }) => {
      await options.execute(runInput.parse(input).operationId);
      return null;
    },
  );
  const client = new OpenWorkflow({ backend });
  const worker = new Worker({ backend, workflows: [workflow], concurrency: options.concurrency });
  let working = false;

  // Bound to the context of this opening: an operation must not inherit the transaction of whoever started it.
  const claimNow = AsyncResource.bind(() => {
    worker.tick().catch((error: unknown) => options.logger.warn({ err: error }, 'the workflow engine stumbled'));
  });

  return {
    lost: ownership.lost,
    async dispatch(operationId) {
      const handle = await client.runWorkflow(workflow.spec, { operationId }, { idempotencyKey: operationId });
      if (working) claimNow();
      return handle.workflowRun.id;
    },
    async liveRuns() {
      const runs: EngineRun[] = [];
      for (const status of liveStatuses) {
        let after: string | undefined;
        do {
          const page = await backend.listWorkflowRuns({
            status,
            limit: 200,
            ...(after === undefined ? {} : { after }),
          });
          runs.push(...page.data.map(readRun));
          after = page.pagination.next ?? undefined;
        } while (after !== undefined);
      }
      return runs;
    },
    cancel: (runId) => client.cancelWorkflowRun(runId),
    async work() {
      working = true;
      await worker.start();
    },
    async close(patienceMs) {
      working = false;
      const waiting = new AbortController();
      await Promise.race([
        worker.stop(),
        sleep(patienceMs, undefined, { signal: waiting.signal }).catch(() => undefined),
      ]);
      waiting.abort();
      try {
        await storage.stop();
      } finally {
        await ownership.release();
      }
    },
  };
}

function readRun(run: WorkflowRun): EngineRun {
  const input = runInput.safeParse(run.input);
  return { runId: run.id, operationId: input.success ? input.data.operationId : undefined };
}
