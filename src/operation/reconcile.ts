/** Our tables win: the engine gets a run for each operation that has not ended, and keeps no other. */
import type { Store } from '../store/index.ts';
import type { OperationLogger } from './definition.ts';
import type { Engine } from './engine/engine.ts';

/** So that an operation accepted while the engine could not be reached waits for no restart. */
const everyMs = 30_000;

/** Reconciles now, and again and again until the returned function is called. */
export async function keepReconciled(store: Store, engine: Engine, logger: OperationLogger): Promise<() => void> {
  await reconcile(store, engine, logger);
  const timer = setInterval(() => {
    reconcile(store, engine, logger).catch((error: unknown) => logger.warn({ err: error }, 'reconciliation failed'));
  }, everyMs);
  return () => clearInterval(timer);
}

/** Reads the engine first: an operation is in our tables before it has a run, so a run without one has no owner. */
async function reconcile(store: Store, engine: Engine, logger: OperationLogger): Promise<void> {
  const runs = await engine.liveRuns();
  const rows = await store.db.selectFrom('operations').select('id').where('ended_at', 'is', null).execute();
  const open = new Set(rows.map((row) => row.id));
  const carried = new Set<string>();
  for (const { runId, operationId } of runs) {
    if (operationId !== undefined && open.has(operationId) && !carried.has(operationId)) carried.add(operationId);
    else {
      // It may just have ended by itself.
      await engine.cancel(runId).catch((error: unknown) => logger.warn({ err: error, run: runId }, 'not cancelled'));
    }
  }
  const missing = [...open].filter((id) => !carried.has(id));
  for (const id of missing) await engine.dispatch(id);
  if (missing.length > 0) logger.info({ operations: missing }, 'handed to the workflow engine');
}
