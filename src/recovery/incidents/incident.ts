/** One machine's failure episode, from the first signal to its end. */

/**
 * - `open`: being looked at, or waiting to be.
 * - `healing`: a playbook runs.
 * - `held`: part of an outage; automation keeps its hands off.
 * - `escalated`: a person is needed; it is still looked at now and then.
 * - `resolved`: the machine is back.
 */
export const incidentStates = ['open', 'healing', 'held', 'escalated', 'resolved'] as const;
export type IncidentState = (typeof incidentStates)[number];

/** What began it. */
export type IncidentSignal = 'heartbeat-missed';

/** `healed`: a playbook brought it back. `returned`: it came back by itself or by a person. `withdrawn`: it is no longer watched. */
export type IncidentOutcome = 'healed' | 'returned' | 'withdrawn';
