/** How an operation on a machine ends: the machine's next state, in the transaction that ends the operation. */
import type { OperationDefinition } from '../operation/index.ts';
import { AthanorError, catalogue } from '../errors/index.ts';
import type { MachineEnvironment } from './environment.ts';
import type { MachineState } from './states.ts';
import { moveMachine } from './transition.ts';

type Endings<Input> = Pick<OperationDefinition<Input>, 'onSucceeded' | 'onFailed' | 'onAborted'>;

/** Succeeded leads to `to`; failed and aborted lead to `failed` with the step, the cause and the way out. */
export function endingsOf<Input>({ store, now }: MachineEnvironment, to: MachineState, reason: string): Endings<Input> {
  const machineOf = (machineId: string | null): string => {
    if (machineId === null) throw new AthanorError('internal', 'this operation has no machine');
    return machineId;
  };
  return {
    onSucceeded: async (trx, { machineId, operationId }) =>
      await moveMachine(store, trx, now(), { machineId: machineOf(machineId), to, operationId, reason }),
    onFailed: async (trx, { machineId, operationId }, failure) =>
      await moveMachine(store, trx, now(), {
        machineId: machineOf(machineId),
        to: 'failed',
        operationId,
        reason: failure.message,
        failure,
      }),
    onAborted: async (trx, { machineId, operationId }, why) =>
      await moveMachine(store, trx, now(), {
        machineId: machineOf(machineId),
        to: 'failed',
        operationId,
        reason: `aborted: ${why}`,
        failure: { step: 'abort', code: 'aborted', message: `aborted: ${why}`, remedy: catalogue.aborted.remedy },
      }),
  };
}
