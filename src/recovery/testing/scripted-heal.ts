/** A heal that does nothing by itself, with the real ends. */
import { HEAL_MACHINE } from '../../machine/index.ts';
import type { OperationDefinition } from '../../operation/index.ts';
import { healMachineInput } from '../heal/heal-input.ts';
import type { HealHooks } from '../incidents/heal-hooks.ts';

export function healDefinition(hooks: HealHooks): OperationDefinition {
  const keyOf = (context: { operationId: string; machineId: string | null; input: unknown }) => ({
    incidentId: healMachineInput.parse(context.input).incident,
    machineId: context.machineId ?? '',
    operationId: context.operationId,
  });
  return {
    kind: HEAL_MACHINE,
    parseInput: (value) => healMachineInput.parse(value),
    deadlineMs: 3_600_000,
    steps: [{ name: 'confirm-bmc', deadlineMs: 1_000, run: () => Promise.resolve({}) }],
    onSucceeded: async (trx, context) => await hooks.succeeded(trx, keyOf(context)),
    onFailed: async (trx, context, why) => await hooks.failed(trx, keyOf(context), why),
    onAborted: async (trx, context, reason) => await hooks.aborted(trx, keyOf(context), reason),
  };
}
