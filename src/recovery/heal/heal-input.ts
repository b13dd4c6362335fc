/** The input of a heal operation: rule and playbook as they were when the rule matched. Applying other rules changes nothing under way. */
import { z } from 'zod';
import { type Key, keysyms } from '../../console/index.ts';
import type { Playbook, Rule } from '../rules/rule.ts';

export interface HealMachineInput {
  /** The incident's id. */
  incident: string;
  rule: Rule;
  playbook: Playbook;
  /** The observation in which the rule matched. */
  observation: string;
}

const longestMs = 24 * 60 * 60_000;
const source = z.strictObject({ file: z.string(), line: z.number().int() });
const pattern = z.string().min(1).max(2_000);
const condition = z.strictObject({ all: z.array(pattern).min(1).max(100), none: z.array(pattern).max(100) });
const span = z.number().int().positive().max(longestMs);
const key = z.custom<Key>(
  (value) => typeof value === 'string' && Object.hasOwn(keysyms, value),
  'not the name of a key',
);

const step = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('power'), to: z.enum(['on', 'off', 'cycle']) }),
  z.strictObject({ action: z.literal('wait-for-heartbeat'), withinMs: span }),
  z.strictObject({ action: z.literal('wait-for-screen'), screen: condition, withinMs: span }),
  z.strictObject({
    action: z.literal('keys'),
    type: z.string().max(2_000).optional(),
    press: z.array(key).max(200),
    see: condition,
    withinMs: span,
  }),
]);

export const healMachineInput: z.ZodType<HealMachineInput> = z.strictObject({
  incident: z.string().min(1),
  rule: z.strictObject({
    name: z.string().min(1),
    description: z.string().optional(),
    source,
    when: z.strictObject({ screen: condition }),
    playbook: z.string().min(1),
    attempts: z.strictObject({ most: z.number().int().positive(), withinMs: z.number().int().positive() }),
    tests: z.array(
      z.strictObject({ frame: z.string(), expect: z.enum(['match', 'no match']), line: z.number().int() }),
    ),
  }),
  playbook: z.strictObject({
    name: z.string().min(1),
    description: z.string().optional(),
    source,
    steps: z.array(step).min(1).max(200),
  }),
  observation: z.string().min(1),
});
