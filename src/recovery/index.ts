/**
 * Keeps deployed machines alive: hears their heartbeats, looks at the screens of those that fall silent, finds the rule
 * that fits, heals by its playbook, verifies, and writes down the film.
 */
export {
  defaultTiming,
  type HealEnvironment,
  type HealTiming,
} from './heal/environment.ts';
export type { HealMachineInput } from './heal/heal-input.ts';
export { healMachine } from './heal/heal-machine.ts';
export {
  type AgentView,
  createHeartbeats,
  type Heartbeats,
  type HeartbeatsOptions,
  type LastBeat,
} from './heartbeats/heartbeats.ts';
export { defaultOutageSettings, type OutageSettings } from './heartbeats/outage.ts';
export type { HeartbeatSettings, WatchedMachine } from './heartbeats/tracker.ts';
export {
  createHealHooks,
  type HealHooks,
  type HealHooksOptions,
  type HealKey,
} from './incidents/heal-hooks.ts';
export { type IncidentOutcome, type IncidentSignal, type IncidentState, incidentStates } from './incidents/incident.ts';
export {
  getIncident,
  type IncidentDetail,
  type IncidentFilter,
  type IncidentView,
  listIncidents,
  listOutages,
  type MachineIncident,
  openIncidentOf,
  type OutageView,
} from './incidents/read.ts';
export type { TimelineEntry } from './incidents/timeline.ts';
export type { Look, Observation, PowerSeen, StoredReading } from './observations/observation.ts';
export { dropOldFilms, frameOf, type StoredFrame } from './observations/observation-store.ts';
export {
  createObserver,
  type FrameSource,
  type Observed,
  type Observer,
  type ObserverOptions,
} from './observations/observer.ts';
export { createRecovery, type Recovery } from './recovery.ts';
export { applyRules, type CurrentRules, currentRules } from './rule-sets/rule-sets.ts';
export type { CompiledRules, RuleMatch } from './rules/compile.ts';
export { type RuleFinding, RulesError } from './rules/findings.ts';
export { parseRuleFiles, type RuleFile } from './rules/parse.ts';
export { type ReadFrameLines, testRules, type RuleTestResult } from './rules/rule-tests.ts';
export type { Playbook, PlaybookStep, Rule, RuleSet, RuleTest, ScreenCondition, SourcePlace } from './rules/rule.ts';
export type { RecoveryOptions, RecoverySettings } from './watch/ports.ts';
