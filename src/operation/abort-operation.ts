/** Abort: the wish is persisted first, so that it holds across a restart; then whoever has the operation in hand is told. */
import { AthanorError } from '../errors/index.ts';
import { endOperation } from './end-operation.ts';
import { type RunningOperation, type Surroundings, abortion, understand } from './operation-run.ts';

export interface Hands {
  readonly running: ReadonlyMap<string, RunningOperation>;
  /** Whether this process owns the engine: then what is not in `running` is in nobody's hands. */
  owned(): boolean;
}

export async function abortOperation(around: Surroundings, hands: Hands, id: string, reason: string): Promise<void> {
  const row = await around.store.transaction(async (trx) => {
    const found = await around.journal.find(trx, id);
    if (found === undefined) {
      throw new AthanorError('not-found', `there is no operation ${id}`, { field: 'operation', value: id });
    }
    if (found.ended_at !== null) {
      throw new AthanorError('conflict', `the operation has already ended as ${found.state}`, {
        field: 'operation',
        value: id,
        remedy: 'There is nothing to abort.',
      });
    }
    if (found.abort_requested_at === null) await around.journal.requestAbort(trx, found, reason);
    return found;
  });

  const wish = abortion(row.abort_reason ?? reason);
  const hand = hands.running.get(id);
  if (hand !== undefined) hand.control.abort(wish);
  else if (hands.owned() || row.state === 'queued') await endUnlessTaken(around, id, wish.message, hands);
}

/** Between our two transactions the engine may have begun it; then its runner has read the wish and ends it. */
async function endUnlessTaken(around: Surroundings, id: string, reason: string, hands: Hands): Promise<void> {
  const read = await around.store.transaction(async (trx) => ({
    row: await around.journal.find(trx, id),
    steps: await trx.selectFrom('operation_steps').selectAll().where('operation_id', '=', id).execute(),
  }));
  if (read.row === undefined || hands.running.has(id)) return;
  const understood = understand(around.definitions, read.row, read.steps);
  if ('failure' in understood) return;
  await endOperation(around, { row: read.row, ...understood }, { state: 'aborted', reason });
}
