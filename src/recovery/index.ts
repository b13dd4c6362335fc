/**
 * Keeps deployed machines alive: hears their heartbeats, looks at the screens of those that fall silent, finds the rule
 * that fits, heals by its playbook, verifies, and writes down the film.
 */
export type { WatchedMachine } from './heartbeats/tracker.ts';
export { type IncidentOutcome, type IncidentSignal, type IncidentState, incidentStates } from './incidents/incident.ts';
export type { Observation, StoredReading } from './observations/observation.ts';
export type { Playbook, PlaybookStep, Rule, RuleSet, RuleTest, ScreenCondition, SourcePlace } from './rules/rule.ts';
