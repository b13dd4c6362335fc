/** How often a rule was tried on a machine: counted from the operations themselves, so that no restart forgets one. */
import type { Transaction } from 'kysely';
import { z } from 'zod';
import { HEAL_MACHINE } from '../../machine/index.ts';
import { type Database, parseJson, type Row } from '../../store/index.ts';
import { spanInWords } from './in-words.ts';

/** The part of a heal operation's input that is counted by; an input of an older version that lacks it is nobody's try. */
const counted = z.object({
  rule: z.object({ name: z.string(), attempts: z.object({ most: z.number(), withinMs: z.number() }) }),
});

export type TriedRule = z.infer<typeof counted>['rule'];

/** Which rule a heal operation carries, or undefined. */
export function ruleOfInput(input: string): TriedRule | undefined {
  return counted.safeParse(parseJson(input, 'operations.input')).data?.rule;
}

/** The first step of every heal: it only asks the BMC. */
const asked = z.object({ step: z.literal('confirm-bmc') });

/** The BMC did not answer, so nothing was tried: it costs no attempt, or a BMC's minute of silence would cost them all. */
const wasInVain = ({ state, failure }: Pick<Row<'operations'>, 'state' | 'failure'>): boolean =>
  state === 'failed' && failure !== null && asked.safeParse(parseJson(failure, 'operations.failure')).success;

/** Heal operations of this rule on this machine that were accepted within its span of time, without those in vain. */
export async function countAttempts(
  trx: Transaction<Database>,
  machineId: string,
  rule: Pick<TriedRule, 'name' | 'attempts'>,
  now: number,
): Promise<number> {
  const rows = await trx
    .selectFrom('operations')
    .select(['input', 'state', 'failure'])
    .where('machine_id', '=', machineId)
    .where('kind', '=', HEAL_MACHINE)
    .where('created_at', '>', now - rule.attempts.withinMs)
    .execute();
  return rows.filter((row) => !wasInVain(row) && ruleOfInput(row.input)?.name === rule.name).length;
}

/** Why a rule that fits is not tried again. */
export function tiredInWords(rule: { name: string; attempts: { withinMs: number } }, tried: number): string {
  return `the rule ${rule.name} was tried ${tried} ${tried === 1 ? 'time' : 'times'} within ${spanInWords(rule.attempts.withinMs)}`;
}
