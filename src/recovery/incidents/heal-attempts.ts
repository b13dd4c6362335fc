/** How often a rule was tried on a machine: counted from the operations themselves, so that no restart forgets one. */
import type { Transaction } from 'kysely';
import { z } from 'zod';
import { HEAL_MACHINE } from '../../machine/index.ts';
import { type Database, parseJson } from '../../store/index.ts';
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

/** Heal operations of this rule on this machine that were accepted within its span of time. */
export async function countAttempts(
  trx: Transaction<Database>,
  machineId: string,
  rule: Pick<TriedRule, 'name' | 'attempts'>,
  now: number,
): Promise<number> {
  const rows = await trx
    .selectFrom('operations')
    .select('input')
    .where('machine_id', '=', machineId)
    .where('kind', '=', HEAL_MACHINE)
    .where('created_at', '>', now - rule.attempts.withinMs)
    .execute();
  return rows.filter(({ input }) => ruleOfInput(input)?.name === rule.name).length;
}

/** Why a rule that fits is not tried again. */
export function tiredInWords(rule: { name: string; attempts: { withinMs: number } }, tried: number): string {
  return `the rule ${rule.name} was tried ${tried} ${tried === 1 ? 'time' : 'times'} within ${spanInWords(rule.attempts.withinMs)}`;
}
