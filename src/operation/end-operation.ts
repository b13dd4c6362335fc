/** The end of an operation: its row, its event and what the end means for the machine, all in one transaction. */
import { AthanorError } from '../errors/index.ts';
import type { Ending, Trx } from './journal.ts';
import { type OperationRun, type Surroundings, describeFailure } from './operation-run.ts';

type EndedRun = Pick<OperationRun, 'row' | 'definition' | 'context'>;

/**
 * Ends the operation. An abort that was asked for before the last step ended wins over success. An AthanorError of a hook
 * never keeps an operation open: success becomes failure, and a refusing onFailed or onAborted is left out, loudly. Any other
 * error rolls back and rejects, so that the end is tried again.
 */
export async function endOperation(around: Surroundings, run: EndedRun, ending: Ending): Promise<void> {
  try {
    await around.store.transaction((trx) => endWithHook(around, trx, run, ending));
  } catch (error) {
    if (!(error instanceof AthanorError) || error.code === 'internal' || error.code === 'database-failed') throw error;
    around.logger.error(
      { err: error, operation: run.row.id, ending: ending.state },
      'the end of an operation was refused',
    );
    if (ending.state === 'succeeded') {
      await endOperation(around, run, { state: 'failed', failure: describeFailure('end', error) });
    } else {
      await around.journal.appendLog(run.row.id, `end: ${error.message} ${error.remedy}`);
      await around.store.transaction(async (trx) => {
        if (await isOpen(around, trx, run)) await around.journal.end(trx, run.row, ending);
      });
    }
  }
}

async function isOpen(around: Surroundings, trx: Trx, run: EndedRun): Promise<boolean> {
  const row = await around.journal.find(trx, run.row.id);
  return row !== undefined && row.ended_at === null;
}

async function endWithHook(around: Surroundings, trx: Trx, run: EndedRun, wanted: Ending): Promise<void> {
  const row = await around.journal.find(trx, run.row.id);
  if (row === undefined || row.ended_at !== null) return;
  const ending: Ending =
    wanted.state === 'succeeded' && row.abort_requested_at !== null
      ? { state: 'aborted', reason: row.abort_reason ?? 'no reason given' }
      : wanted;
  await around.journal.end(trx, run.row, ending);
  if (ending.state === 'succeeded') await run.definition.onSucceeded(trx, run.context);
  else if (ending.state === 'failed') await run.definition.onFailed(trx, run.context, ending.failure);
  else await run.definition.onAborted(trx, run.context, ending.reason);
}
