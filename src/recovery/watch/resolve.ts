/** The ends of an incident that no heal brings about: the machine is back, or it is not watched any more. */
import type { Transaction } from 'kysely';
import type { Database } from '../../store/index.ts';
import type { IncidentState } from '../incidents/incident.ts';
import { incidentStateOf } from '../incidents/states.ts';
import { createIncidents } from '../incidents/transition.ts';
import { conditionsOf, type MachineConditions, notWatched } from './conditions.ts';
import type { Surroundings } from './ports.ts';

type Trx = Transaction<Database>;

/** A machine that a heal left `failed`, and that is heard again, runs what was deployed. */
async function mendInside(around: Surroundings, trx: Trx, conditions: MachineConditions, why: string): Promise<void> {
  if (!conditions.failedByHeal || conditions.operation !== null) return;
  const { machineId } = conditions;
  await around.machines.begin(trx, machineId, null, why);
  await around.machines.end(trx, machineId, { to: 'active', operationId: null, reason: why });
}

/**
 * The machine was heard again: ends its incident, unless an operation heals it and will end it.
 *
 * @returns the state it is in afterwards
 */
export async function resolveReturned(
  around: Surroundings,
  incidentId: string,
  machineId: string,
): Promise<IncidentState> {
  const { store, now } = around;
  return await store.transaction(async (trx) => {
    const conditions = (await conditionsOf(trx, [machineId])).get(machineId);
    const incident = conditions?.incident;
    if (conditions === undefined || incident?.id !== incidentId) return 'resolved';
    const state = incidentStateOf(incident.state);
    if (state === 'healing') return state;
    const reason = 'its heartbeat is back';
    await mendInside(around, trx, conditions, reason);
    await createIncidents(store, now).change(trx, { incidentId, to: 'resolved', outcome: 'returned', reason });
    return 'resolved';
  });
}

/**
 * The machine is in maintenance, switched off on purpose, or is being made something else: ends its incident. One that an
 * operation heals ends with that operation.
 *
 * @returns whether it is over
 */
export async function withdraw(around: Surroundings, incidentId: string, machineId: string): Promise<boolean> {
  const { store, now } = around;
  return await store.transaction(async (trx) => {
    const conditions = (await conditionsOf(trx, [machineId])).get(machineId);
    const incident = conditions?.incident;
    if (conditions === undefined || incident?.id !== incidentId) return true;
    const reason = notWatched(conditions);
    if (reason === undefined || incident.state === 'healing') return false;
    await createIncidents(store, now).change(trx, { incidentId, to: 'resolved', outcome: 'withdrawn', reason });
    return true;
  });
}

/** A machine that a heal left `failed` has no incident any more (it was withdrawn) and is heard: it is active again. */
export async function mendHeard(around: Surroundings, machineId: string): Promise<void> {
  await around.store.transaction(async (trx) => {
    const conditions = (await conditionsOf(trx, [machineId])).get(machineId);
    if (conditions === undefined || conditions.incident !== null || notWatched(conditions) !== undefined) return;
    await mendInside(around, trx, conditions, 'its heartbeat is back');
  });
}

/**
 * An incident whose operation ended without telling it (a version that did not understand it, a refused ending) has no one
 * who would end it: a person is asked.
 */
export async function settleOrphan(around: Surroundings, incidentId: string, machineId: string): Promise<void> {
  const { store, machines, now } = around;
  await store.transaction(async (trx) => {
    const conditions = (await conditionsOf(trx, [machineId])).get(machineId);
    const incident = conditions?.incident;
    if (conditions === undefined || incident?.id !== incidentId || incident.state !== 'healing') return;
    if (conditions.operation !== null) return;
    const reason = 'its heal operation ended without a word';
    const operationId = incident.operation_id;
    if (conditions.state === 'recovering')
      await machines.end(trx, machineId, {
        to: 'failed',
        operationId,
        reason,
        failure: {
          step: 'end',
          code: 'internal',
          message: reason,
          remedy: "Look at the operation's log and at the machine.",
        },
      });
    await createIncidents(store, now).change(trx, { incidentId, to: 'escalated', reason });
  });
}
