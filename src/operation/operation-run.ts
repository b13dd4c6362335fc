/** What the code that carries an operation shares: its surroundings, and one operation as read from the journal. */
import { AthanorError, asAthanorError } from '../errors/index.ts';
import { type Store, parseJson } from '../store/index.ts';
import {
  type OperationContext,
  type OperationDefinition,
  type OperationFailure,
  OperationInterruption,
  type OperationLogger,
  type OperationStep,
  stepsOf,
} from './definition.ts';
import type { Journal, OperationRow, StepRow } from './journal.ts';
import { readEvidence } from './json-columns.ts';

/** An operation that this process has in its hands. */
export interface RunningOperation {
  readonly control: AbortController;
}

export interface Surroundings {
  readonly store: Store;
  readonly journal: Journal;
  readonly definitions: ReadonlyMap<string, OperationDefinition>;
  readonly now: () => number;
  readonly logger: OperationLogger;
  readonly reach: (point: string) => void;
  /** How long a step that was told to stop may take to let go. */
  readonly graceMs: number;
  readonly progressEveryMs: number;
}

/** Everything about one operation while it runs. */
export interface OperationRun {
  readonly row: OperationRow;
  readonly definition: OperationDefinition;
  /** The steps of this very operation. */
  readonly plan: readonly OperationStep[];
  readonly context: OperationContext;
  readonly steps: Map<string, StepRow>;
  readonly hands: RunningOperation;
}

export function abortion(reason: string | null): OperationInterruption {
  return new OperationInterruption('abort', reason ?? 'no reason given');
}

export function understand(
  definitions: ReadonlyMap<string, OperationDefinition>,
  row: OperationRow,
  stepRows: readonly StepRow[],
): Pick<OperationRun, 'definition' | 'plan' | 'context' | 'steps'> | { failure: OperationFailure } {
  const definition = definitions.get(row.kind);
  try {
    if (definition === undefined) {
      throw new AthanorError('unsupported', `this version of Athanor has no operation of the kind ${row.kind}`);
    }
    const input = definition.parseInput(parseJson(row.input, 'operations.input'));
    const steps = new Map(stepRows.map((step) => [step.name, step]));
    const context: OperationContext = {
      operationId: row.id,
      machineId: row.machine_id,
      input,
      evidenceOf(name) {
        const step = steps.get(name);
        return step?.state === 'done' ? readEvidence(step.evidence) : undefined;
      },
    };
    return { definition, plan: stepsOf(definition, input), steps, context };
  } catch (error) {
    return { failure: describeFailure('start', asAthanorError(error)) };
  }
}

export function describeFailure(step: string, error: AthanorError): OperationFailure {
  return {
    step,
    code: error.code,
    message: error.message,
    remedy: error.remedy,
    ...(error.field === undefined ? {} : { field: error.field }),
    ...(error.value === undefined ? {} : { value: error.value }),
  };
}
