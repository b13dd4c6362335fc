/**
 * What an operation did to its machine, written down (`incident.action`) and committed directly before it is done. So
 * after any crash: an action that is not written down was not done, and one that is may have been, and is never repeated.
 */
import type { Kysely } from 'kysely';
import { z } from 'zod';
import { type Database, fromJson, type Store } from '../../store/index.ts';
import { createIncidents } from '../incidents/transition.ts';
import { actionEvent } from '../observations/observation-store.ts';
import type { HealKey } from '../incidents/heal-hooks.ts';

export const healActions = ['power off', 'power on', 'keys'] as const;
export type HealAction = (typeof healActions)[number];

const actionData = z.object({
  step: z.string(),
  action: z.enum(healActions),
  observation: z.string(),
  bootId: z.string().nullable(),
  at: z.number(),
});

export interface ActionDone {
  step: string;
  action: HealAction;
  /** What it was decided on. */
  observation: string;
  /** The boot that the machine was last heard from. */
  bootId: string | null;
  /** Milliseconds since 1970: directly before it was done. */
  at: number;
}

/** In order. */
export async function actionsOf(
  executor: Kysely<Database>,
  { incidentId, operationId }: Pick<HealKey, 'incidentId' | 'operationId'>,
): Promise<ActionDone[]> {
  const rows = await executor
    .selectFrom('events')
    .select('data')
    .where('subject_kind', '=', 'incident')
    .where('subject_id', '=', incidentId)
    .where('kind', '=', actionEvent)
    .where('operation_id', '=', operationId)
    .orderBy('sequence')
    .execute();
  return rows.map(({ data }) => fromJson(actionData, data, 'events.data'));
}

/** Writes an action down, and with it the incident's first. Its transaction must have committed before the action is done. */
export async function recordAction(
  store: Store,
  trx: Parameters<ReturnType<typeof createIncidents>['acting']>[0],
  { incidentId, machineId, operationId }: HealKey,
  done: ActionDone,
): Promise<void> {
  const { step, observation } = done;
  await createIncidents(store, () => done.at).acting(trx, incidentId, operationId, { step, observation });
  await store.events.appendEvent(trx, {
    kind: actionEvent,
    subject: { kind: 'incident', id: incidentId },
    operationId,
    data: { machine: machineId, ...done },
  });
}
