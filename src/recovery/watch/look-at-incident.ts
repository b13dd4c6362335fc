/** One look at the machine of an incident, and what follows from it: a heal, a person who is asked, or another look later. */
import type { Transaction } from 'kysely';
import type { Database, Row } from '../../store/index.ts';
import { incidentStateOf, isLookedAt } from '../incidents/states.ts';
import { createIncidents } from '../incidents/transition.ts';
import type { Observation } from '../observations/observation.ts';
import type { RuleMatch } from '../rules/compile.ts';
import { RulesError } from '../rules/findings.ts';
import { currentRules } from '../rule-sets/rule-sets.ts';
import { conditionsOf, notWatched } from './conditions.ts';
import type { LookResult } from './looks.ts';
import type { Surroundings } from './ports.ts';
import { withdraw } from './resolve.ts';
import { type HealStart, startHeal } from './start-heal.ts';

export interface Looker {
  /** The machine was heard since: nothing is decided any more. */
  isBack(machineId: string): boolean;
  /** What it showed when it was looked at last, as far as this process knows. */
  last: Observation | undefined;
  keepSeen(observation: Observation): void;
  signal: AbortSignal;
}

type Verdict = { match: RuleMatch } | { reason: string };

const shownLines = 5;

/** The end of the screen, for the history. */
function endOfScreen({ reading }: Observation): string | null {
  if (reading === null) return null;
  const lines = reading.lines.map((line) => line.trimEnd()).filter((line) => line !== '');
  return lines.slice(-shownLines).join('\n');
}

async function judge(around: Surroundings, observation: Observation): Promise<Verdict> {
  const { reading, power, problem } = observation;
  if (reading === null) {
    if (power === 'off') return { reason: 'its power is off, and nobody switched it off by Athanor' };
    return { reason: `its screen could not be read${problem === null ? '' : ` (${problem})`}` };
  }
  try {
    const { compiled, ruleSet } = await currentRules(around.store);
    if (ruleSet.rules.length === 0) return { reason: 'no rules are applied' };
    const match = compiled.match(reading.lines);
    return match === undefined ? { reason: 'no rule fits what its screen shows' } : { match };
  } catch (error) {
    if (!(error instanceof RulesError)) throw error;
    return { reason: 'this version of Athanor does not understand the rules in force; apply them again' };
  }
}

/** A person stopped the last heal: then nothing is begun in this incident without a person. */
async function abortedByPerson(trx: Transaction<Database>, incident: Row<'incidents'>): Promise<string | undefined> {
  if (incident.operation_id === null) return undefined;
  const operation = await trx
    .selectFrom('operations')
    .select(['state', 'abort_reason'])
    .where('id', '=', incident.operation_id)
    .executeTakeFirst();
  if (operation?.state !== 'aborted') return undefined;
  return `aborted: ${operation.abort_reason ?? 'no reason given'}`;
}

export async function lookAtIncident(around: Surroundings, incidentId: string, looker: Looker): Promise<LookResult> {
  const { store, observer, operations, logger, now } = around;
  const incidents = createIncidents(store, now);
  const before = await store.db.selectFrom('incidents').selectAll().where('id', '=', incidentId).executeTakeFirst();
  if (before === undefined || !isLookedAt(incidentStateOf(before.state))) return 'over';
  const machineId = before.machine_id;
  const conditions = (await conditionsOf(store.db, [machineId])).get(machineId);
  if (conditions === undefined) return 'over';
  if (notWatched(conditions) !== undefined) {
    await withdraw(around, incidentId, machineId);
    return 'over';
  }
  if (conditions.operation !== null) return 'again';

  const { observation, changed } = await observer.observeAgain(looker.last, machineId, incidentId, looker.signal);
  looker.keepSeen(observation);
  const verdict = await judge(around, observation);
  // What was decided too late is decided anew.
  looker.signal.throwIfAborted();

  async function escalate(trx: Transaction<Database>, reason: string, rule?: string): Promise<void> {
    const incident = await trx.selectFrom('incidents').selectAll().where('id', '=', incidentId).executeTakeFirst();
    if (incident === undefined || !isLookedAt(incidentStateOf(incident.state))) return;
    if (incident.state === 'escalated' && incident.reason === reason) return;
    await incidents.change(trx, { incidentId, to: 'escalated', reason, rule });
  }

  const outcome = await store.transaction(async (trx): Promise<HealStart | { kind: 'escalated' }> => {
    if (changed)
      await incidents.observed(trx, incidentId, {
        observation: observation.id,
        power: observation.power,
        text: endOfScreen(observation),
        ...(observation.problem === null ? {} : { problem: observation.problem }),
        ...('match' in verdict ? { rule: verdict.match.rule.name } : {}),
      });
    if (looker.isBack(machineId)) return { kind: 'moot' };
    const stopped = await abortedByPerson(trx, before);
    if (stopped !== undefined || !('match' in verdict)) {
      await escalate(trx, stopped ?? ('reason' in verdict ? verdict.reason : ''));
      return { kind: 'escalated' };
    }
    const lines = observation.reading?.lines ?? [];
    const decided = { incidentId, machineId, observation: { id: observation.id, lines }, match: verdict.match };
    const heal = await startHeal(around, trx, decided);
    if (heal.kind === 'tired') await escalate(trx, heal.reason, verdict.match.rule.name);
    return heal;
  });

  if (outcome.kind === 'full') return 'waiting';
  if (outcome.kind !== 'started') return 'again';
  // Accepted: when the engine cannot take it now, its next reconciliation does.
  await operations
    .dispatch(outcome.operationId)
    .catch((error: unknown) => logger.warn({ err: error, operation: outcome.operationId }, 'dispatch failed'));
  return 'over';
}
