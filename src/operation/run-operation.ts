/** Carries one operation from wherever it is to its end. Everything it needs to know after a crash is in the journal. */
import { interruptionOf } from './attempt.ts';
import { type OperationInterruption, endPoint } from './definition.ts';
import { endOperation } from './end-operation.ts';
import type { OperationRow, StepRow } from './journal.ts';
import { readFailure } from './json-columns.ts';
import { type OperationRun, type RunningOperation, type Surroundings, abortion, understand } from './operation-run.ts';
import { type StepOutcome, runStep } from './run-step.ts';

/** Rejects only when the operation has to be taken up again: at a shutdown, or when the store fails. */
export async function runOperation(around: Surroundings, id: string, hands: RunningOperation): Promise<void> {
  throwIfShutDown(hands.control.signal);
  const begun = await around.journal.begin(id);
  if (begun === undefined) return;
  const run = await prepare(around, begun.row, begun.steps, hands);
  if (run === undefined) return;
  if (run.row.abort_requested_at !== null) hands.control.abort(abortion(run.row.abort_reason));

  for (const [ordinal, step] of run.plan.entries()) {
    const record = run.steps.get(step.name);
    if (record?.state === 'done') continue;
    const outcome = alreadyDecided(run, record) ?? (await runStep(around, run, step, ordinal));
    if (outcome.kind === 'done') continue;
    if (outcome.kind === 'failed')
      return await endOperation(around, run, { state: 'failed', failure: outcome.failure });
    return await stop(around, run, outcome.interruption);
  }
  around.reach(endPoint(run.definition.kind));
  if (hands.control.signal.aborted) return await stop(around, run, interruptionOf(hands.control.signal));
  const last = run.plan.at(-1);
  const result = (last && run.context.evidenceOf(last.name)) ?? {};
  await endOperation(around, run, { state: 'succeeded', result });
}

/** What was decided before this step is begun: it failed before a crash, or the operation was told to stop. */
function alreadyDecided(run: OperationRun, record: StepRow | undefined): StepOutcome | undefined {
  if (record?.state === 'failed') {
    const failure = readFailure(record.evidence);
    if (failure !== undefined) return { kind: 'failed', failure };
  }
  const { signal } = run.hands.control;
  return signal.aborted ? { kind: 'interrupted', interruption: interruptionOf(signal) } : undefined;
}

async function stop(around: Surroundings, run: OperationRun, interruption: OperationInterruption): Promise<void> {
  if (interruption.reason === 'shutdown') throw interruption;
  await endOperation(around, run, { state: 'aborted', reason: interruption.message });
}

function throwIfShutDown(signal: AbortSignal): void {
  if (!signal.aborted) return;
  const interruption = interruptionOf(signal);
  if (interruption.reason === 'shutdown') throw interruption;
}

/** Reads the operation as this program understands it; one that it does not understand is ended, not kept forever. */
async function prepare(
  around: Surroundings,
  row: OperationRow,
  stepRows: readonly StepRow[],
  hands: RunningOperation,
): Promise<OperationRun | undefined> {
  const understood = understand(around.definitions, row, stepRows);
  if (!('failure' in understood)) return { row, hands, ...understood };
  around.logger.error({ operation: row.id, kind: row.kind, ...understood.failure }, 'an operation cannot go on');
  await around.store.transaction((trx) =>
    around.journal.end(trx, row, { state: 'failed', failure: understood.failure }),
  );
  return undefined;
}
