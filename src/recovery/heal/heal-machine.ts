/**
 * Heal: one playbook on one machine, each action decided on what the screen shows at that moment.
 *
 * What a dead process (`kill -9`), a shutdown or an abort leaves at each checkpoint, and what the next process does. An
 * action is written down (`incident.action`) and committed directly before it is done; that line, not the step's intent,
 * tells whether it may have been done.
 *
 * | step        | checkpoint              | done to the machine         | afterwards                                                       |
 * | ----------- | ----------------------- | --------------------------- | ---------------------------------------------------------------- |
 * | confirm-bmc | any                     | nothing                     | the BMC is asked again                                           |
 * | power       | begin, intent           | nothing, no line            | reads, looks, asks leave, acts                                   |
 * | power       | line, verb not sent     | nothing                     | reads back for 10 s; `outcome-unknown`, never sent again         |
 * | power       | line, verb under way    | once, or nothing            | reads back: as wanted → done, else `outcome-unknown`             |
 * | power       | effect                  | once                        | reads back → done                                                |
 * | power       | done                    | once                        | next step                                                        |
 * | keys        | begin, intent           | nothing, no line            | looks, asks leave, types                                         |
 * | keys        | line, typing under way  | some, all or no keys        | `see` seen within its time → done, else `not-seen`; never typed  |
 * | keys        | effect                  | once                        | the same; `see` was seen already and mostly is again             |
 * | keys        | done                    | once                        | next step                                                        |
 * | wait        | begin, intent, effect   | nothing                     | waits again, its time begins anew; a heartbeat once heard counts |
 * | end         |                         | nothing                     | the end is written in one transaction, once                      |
 *
 * Power found as wanted without a line of ours was switched by somebody else: `power-off` is done then without an action,
 * and `power-on` after it refuses to undo it (`screen-changed`).
 */
import type { OperationDefinition, OperationStep } from '../../operation/index.ts';
import { HEAL_MACHINE, stateTable } from '../../machine/index.ts';
import { type HealEnvironment, keyOf } from './environment.ts';
import { type HealMachineInput, healMachineInput } from './heal-input.ts';
import { keysStep } from './keys-action.ts';
import { type PlannedStep, planOf } from './plan.ts';
import { powerStep } from './power-action.ts';
import { waitForHeartbeatStep, waitForScreenStep } from './waits.ts';

export function healMachine(environment: HealEnvironment): OperationDefinition<HealMachineInput> {
  const { ends } = environment;
  return {
    kind: HEAL_MACHINE,
    parseInput: (value) => healMachineInput.parse(value),
    deadlineMs: stateTable.recovering.waiting?.deadlineMs ?? 0,
    steps: [environment.confirmBmc],
    stepsFrom: ({ rule, playbook }) => planOf(rule, playbook).map((planned) => stepOf(environment, planned)),
    onSucceeded: async (trx, context) => await ends.succeeded(trx, keyOf(context)),
    onFailed: async (trx, context, failure) => await ends.failed(trx, keyOf(context), failure),
    onAborted: async (trx, context, reason) => await ends.aborted(trx, keyOf(context), reason),
  };
}

function stepOf(environment: HealEnvironment, planned: PlannedStep): OperationStep<HealMachineInput> {
  switch (planned.action) {
    case 'power':
      return powerStep(environment, planned);
    case 'keys':
      return keysStep(environment, planned);
    case 'wait-for-screen':
      return waitForScreenStep(environment, planned);
    case 'wait-for-heartbeat':
      return waitForHeartbeatStep(environment, planned);
  }
}
