/**
 * The one place where an incident changes: checked against its table, and written down as an event in the same transaction.
 *
 * | event              | when                                                        | data besides the machine            |
 * | ------------------ | ----------------------------------------------------------- | ----------------------------------- |
 * | incident.opened    | a machine's silence was detected                            | silentSince, signal                 |
 * | incident.observed  | it was looked at, and what was seen is new                  | observation, power, text, problem   |
 * | incident.matched   | a rule fits: its playbook's operation was accepted          | rule, playbook, observation, lines  |
 * | incident.acting    | the first action of an operation on the machine begins      | step, observation                   |
 * | incident.action    | each action, directly before it is done (the heal's part)   | step, action, observation           |
 * | incident.reopened  | an operation ended without success, or its outage is over   | reason                              |
 * | incident.held      | it is part of an outage                                     | outage, reason                      |
 * | incident.escalated | a person is needed, for this reason                         | reason, rule                        |
 * | incident.resolved  | it is over                                                  | outcome, reason                     |
 */
import type { Transaction } from 'kysely';
import { AthanorError } from '../../errors/index.ts';
import type { Database, JsonValue, Row, Store } from '../../store/index.ts';
import type { IncidentOutcome, IncidentState } from './incident.ts';
import { incidentLeadsTo, incidentStateOf, incidentTable } from './states.ts';

type Trx = Transaction<Database>;

export interface NewIncident {
  machineId: string;
  /** Wall clock: the last heartbeat. */
  silentSince: number;
  /** Given, the incident begins held. */
  outage?: { id: string; reason: string } | undefined;
}

export interface IncidentChange {
  incidentId: string;
  to: IncidentState;
  /** Why, in words; null where the state says it all. */
  reason: string | null;
  rule?: string | undefined;
  operationId?: string | undefined;
  outageId?: string | undefined;
  outcome?: IncidentOutcome | undefined;
  /** More for the event. */
  data?: Record<string, JsonValue | undefined> | undefined;
}

/** Which step acts, and what it saw directly before. */
export interface ActingOn {
  step: string;
  /** The observation it was decided on, when there was one. */
  observation?: string | undefined;
}

/** Every change of an incident, each inside the caller's transaction. */
export interface Incidents {
  /** Begins one; undefined when the machine has one that is not resolved. */
  open(trx: Trx, incident: NewIncident): Promise<Row<'incidents'> | undefined>;
  /**
   * Moves one to another state.
   *
   * @throws AthanorError `conflict` when the table has no such edge
   */
  change(trx: Trx, change: IncidentChange): Promise<void>;
  /** Tells what a look at the machine showed. */
  observed(trx: Trx, incidentId: string, data: Record<string, JsonValue | undefined>): Promise<void>;
  /** The first action of this operation on the machine begins; told once for each operation. */
  acting(trx: Trx, incidentId: string, operationId: string, decided: ActingOn): Promise<void>;
}

export function createIncidents(store: Store, now: () => number): Incidents {
  async function machineName(trx: Trx, machineId: string): Promise<string | null> {
    const machine = await trx.selectFrom('machines').select('name').where('id', '=', machineId).executeTakeFirst();
    return machine?.name ?? null;
  }

  async function tell(
    trx: Trx,
    incident: Pick<Row<'incidents'>, 'id' | 'machine_id'>,
    kind: string,
    data: Record<string, JsonValue | undefined>,
    operationId?: string,
  ): Promise<void> {
    await store.events.appendEvent(trx, {
      kind,
      subject: { kind: 'incident', id: incident.id },
      operationId: operationId ?? null,
      data: { machine: incident.machine_id, machineName: await machineName(trx, incident.machine_id), ...data },
    });
  }

  async function find(trx: Trx, id: string): Promise<Row<'incidents'>> {
    const incident = await trx.selectFrom('incidents').selectAll().where('id', '=', id).executeTakeFirst();
    if (incident === undefined)
      throw new AthanorError('not-found', `there is no incident ${id}`, { field: 'incident', value: id });
    return incident;
  }

  async function change(trx: Trx, { incidentId, to, reason, ...rest }: IncidentChange): Promise<void> {
    const { rule, operationId, outageId, outcome, data } = rest;
    const before = await find(trx, incidentId);
    const from = incidentStateOf(before.state);
    if (!incidentLeadsTo(from, to))
      throw new AthanorError('conflict', `incident ${incidentId} is ${from}, which does not lead to ${to}`, {
        field: 'incident',
        value: incidentId,
      });
    const begins = to === 'healing';
    await trx
      .updateTable('incidents')
      .set({
        state: to,
        reason,
        ...(rule === undefined ? {} : { rule }),
        ...(operationId === undefined ? {} : { operation_id: operationId }),
        ...(outageId === undefined ? {} : { outage_id: outageId }),
        ...(begins ? { attempts: before.attempts + 1 } : {}),
        ...(to === 'resolved' ? { outcome: outcome ?? null, resolved_at: now() } : {}),
      })
      .where('id', '=', incidentId)
      .execute();
    const told = {
      ...(reason === null ? {} : { reason }),
      ...(rule === undefined ? {} : { rule }),
      ...(outageId === undefined ? {} : { outage: outageId }),
      ...(outcome === undefined ? {} : { outcome }),
      ...(begins ? { attempt: before.attempts + 1 } : {}),
      ...data,
    };
    await tell(trx, before, incidentTable[to].event, told, operationId);
  }

  return {
    change,
    open: async (trx, { machineId, silentSince, outage }) => {
      const other = await trx
        .selectFrom('incidents')
        .select('id')
        .where('machine_id', '=', machineId)
        .where('state', '!=', 'resolved')
        .executeTakeFirst();
      if (other !== undefined) return undefined;
      const incident = await trx
        .insertInto('incidents')
        .values({
          id: store.newId(),
          machine_id: machineId,
          state: 'open',
          signal: 'heartbeat-missed',
          silent_since: silentSince,
          opened_at: now(),
          outage_id: null,
          rule: null,
          operation_id: null,
          attempts: 0,
          first_action_at: null,
          reason: null,
          outcome: null,
          resolved_at: null,
        })
        .returningAll()
        .executeTakeFirstOrThrow();
      await tell(trx, incident, 'incident.opened', { signal: incident.signal, silentSince });
      if (outage === undefined) return incident;
      await change(trx, { incidentId: incident.id, to: 'held', reason: outage.reason, outageId: outage.id });
      return { ...incident, state: 'held', reason: outage.reason, outage_id: outage.id };
    },
    observed: async (trx, incidentId, data) => await tell(trx, await find(trx, incidentId), 'incident.observed', data),
    acting: async (trx, incidentId, operationId, { step, observation }) => {
      if (await hasActed(trx, incidentId, operationId)) return;
      const incident = await find(trx, incidentId);
      if (incident.first_action_at === null)
        await trx.updateTable('incidents').set({ first_action_at: now() }).where('id', '=', incidentId).execute();
      await tell(trx, incident, 'incident.acting', { step, observation }, operationId);
    },
  };
}

/** Did this operation begin to act on the machine? */
export async function hasActed(trx: Trx, incidentId: string, operationId: string): Promise<boolean> {
  const event = await trx
    .selectFrom('events')
    .select('sequence')
    .where('subject_kind', '=', 'incident')
    .where('subject_id', '=', incidentId)
    .where('kind', '=', 'incident.acting')
    .where('operation_id', '=', operationId)
    .executeTakeFirst();
  return event !== undefined;
}
