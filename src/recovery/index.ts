/**
 * Keeps deployed machines alive: hears their heartbeats, looks at the screens of those that fall silent, finds the rule
 * that fits, heals by its playbook, verifies, and writes down the film.
 */
export type { WatchedMachine } from './heartbeats/tracker.ts';
export { type IncidentOutcome, type IncidentSignal, type IncidentState, incidentStates } from './incidents/incident.ts';
export type { Observation, StoredReading } from './observations/observation.ts';
export { type CompiledRules, compileRules, type RuleMatch } from './rules/compile.ts';
export { describeRuleFinding, type RuleFinding, RulesError } from './rules/findings.ts';
export { parseRuleFiles, type RuleFile } from './rules/parse.ts';
export { screenFits } from './rules/pattern.ts';
export { type ReadFrameLines, testRules, type RuleTestResult } from './rules/rule-tests.ts';
export type { Playbook, PlaybookStep, Rule, RuleSet, RuleTest, ScreenCondition, SourcePlace } from './rules/rule.ts';
