/**
 * A machine that a playbook works on: into `recovering` and out of it, in the caller's transaction, so that the incident, the
 * operation and the machine always say the same.
 */
import type { Transaction } from 'kysely';
import type { OperationFailure } from '../operation/index.ts';
import type { Database, Store } from '../store/index.ts';
import { moveMachine } from './transition.ts';

/** Of the heal operation: a machine that it left `failed` has its system on its disk, and boots that. */
export const HEAL_MACHINE = 'heal-machine';

export interface RecoveringMoves {
  /** `active` or `failed` → `recovering`. Throws `state-forbids` from any other state. */
  begin(trx: Transaction<Database>, machineId: string, operationId: string | null, reason: string): Promise<void>;
  /** `recovering` → `active`, or `failed` with what failed. */
  end(
    trx: Transaction<Database>,
    machineId: string,
    ending: { to: 'active' | 'failed'; operationId: string | null; reason: string; failure?: OperationFailure },
  ): Promise<void>;
}

/** @param now milliseconds since 1970 */
export function createRecoveringMoves(store: Store, now: () => number): RecoveringMoves {
  return {
    begin: async (trx, machineId, operationId, reason) =>
      await moveMachine(store, trx, now(), { machineId, to: 'recovering', operationId, reason }),
    end: async (trx, machineId, { to, operationId, reason, failure }) =>
      await moveMachine(store, trx, now(), {
        machineId,
        to,
        operationId,
        reason,
        ...(failure === undefined ? {} : { failure }),
      }),
  };
}
