/**
 * The one place where a machine's state changes: checked against the state table, counted, and written down as an event
 * in the same transaction.
 */
import type { Transaction } from 'kysely';
import { z } from 'zod';
import { AthanorError } from '../errors/index.ts';
import type { OperationFailure } from '../operation/index.ts';
import { type Database, fromJson, type Row, type Store, toJson } from '../store/index.ts';
import { leadsTo, type MachineState, offeredVerbs, offerInWords, parseMachineState } from './states.ts';

const machineFailure = z.object({
  operation: z.string().nullable(),
  step: z.string(),
  code: z.string(),
  message: z.string(),
  remedy: z.string(),
  /** The safe next verbs. */
  verbs: z.array(z.string()),
  time: z.number(),
});

/** Why a machine is in `failed`, and what a person may do about it. */
export type MachineFailure = z.infer<typeof machineFailure>;

export interface Move {
  machineId: string;
  to: MachineState;
  operationId: string | null;
  /** Why, for the history. */
  reason: string;
  failure?: OperationFailure;
}

export function stateOf(machine: Pick<Row<'machines'>, 'id' | 'state'>): MachineState {
  const state = parseMachineState(machine.state);
  if (state === undefined)
    throw new AthanorError('internal', `machine ${machine.id} is in the unknown state ${machine.state}`);
  return state;
}

export function failureOf(machine: Row<'machines'>): MachineFailure | null {
  return machine.failure === null ? null : fromJson(machineFailure, machine.failure, 'machines.failure');
}

/**
 * Move a machine to another state inside the caller's transaction.
 *
 * @throws AthanorError `state-forbids` when the table has no such edge
 */
export async function moveMachine(
  store: Store,
  trx: Transaction<Database>,
  now: number,
  { machineId, to, operationId, reason, failure }: Move,
): Promise<void> {
  const machine = await trx.selectFrom('machines').selectAll().where('id', '=', machineId).executeTakeFirst();
  if (machine === undefined) throw new AthanorError('not-found', `there is no machine ${machineId}`);
  const from = stateOf(machine);
  if (!leadsTo(from, to))
    throw new AthanorError(
      'state-forbids',
      `machine ${machine.name ?? machineId} is ${from}, which does not lead to ${to}`,
      {
        field: 'state',
        value: from,
        remedy: offerInWords(from),
      },
    );
  const why: MachineFailure | null =
    failure === undefined
      ? null
      : {
          operation: operationId,
          step: failure.step,
          code: failure.code,
          message: failure.message,
          remedy: failure.remedy,
          verbs: offeredVerbs(to),
          time: now,
        };
  await trx
    .updateTable('machines')
    .set({
      state: to,
      state_since: now,
      failure: why === null ? null : toJson(why),
      revision: machine.revision + 1,
      updated_at: now,
    })
    .where('id', '=', machineId)
    .execute();
  await store.events.appendEvent(trx, {
    kind: 'machine.state',
    subject: { kind: 'machine', id: machineId },
    operationId,
    data: {
      machine: machine.name,
      from,
      to,
      reason,
      ...(why === null
        ? {}
        : { failure: { step: why.step, code: why.code, message: why.message, remedy: why.remedy } }),
    },
  });
}
