/** Operations as people and programs see them. Times are milliseconds since 1970 UTC. */
import { AthanorError } from '../errors/index.ts';
import { type JsonValue, type OperationState, type Store, parseJson } from '../store/index.ts';
import {
  type OperationDefinition,
  type OperationFailure,
  type OperationProgress,
  type OperationStep,
  type StepEvidence,
  stepsOf,
} from './definition.ts';
import type { OperationRow, StepRow } from './journal.ts';
import { readEvidence, readFailure, readProgress } from './json-columns.ts';

export interface OperationView {
  readonly id: string;
  readonly kind: string;
  readonly machineId: string | null;
  readonly state: OperationState;
  readonly input: JsonValue;
  readonly result: StepEvidence | undefined;
  readonly failure: OperationFailure | undefined;
  readonly progress: OperationProgress | undefined;
  readonly abortRequestedAt: number | null;
  readonly abortReason: string | null;
  readonly deadlineAt: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

export interface StepView {
  readonly name: string;
  readonly ordinal: number;
  /** `pending` when nothing is recorded yet, `intent` while it runs or was interrupted. */
  readonly state: 'pending' | 'intent' | 'done' | 'failed';
  readonly waitsFor: string | undefined;
  readonly tries: number;
  /** When the newest try began. */
  readonly intentAt: number | undefined;
  /** When it was done, or failed. */
  readonly doneAt: number | undefined;
  readonly evidence: StepEvidence | undefined;
  readonly failure: OperationFailure | undefined;
}

export interface OperationDetail extends OperationView {
  readonly steps: readonly StepView[];
  readonly log: readonly { readonly sequence: number; readonly time: number; readonly text: string }[];
}

export interface OperationFilter {
  readonly machineId?: string | undefined;
  readonly kind?: string | undefined;
  readonly states?: readonly OperationState[] | undefined;
  /** At most this many; 100 when left out. */
  readonly limit?: number | undefined;
}

export async function listOperations(store: Store, filter: OperationFilter): Promise<OperationView[]> {
  let query = store.db.selectFrom('operations').selectAll().orderBy('created_at', 'desc').orderBy('id', 'desc');
  if (filter.machineId !== undefined) query = query.where('machine_id', '=', filter.machineId);
  if (filter.kind !== undefined) query = query.where('kind', '=', filter.kind);
  if (filter.states !== undefined) query = query.where('state', 'in', filter.states);
  const rows = await query.limit(filter.limit ?? 100).execute();
  return rows.map(viewOperation);
}

export async function getOperation(
  store: Store,
  definitions: ReadonlyMap<string, OperationDefinition>,
  id: string,
): Promise<OperationDetail> {
  const { db } = store;
  const row = await db.selectFrom('operations').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) {
    throw new AthanorError('not-found', `there is no operation ${id}`, { field: 'operation', value: id });
  }
  const steps = await db.selectFrom('operation_steps').selectAll().where('operation_id', '=', id).execute();
  const log = await db
    .selectFrom('operation_log')
    .select(['sequence', 'time', 'text'])
    .where('operation_id', '=', id)
    .orderBy('sequence')
    .execute();
  return { ...viewOperation(row), steps: viewSteps(stepsOfRow(definitions.get(row.kind), row), steps), log };
}

function viewOperation(row: OperationRow): OperationView {
  return {
    id: row.id,
    kind: row.kind,
    machineId: row.machine_id,
    state: row.state,
    input: parseJson(row.input, 'operations.input'),
    result: readEvidence(row.result),
    failure: readFailure(row.failure),
    progress: readProgress(row.progress),
    abortRequestedAt: row.abort_requested_at,
    abortReason: row.abort_reason,
    deadlineAt: row.deadline_at,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}

/** The steps as this program makes them; none for an operation that it does not understand. */
function stepsOfRow(definition: OperationDefinition | undefined, row: OperationRow): readonly OperationStep[] {
  if (definition === undefined) return [];
  if (definition.stepsFrom === undefined) return definition.steps;
  try {
    return stepsOf(definition, definition.parseInput(parseJson(row.input, 'operations.input')));
  } catch {
    return [];
  }
}

/** Every step the plan has, in its order, then those that only an older version of the program had. */
function viewSteps(plan: readonly OperationStep[], rows: readonly StepRow[]): StepView[] {
  const recorded = new Map(rows.map((row) => [row.name, row]));
  const known = plan.map((step, ordinal) => {
    const row = recorded.get(step.name);
    recorded.delete(step.name);
    return viewStep(step.name, ordinal, step.waitsFor, row);
  });
  const others = [...recorded.values()].map((row) => viewStep(row.name, row.ordinal, undefined, row));
  return [...known, ...others.toSorted((a, b) => a.ordinal - b.ordinal)];
}

function viewStep(name: string, ordinal: number, waitsFor: string | undefined, row: StepRow | undefined): StepView {
  return {
    name,
    ordinal,
    state: row?.state ?? 'pending',
    waitsFor,
    tries: row?.tries ?? 0,
    intentAt: row?.intent_at,
    doneAt: row?.done_at ?? undefined,
    evidence: row?.state === 'done' ? readEvidence(row.evidence) : undefined,
    failure: row?.state === 'failed' ? readFailure(row.evidence) : undefined,
  };
}
