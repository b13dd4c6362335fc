/** A rule fits: operation, machine and incident change together, or none of them does. */
import type { Transaction } from 'kysely';
import { HEAL_MACHINE } from '../../machine/index.ts';
import { type Database, parseJson } from '../../store/index.ts';
import { countAttempts, tiredInWords } from '../incidents/heal-attempts.ts';
import { incidentStateOf, isLookedAt } from '../incidents/states.ts';
import { createIncidents } from '../incidents/transition.ts';
import type { RuleMatch } from '../rules/compile.ts';
import { screenFits } from '../rules/pattern.ts';
import { conditionsOf, notWatched } from './conditions.ts';
import type { Surroundings } from './ports.ts';

type Trx = Transaction<Database>;

export type HealStart =
  | { kind: 'started'; operationId: string }
  /** As many machines are being healed as may be at a time. */
  | { kind: 'full' }
  /** The rule was tried as often as it may be. */
  | { kind: 'tired'; reason: string }
  /** What was decided on is not so any more. */
  | { kind: 'moot' };

export interface Decision {
  incidentId: string;
  machineId: string;
  /** What it was decided on. */
  observation: { id: string; lines: readonly string[] };
  match: RuleMatch;
}

/** Heal operations that have not ended. */
async function countHeals(trx: Trx): Promise<number> {
  const { count } = await trx
    .selectFrom('operations')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('kind', '=', HEAL_MACHINE)
    .where('state', 'in', ['queued', 'running'])
    .executeTakeFirstOrThrow();
  return Number(count);
}

const mostLines = 10;

/** The lines that a rule was found in, for people: those that one of its patterns fits alone. */
function matchedLines(patterns: readonly string[], lines: readonly string[]): string[] {
  const fits = (line: string): boolean => patterns.some((pattern) => screenFits({ all: [pattern], none: [] }, [line]));
  return lines.filter(fits).slice(0, mostLines);
}

/** Ask again under the transaction's lock whether all still holds, then begin. The caller dispatches the operation. */
export async function startHeal(around: Surroundings, trx: Trx, decision: Decision): Promise<HealStart> {
  const { store, operations, machines, now, settings } = around;
  const { incidentId, machineId, observation, match } = decision;
  const { rule, playbook, others } = match;
  const conditions = (await conditionsOf(trx, [machineId])).get(machineId);
  const incident = conditions?.incident ?? null;
  const holds =
    conditions !== undefined &&
    incident?.id === incidentId &&
    isLookedAt(incidentStateOf(incident.state)) &&
    conditions.operation === null &&
    conditions.state !== 'recovering' &&
    notWatched(conditions) === undefined;
  if (!holds) return { kind: 'moot' };
  const tried = await countAttempts(trx, machineId, rule, now());
  if (tried >= rule.attempts.most) return { kind: 'tired', reason: tiredInWords(rule, tried) };
  if ((await countHeals(trx)) >= settings.concurrentHeals) return { kind: 'full' };

  // Pinned whole: rules that are applied later change nothing under way.
  const input = parseJson(
    JSON.stringify({ incident: incidentId, rule, playbook, observation: observation.id }),
    'operations.input',
  );
  const operationId = await operations.startIn(trx, HEAL_MACHINE, machineId, input);
  await machines.begin(trx, machineId, operationId, `the rule ${rule.name} fits what its screen shows`);
  await createIncidents(store, now).change(trx, {
    incidentId,
    to: 'healing',
    reason: null,
    rule: rule.name,
    operationId,
    data: {
      playbook: playbook.name,
      observation: observation.id,
      lines: matchedLines(rule.when.screen.all, observation.lines),
      ...(others.length === 0 ? {} : { others }),
    },
  });
  return { kind: 'started', operationId };
}
