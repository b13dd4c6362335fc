/** One step: intent, effect, done; each recorded before the next begins. */
import { AthanorError, asAthanorError } from '../errors/index.ts';
import { attempt, interruptionOf } from './attempt.ts';
import {
  type CheckpointPart,
  type OperationFailure,
  OperationInterruption,
  type OperationStep,
  type StepContext,
  type StepEvidence,
  stepPoint,
} from './definition.ts';
import { type OperationRun, type Surroundings, describeFailure } from './operation-run.ts';
import { createStepNotes } from './step-notes.ts';

export type StepOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly failure: OperationFailure }
  | { readonly kind: 'interrupted'; readonly interruption: OperationInterruption };

export async function runStep(
  around: Surroundings,
  run: OperationRun,
  step: OperationStep,
  ordinal: number,
): Promise<StepOutcome> {
  const { journal, graceMs } = around;
  const record = run.steps.get(step.name);
  const reach = (part: CheckpointPart) => around.reach(stepPoint(run.row.kind, step.name, part));
  const deadline = startDeadline(step, run.row.deadline_at - around.now());
  const signal = AbortSignal.any([run.hands.control.signal, deadline.signal]);
  const notes = createStepNotes({
    step: step.name,
    everyMs: around.progressEveryMs,
    now: around.now,
    logger: around.logger,
    saveProgress: (progress) => journal.recordProgress(run.row, progress),
    saveLog: (text) => journal.appendLog(run.row.id, `${step.name}: ${text}`),
  });
  const context: StepContext = {
    ...run.context,
    signal,
    interrupted: record?.state === 'intent',
    progress: (progress) => notes.progress(progress),
    log: (text) => notes.log(text),
  };

  const finish = async (evidence: StepEvidence, recovered: boolean): Promise<StepOutcome> => {
    await notes.close();
    const row = await journal.recordDone(run.row, step.name, evidence, recovered);
    run.steps.set(step.name, row);
    reach('done');
    return { kind: 'done' };
  };
  const fail = async (error: AthanorError): Promise<StepOutcome> => {
    await notes.close();
    const failure = describeFailure(step.name, error);
    await journal.recordFailure(run.row, { name: step.name, ordinal }, failure);
    return { kind: 'failed', failure };
  };
  const giveUp = async (interruption: OperationInterruption): Promise<StepOutcome> => {
    await notes.close();
    if (interruption.reason !== 'deadline') return { kind: 'interrupted', interruption };
    return await fail(new AthanorError('deadline-exceeded', interruption.message));
  };
  const failUnexpectedly = (error: unknown): Promise<StepOutcome> => {
    const known = asAthanorError(error);
    around.logger.warn({ err: error, operation: run.row.id, step: step.name, code: known.code }, 'a step failed');
    return fail(known);
  };

  try {
    reach('begin');
    if (context.interrupted && step.recover !== undefined) {
      const found = await attempt(async () => await step.recover?.(context), signal, graceMs);
      if (found.kind === 'interrupted') return await giveUp(found.interruption);
      if (found.kind === 'threw') return await failUnexpectedly(found.error);
      if (found.value !== undefined) return await finish(found.value, true);
    }
    if (signal.aborted) return await giveUp(interruptionOf(signal));
    await journal.recordIntent(run.row, { name: step.name, ordinal, tries: (record?.tries ?? 0) + 1 });
    reach('intent');
    const outcome = await attempt(() => step.run(context), signal, graceMs);
    if (outcome.kind === 'interrupted') return await giveUp(outcome.interruption);
    if (outcome.kind === 'threw') return await failUnexpectedly(outcome.error);
    reach('effect');
    return await finish(outcome.value, false);
  } finally {
    deadline.cancel();
    await notes.close();
  }
}

/** A signal that fires at the step's own deadline or the operation's, whichever comes first. */
function startDeadline(step: OperationStep, operationLeftMs: number): { signal: AbortSignal; cancel(): void } {
  const controller = new AbortController();
  const waitedFor = step.waitsFor === undefined ? '' : `; it waited for ${step.waitsFor}`;
  const whose =
    operationLeftMs < step.deadlineMs
      ? `The operation's deadline passed during the step ${step.name}`
      : `The step ${step.name} did not finish within ${step.deadlineMs / 1000} s`;
  const expire = () => controller.abort(new OperationInterruption('deadline', `${whose}${waitedFor}.`));
  const leftMs = Math.min(step.deadlineMs, operationLeftMs);
  if (leftMs <= 0) expire();
  const timer = leftMs <= 0 ? undefined : setTimeout(expire, leftMs);
  return { signal: controller.signal, cancel: () => clearTimeout(timer) };
}
