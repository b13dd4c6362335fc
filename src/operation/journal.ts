/**
 * The tables `operations`, `operation_steps` and `operation_log`: the truth about long work. Each change is one transaction together
 * with its event.
 *
 * | event                  | when                                                                  |
 * | ---------------------- | --------------------------------------------------------------------- |
 * | operation.started      | the operation was accepted; it runs as soon as there is room          |
 * | operation.resumed      | it goes on after its process stopped or died                          |
 * | operation.step.started | the intent of a step is recorded, its effect not begun                |
 * | operation.step.done    | the effect is there; `recovered` when it was found there              |
 * | operation.step.failed  | the step failed; the operation ends as failed next                    |
 * | operation.progress     | how far the step is, at most once a second                            |
 * | operation.abort.requested | somebody wants it to stop                                          |
 * | operation.succeeded, operation.failed, operation.aborted | it ended                        |
 */
import type { Transaction } from 'kysely';
import { type Database, type JsonValue, type Row, type Store, toJson } from '../store/index.ts';
import type { OperationFailure, OperationProgress, StepEvidence } from './definition.ts';

export type Trx = Transaction<Database>;
export type OperationRow = Row<'operations'>;
export type StepRow = Row<'operation_steps'>;

/** What identifies an operation to the journal. */
export type OperationKey = Pick<OperationRow, 'id' | 'kind' | 'machine_id'>;

export type Ending =
  | { readonly state: 'succeeded'; readonly result: StepEvidence }
  | { readonly state: 'failed'; readonly failure: OperationFailure }
  | { readonly state: 'aborted'; readonly reason: string };

export interface Journal {
  create(trx: Trx, operation: OperationKey & { input: JsonValue; deadlineMs: number }): Promise<void>;
  find(trx: Trx, id: string): Promise<OperationRow | undefined>;
  /** Takes a queued operation into work, or goes on with one in work. Undefined when there is nothing left to do. */
  begin(id: string): Promise<{ row: OperationRow; steps: StepRow[] } | undefined>;
  recordIntent(key: OperationKey, step: { name: string; ordinal: number; tries: number }): Promise<void>;
  recordDone(key: OperationKey, step: string, evidence: StepEvidence, recovered: boolean): Promise<StepRow>;
  recordFailure(key: OperationKey, step: { name: string; ordinal: number }, failure: OperationFailure): Promise<void>;
  recordProgress(key: OperationKey, progress: OperationProgress): Promise<void>;
  appendLog(id: string, text: string): Promise<void>;
  requestAbort(trx: Trx, key: OperationKey, reason: string): Promise<void>;
  /** Ends the operation inside the caller's transaction. */
  end(trx: Trx, key: OperationKey, ending: Ending): Promise<void>;
}

export function createJournal(store: Store, now: () => number): Journal {
  async function append(
    trx: Trx,
    key: OperationKey,
    event: string,
    data: { [key: string]: JsonValue | undefined },
  ): Promise<void> {
    await store.events.appendEvent(trx, {
      kind: `operation.${event}`,
      subject: key.machine_id === null ? { kind: 'operation', id: key.id } : { kind: 'machine', id: key.machine_id },
      operationId: key.id,
      data: { operation: key.kind, ...data },
    });
  }

  return {
    async create(trx, { id, kind, machine_id, input, deadlineMs }) {
      const time = now();
      await trx
        .insertInto('operations')
        .values({
          id,
          kind,
          machine_id,
          state: 'queued',
          input: toJson(input),
          result: null,
          failure: null,
          progress: null,
          deadline_at: time + deadlineMs,
          abort_requested_at: null,
          abort_reason: null,
          created_at: time,
          started_at: null,
          ended_at: null,
          engine_run_id: null,
        })
        .execute();
      await append(trx, { id, kind, machine_id }, 'started', {});
    },

    find: (trx, id) => trx.selectFrom('operations').selectAll().where('id', '=', id).executeTakeFirst(),

    begin: (id) =>
      store.transaction(async (trx) => {
        const row = await trx.selectFrom('operations').selectAll().where('id', '=', id).executeTakeFirst();
        if (row === undefined || row.ended_at !== null) return undefined;
        if (row.state === 'queued') {
          await trx
            .updateTable('operations')
            .set({ state: 'running', started_at: now() })
            .where('id', '=', id)
            .execute();
        } else {
          await append(trx, row, 'resumed', {});
        }
        const steps = await trx.selectFrom('operation_steps').selectAll().where('operation_id', '=', id).execute();
        return { row, steps };
      }),

    recordIntent: (key, { name, ordinal, tries }) =>
      store.transaction(async (trx) => {
        const attempt = { tries, state: 'intent', intent_at: now(), done_at: null, evidence: null } as const;
        await trx
          .insertInto('operation_steps')
          .values({ operation_id: key.id, name, ordinal, ...attempt })
          .onConflict((conflict) => conflict.columns(['operation_id', 'name']).doUpdateSet(attempt))
          .execute();
        await append(trx, key, 'step.started', { step: name, tries });
      }),

    recordDone: (key, step, evidence, recovered) =>
      store.transaction(async (trx) => {
        const row = await trx
          .updateTable('operation_steps')
          .set({ state: 'done', done_at: now(), evidence: toJson(evidence) })
          .where('operation_id', '=', key.id)
          .where('name', '=', step)
          .returningAll()
          .executeTakeFirstOrThrow();
        await append(trx, key, 'step.done', { step, evidence, ...(recovered ? { recovered } : {}) });
        return row;
      }),

    recordFailure: (key, { name, ordinal }, failure) =>
      store.transaction(async (trx) => {
        const outcome = { state: 'failed', done_at: now(), evidence: toJson({ ...failure }) } as const;
        await trx
          .insertInto('operation_steps')
          .values({ operation_id: key.id, name, ordinal, tries: 0, intent_at: now(), ...outcome })
          .onConflict((conflict) => conflict.columns(['operation_id', 'name']).doUpdateSet(outcome))
          .execute();
        await append(trx, key, 'step.failed', { ...failure });
      }),

    recordProgress: (key, progress) =>
      store.transaction(async (trx) => {
        await trx
          .updateTable('operations')
          .set({ progress: toJson({ ...progress }) })
          .where('id', '=', key.id)
          .where('ended_at', 'is', null)
          .execute();
        await append(trx, key, 'progress', { ...progress });
      }),

    appendLog: (id, text) => store.transaction((trx) => insertLog(trx, id, now(), text)),

    async requestAbort(trx, key, reason) {
      await trx
        .updateTable('operations')
        .set({ abort_requested_at: now(), abort_reason: reason })
        .where('id', '=', key.id)
        .execute();
      await append(trx, key, 'abort.requested', { reason });
    },

    async end(trx, key, ending) {
      await trx
        .updateTable('operations')
        .set({
          state: ending.state,
          ended_at: now(),
          ...(ending.state === 'succeeded' ? { result: toJson(ending.result) } : {}),
          ...(ending.state === 'failed' ? { failure: toJson({ ...ending.failure }) } : {}),
        })
        .where('id', '=', key.id)
        .execute();
      if (ending.state === 'succeeded') await append(trx, key, 'succeeded', {});
      else if (ending.state === 'failed') await append(trx, key, 'failed', { ...ending.failure });
      else await append(trx, key, 'aborted', { reason: ending.reason });
    },
  };
}

async function insertLog(trx: Trx, operationId: string, time: number, text: string): Promise<void> {
  const newest = await trx
    .selectFrom('operation_log')
    .select((expression) => expression.fn.max('sequence').as('sequence'))
    .where('operation_id', '=', operationId)
    .executeTakeFirst();
  // An aggregate may arrive as text from PostgreSQL.
  const sequence = Number(newest?.sequence ?? 0) + 1;
  await trx.insertInto('operation_log').values({ operation_id: operationId, sequence, time, text }).execute();
}
