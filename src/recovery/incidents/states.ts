/** The life of an incident as one literal table: state → what it means, where it leads, and what tells of it. */
import { AthanorError } from '../../errors/index.ts';
import { incidentStates, type IncidentState } from './incident.ts';

export interface IncidentRow {
  /** One line for people. */
  meaning: string;
  next: readonly IncidentState[];
  /** The event of a change to this state. An incident that begins is told of by `incident.opened` before it. */
  event: `incident.${string}`;
  /** May automation act on the machine? */
  automation: boolean;
}

export const incidentTable: Readonly<Record<IncidentState, IncidentRow>> = {
  open: {
    meaning: 'being looked at, or waiting to be',
    next: ['healing', 'held', 'escalated', 'resolved'],
    event: 'incident.reopened',
    automation: true,
  },
  healing: {
    meaning: 'a playbook runs',
    // It leaves with the end of its operation, in the same transaction.
    next: ['open', 'escalated', 'resolved'],
    event: 'incident.matched',
    automation: true,
  },
  held: {
    meaning: 'part of an outage; automation keeps its hands off',
    next: ['open', 'resolved'],
    event: 'incident.held',
    automation: false,
  },
  escalated: {
    meaning: 'a person is needed; it is still looked at now and then',
    // Again escalated: for another reason.
    next: ['escalated', 'open', 'healing', 'held', 'resolved'],
    event: 'incident.escalated',
    automation: true,
  },
  resolved: { meaning: 'over', next: [], event: 'incident.resolved', automation: false },
};

/** May an incident go from one state to the other? */
export function incidentLeadsTo(from: IncidentState, to: IncidentState): boolean {
  return incidentTable[from].next.includes(to);
}

/** May it be looked at, and healed when a rule fits? */
export function isLookedAt(state: IncidentState): boolean {
  return state === 'open' || state === 'escalated';
}

/** The text of the column as a state. */
export function incidentStateOf(text: string): IncidentState {
  const state = incidentStates.find((known) => known === text);
  if (state === undefined) throw new AthanorError('internal', `an incident is in the unknown state ${text}`);
  return state;
}
