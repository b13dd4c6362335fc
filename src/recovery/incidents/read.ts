/** Incidents and outages as people and programs see them. Times are milliseconds since 1970 UTC. Few queries, however many there are. */
import { AthanorError } from '../../errors/index.ts';
import { type Event, MAX_EVENT_PAGE, type Row, type Store } from '../../store/index.ts';
import type { Observation } from '../observations/observation.ts';
import { observationsOf } from '../observations/observation-store.ts';
import type { IncidentState } from './incident.ts';
import { incidentStateOf } from './states.ts';
import { operationKinds, type TimelineEntry, timelineOf } from './timeline.ts';

export interface IncidentView {
  id: string;
  /** The machine's id. */
  machine: string;
  machineName: string | null;
  state: IncidentState;
  signal: string;
  /** The last heartbeat. */
  silentSince: number;
  openedAt: number;
  resolvedAt: number | null;
  outage: string | null;
  rule: string | null;
  operation: string | null;
  attempts: number;
  firstActionAt: number | null;
  reason: string | null;
  outcome: string | null;
}

export interface IncidentDetail extends IncidentView {
  /** In the order of time. */
  timeline: TimelineEntry[];
  observations: Observation[];
}

export interface OutageView {
  id: string;
  openedAt: number;
  resolvedAt: number | null;
  machines: number;
  watched: number;
}

export interface IncidentFilter {
  /** `open`: all that are not resolved. */
  state: 'open' | 'resolved' | 'all';
  /** At most this many; 1000 when left out. */
  limit?: number | undefined;
}

const defaultLimit = 1_000;
/** Events of its beginning that a film has, however long it is. */
const beginning = 100;

function viewOf(row: Row<'incidents'> & { machine_name: string | null }): IncidentView {
  return {
    id: row.id,
    machine: row.machine_id,
    machineName: row.machine_name,
    state: incidentStateOf(row.state),
    signal: row.signal,
    silentSince: row.silent_since,
    openedAt: row.opened_at,
    resolvedAt: row.resolved_at,
    outage: row.outage_id,
    rule: row.rule,
    operation: row.operation_id,
    attempts: row.attempts,
    firstActionAt: row.first_action_at,
    reason: row.reason,
    outcome: row.outcome,
  };
}

function withMachines(store: Store) {
  return store.db
    .selectFrom('incidents')
    .innerJoin('machines', 'machines.id', 'incidents.machine_id')
    .selectAll('incidents')
    .select('machines.name as machine_name');
}

/** The newest first. */
export async function listIncidents(
  store: Store,
  { state, limit = defaultLimit }: IncidentFilter,
): Promise<IncidentView[]> {
  let query = withMachines(store);
  if (state === 'open') query = query.where('incidents.state', '!=', 'resolved');
  if (state === 'resolved') query = query.where('incidents.state', '=', 'resolved');
  const rows = await query
    .orderBy('incidents.opened_at', 'desc')
    .orderBy('incidents.id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(viewOf);
}

/**
 * One with its film.
 *
 * @throws AthanorError `not-found`
 */
export async function getIncident(store: Store, id: string): Promise<IncidentDetail> {
  const row = await withMachines(store).where('incidents.id', '=', id).executeTakeFirst();
  if (row === undefined)
    throw new AthanorError('not-found', `there is no incident ${id}`, { field: 'incident', value: id });
  const own = await ownEvents(store, id);
  const events = [...own, ...(await operationEvents(store, row.machine_id, own))].toSorted(
    (a, b) => a.sequence - b.sequence,
  );
  const observations = await observationsOf(store, id);
  return { ...viewOf(row), timeline: timelineOf(events, observations), observations };
}

/** How it began, and what happened last: a machine whose screen keeps changing tells of it for as long as it is ill. */
async function ownEvents({ events }: Store, id: string): Promise<Event[]> {
  const subject = { kind: 'incident', id };
  const first = await events.listEvents({ after: 0, limit: beginning, subject });
  const after = first.at(-1)?.sequence ?? 0;
  return [...first, ...(await events.listEvents({ after, limit: MAX_EVENT_PAGE, subject, newest: true }))];
}

/** What the incident's operations told, found by their machine, which the history is indexed by. */
async function operationEvents({ events }: Store, machineId: string, own: readonly Event[]): Promise<Event[]> {
  const [first] = own;
  const operationIds = [...new Set(own.flatMap(({ operationId }) => (operationId === null ? [] : [operationId])))];
  if (first === undefined || operationIds.length === 0) return [];
  return await events.listEvents({
    after: first.sequence,
    limit: MAX_EVENT_PAGE,
    subject: { kind: 'machine', id: machineId },
    operationIds,
    kinds: operationKinds,
    newest: true,
  });
}

/** The newest first. */
export async function listOutages(store: Store, limit: number = defaultLimit): Promise<OutageView[]> {
  const rows = await store.db
    .selectFrom('outages')
    .selectAll()
    .orderBy('opened_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    openedAt: row.opened_at,
    resolvedAt: row.resolved_at,
    machines: row.machines,
    watched: row.watched,
  }));
}

/** What a machine's view says of its incident. */
export interface MachineIncident {
  id: string;
  state: IncidentState;
  reason: string | null;
}

/** The incidents that are not resolved, by their machines' ids; of these machines only, when they are named. */
export async function openIncidentOf(
  store: Store,
  machineIds?: readonly string[],
): Promise<Map<string, MachineIncident>> {
  let query = store.db
    .selectFrom('incidents')
    .select(['id', 'machine_id', 'state', 'reason'])
    .where('state', '!=', 'resolved');
  // A long list is not worth a long query: few machines have an incident.
  if (machineIds !== undefined && machineIds.length <= 100) {
    if (machineIds.length === 0) return new Map();
    query = query.where('machine_id', 'in', machineIds);
  }
  const rows = await query.execute();
  return new Map(
    rows.map((row) => [row.machine_id, { id: row.id, state: incidentStateOf(row.state), reason: row.reason }]),
  );
}
