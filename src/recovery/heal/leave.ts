/**
 * Leave to act: asked in one transaction directly before each action, which also writes the action down. Whoever put the
 * machine in maintenance, aborted the operation or switched the machine off before it committed is obeyed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AthanorError } from '../../errors/index.ts';
import type { StepContext } from '../../operation/index.ts';
import { actionsOf, type HealAction, recordAction } from './actions.ts';
import { type HealEnvironment, keyOf, timingOf } from './environment.ts';
import type { HealKey } from '../incidents/heal-hooks.ts';
import type { HealMachineInput } from './heal-input.ts';
import { isOffOnPurpose } from '../off-on-purpose.ts';
import { incidentOf, isBackAfter } from './standing.ts';
import type { Transaction } from 'kysely';
import type { Database } from '../../store/index.ts';

export interface ActionRequest {
  step: string;
  action: HealAction;
  observation: string;
  /** When the look that it is decided on began. */
  lookedAt: number;
}

/** `stale`: the look is too old to decide on; look again. */
export type Leave = 'granted' | 'back' | 'stale';

export async function takeLeave(
  environment: HealEnvironment,
  context: StepContext<HealMachineInput>,
  { step, action, observation, lookedAt }: ActionRequest,
): Promise<Leave> {
  const { store, now, heartbeats } = environment;
  const key = keyOf(context);
  const leave = await store.transaction(async (trx): Promise<Leave | 'told to stop'> => {
    if ((await refuseUnlessWanted(trx, key)) === 'told to stop') return 'told to stop';
    const actions = await actionsOf(trx, key);
    if (actions.some((done) => done.step === step)) throw mayHaveActed(step);
    const { silent_since: silentSince } = await incidentOf(trx, key);
    const beat = heartbeats.lastBeat(key.machineId);
    if (isBackAfter(beat, silentSince, actions)) return 'back';
    const age = now() - lookedAt;
    // A clock that was set back says nothing about the age either.
    if (age < 0 || age > timingOf(environment).freshForMs) return 'stale';
    await recordAction(store, trx, key, { step, action, observation, bootId: beat?.bootId ?? null, at: now() });
    return 'granted';
  });
  return leave === 'told to stop' ? await stopped(context) : obeying(context, leave);
}

/** The same without writing an action down: may one that is under way go on? */
export async function mayGoOn(
  environment: HealEnvironment,
  context: StepContext<HealMachineInput>,
): Promise<'yes' | 'back'> {
  const key = keyOf(context);
  const answer = await environment.store.transaction(async (trx) => {
    if ((await refuseUnlessWanted(trx, key)) === 'told to stop') return 'told to stop';
    const { silent_since: silentSince } = await incidentOf(trx, key);
    const actions = await actionsOf(trx, key);
    return isBackAfter(environment.heartbeats.lastBeat(key.machineId), silentSince, actions) ? 'back' : 'yes';
  });
  return answer === 'told to stop' ? await stopped(context) : obeying(context, answer);
}

function obeying<T>({ signal }: StepContext<HealMachineInput>, answer: T): T {
  signal.throwIfAborted();
  return answer;
}

/** Who aborts an operation writes it down first; the signal follows. */
async function stopped({ signal }: StepContext<HealMachineInput>): Promise<never> {
  await sleep(1_000, undefined, { signal });
  throw new AthanorError('aborted', 'the operation was told to stop; nothing more is done');
}

/** An action whose result is not known is never repeated. */
export function mayHaveActed(step: string): AthanorError {
  return new AthanorError('outcome-unknown', `${step} may have acted before it was interrupted; it is not done again`, {
    field: step,
    remedy: 'Look at the machine: its power and its screen show what came of it.',
  });
}

async function refuseUnlessWanted(trx: Transaction<Database>, key: HealKey): Promise<'wanted' | 'told to stop'> {
  const operation = await trx
    .selectFrom('operations')
    .select(['ended_at', 'abort_requested_at'])
    .where('id', '=', key.operationId)
    .executeTakeFirst();
  if (operation === undefined || operation.ended_at !== null || operation.abort_requested_at !== null)
    return 'told to stop';
  const machine = await trx
    .selectFrom('machines')
    .select(['state', 'maintenance', 'off_on_purpose', 'switched_at'])
    .where('id', '=', key.machineId)
    .executeTakeFirst();
  if (machine === undefined) throw new AthanorError('not-found', `there is no machine ${key.machineId}`);
  if (machine.maintenance === 1)
    throw refusal('the machine is in maintenance', 'Take it out of maintenance when the work on it is done.');
  if (machine.state !== 'recovering')
    throw refusal(`the machine is ${machine.state} and not recovering`, 'Look at what else was asked of it.');
  const incident = await incidentOf(trx, key);
  if (isOffOnPurpose(machine, incident.silent_since))
    throw refusal('a person switched the machine off', 'Switch it on when it is wanted again.');
  if (incident.state !== 'healing' || incident.operation_id !== key.operationId)
    throw refusal(`its incident is ${incident.state}`, 'Look at the incident: somebody else took it on.');
  return 'wanted';
}

function refusal(why: string, remedy: string): AthanorError {
  return new AthanorError('state-forbids', `${why}: nothing more is done to it`, { field: 'machine', remedy });
}
