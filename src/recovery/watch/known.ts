/** What the watch keeps in memory of what is not resolved, so that a heartbeat or a tick asks no database. All of it can be had again from the store. */
import type { Row } from '../../store/index.ts';
import type { WatchedMachine } from '../heartbeats/tracker.ts';
import type { IncidentState } from '../incidents/incident.ts';
import { incidentStateOf } from '../incidents/states.ts';

/** An incident that is not resolved. */
export interface KnownIncident {
  readonly id: string;
  readonly machineId: string;
  state: IncidentState;
  /** Its machine's last heartbeat when it was known first: another one says that the machine is back. Undefined: not listened for yet. */
  lastHeardAt: number | undefined;
  /** It was heard since. */
  heard: boolean;
}

/** An outage that is not over. */
export interface KnownOutage {
  readonly id: string;
  /** Monotonic time from which it is known; a silence that began soon after belongs to it. */
  readonly since: number;
  /** How many were silent when it was seen. */
  readonly machines: number;
  readonly reason: string;
  /** Machines that fell silent in it; those that are back are still of it. */
  readonly members: Set<string>;
}

export interface Known {
  /** By machine. */
  readonly incidents: Map<string, KnownIncident>;
  readonly outages: Map<string, KnownOutage>;
}

export function knownIncident(
  row: Pick<Row<'incidents'>, 'id' | 'machine_id' | 'state'>,
  watched: WatchedMachine | undefined,
): KnownIncident {
  return {
    id: row.id,
    machineId: row.machine_id,
    state: incidentStateOf(row.state),
    lastHeardAt: watched?.lastHeardAt,
    heard: false,
  };
}

export function isMissed({ silentForMs, missedAfterMs }: WatchedMachine): boolean {
  return silentForMs >= missedAfterMs;
}

/** Silent for longer than one that is well ever is, though not missed yet. */
export function isLate({ silentForMs, missedAfterMs }: WatchedMachine): boolean {
  return silentForMs >= missedAfterMs / 2;
}
