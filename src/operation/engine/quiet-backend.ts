/**
 * The engine's storage as its worker sees it. Three things differ from the plain one:
 * - The worker asks for work once per free slot (256 times a second when idle). An empty answer is shared by every question that was
 *   asked before it, which makes that one query (measured: a tenth of the processor time on both databases).
 * - An error while claiming or while extending a lease is reported to the logger; the worker would print it to the console.
 * - An extended lease that is not ours any more is no error here: `runOperation` never runs one operation twice at a time.
 */
import type { Backend, ClaimWorkflowRunParams, WorkflowRun } from 'openworkflow/internal';
import type { OperationLogger } from '../definition.ts';

export function quietBackend(backend: Backend, logger: OperationLogger): Backend {
  const held = new Map<string, WorkflowRun>();
  let queue: Promise<unknown> = Promise.resolve();
  let asked = 0;
  let emptyUpTo = 0;

  async function claim(question: number, params: ClaimWorkflowRunParams): Promise<WorkflowRun | null> {
    if (question <= emptyUpTo) return null;
    const askedBefore = asked;
    try {
      const run = await backend.claimWorkflowRun(params);
      if (run === null) emptyUpTo = askedBefore;
      else held.set(run.id, run);
      return run;
    } catch (error) {
      emptyUpTo = askedBefore;
      logger.warn({ err: error }, 'the workflow engine cannot ask for work; it will try again');
      return null;
    }
  }

  const overrides: Partial<Backend> = {
    claimWorkflowRun(params) {
      asked += 1;
      const question = asked;
      const answer = queue.then(() => claim(question, params));
      queue = answer;
      return answer;
    },
    async extendWorkflowRunLease(params) {
      try {
        return await backend.extendWorkflowRunLease(params);
      } catch (error) {
        const run = held.get(params.workflowRunId);
        if (run === undefined) throw error;
        logger.warn({ err: error, run: run.id }, 'the lease of a workflow run could not be extended');
        return run;
      }
    },
    completeWorkflowRun(params) {
      held.delete(params.workflowRunId);
      return backend.completeWorkflowRun(params);
    },
    failWorkflowRun(params) {
      held.delete(params.workflowRunId);
      return backend.failWorkflowRun(params);
    },
  };

  return new Proxy(backend, {
    get(target, key) {
      const value: unknown = Reflect.get(overrides, key) ?? Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
