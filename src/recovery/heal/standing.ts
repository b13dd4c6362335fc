/** Is the machine back? Then nothing more is done to it. */
import type { Kysely } from 'kysely';
import { AthanorError } from '../../errors/index.ts';
import type { StepContext, StepEvidence } from '../../operation/index.ts';
import type { Database, Row } from '../../store/index.ts';
import { type ActionDone, actionsOf } from './actions.ts';
import { type HealEnvironment, keyOf } from './environment.ts';
import type { HealKey } from '../incidents/heal-hooks.ts';
import type { HealMachineInput } from './heal-input.ts';
import type { Planned } from './plan.ts';

const WORDS = 'the machine is back';

/** How a step ends that found the machine back: it did nothing, and no later step does anything. */
export const machineIsBack: StepEvidence = { skipped: WORDS };

type Beat = NonNullable<ReturnType<HealEnvironment['heartbeats']['lastBeat']>>;

/**
 * | done so far          | the machine is back when it was heard …                                             |
 * | -------------------- | ----------------------------------------------------------------------------------- |
 * | nothing              | after the last heartbeat that the incident knows                                     |
 * | keys                 | after they were typed                                                                |
 * | power switched       | from another boot: packets of the old one may still be on their way                  |
 */
export function isBackAfter(beat: Beat | undefined, silentSince: number, actions: readonly ActionDone[]): boolean {
  if (beat === undefined) return false;
  const last = actions.at(-1);
  if (last === undefined) return beat.lastHeardAt > silentSince;
  const switched = actions.findLast(({ action }) => action !== 'keys');
  if (switched === undefined) return beat.lastHeardAt > last.at;
  if (switched.bootId !== null) return beat.bootId !== switched.bootId;
  // Nobody knows which boot it was: then only a machine that we switched on can be heard.
  return last.action !== 'power off' && beat.lastHeardAt > last.at;
}

export async function incidentOf(executor: Kysely<Database>, { incidentId }: HealKey): Promise<Row<'incidents'>> {
  const incident = await executor.selectFrom('incidents').selectAll().where('id', '=', incidentId).executeTakeFirst();
  if (incident === undefined) throw new AthanorError('not-found', `there is no incident ${incidentId}`);
  return incident;
}

/** Has an earlier step found the machine back? Then this operation is over, whatever the machine does by now. */
export function wasBack(
  context: Pick<StepContext<HealMachineInput>, 'evidenceOf'>,
  { earlier }: Pick<Planned, 'earlier'>,
): boolean {
  return earlier.some((name) => context.evidenceOf(name)?.['skipped'] === WORDS);
}

/** Asked at the beginning of each step and at each look of one that waits. */
export async function isBack(
  environment: HealEnvironment,
  context: StepContext<HealMachineInput>,
  planned: Pick<Planned, 'earlier'>,
): Promise<boolean> {
  if (wasBack(context, planned)) return true;
  const { db } = environment.store;
  const key = keyOf(context);
  const incident = await incidentOf(db, key);
  const actions = await actionsOf(db, key);
  return isBackAfter(environment.heartbeats.lastBeat(key.machineId), incident.silent_since, actions);
}
