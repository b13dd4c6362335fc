/** Runs the tests that rules carry, on stored frames. */
import path from 'node:path';
import { compileRules } from './compile.ts';
import { asAthanorError } from '../../errors/index.ts';
import { screenFits } from './pattern.ts';
import type { Rule, RuleSet, RuleTest } from './rule.ts';

export interface RuleTestResult {
  rule: string;
  /** Where the test stands. */
  file: string;
  line: number;
  /** The frame's path as the rule wrote it. */
  frame: string;
  expect: RuleTest['expect'];
  /** `shadowed`: the rule fits, but an earlier one is taken. `unreadable`: the frame says nothing. */
  got: 'match' | 'no match' | 'shadowed' | 'unreadable';
  ok: boolean;
  /** Why it is not ok. */
  reason?: string;
}

/** The lines of a frame; undefined when no grid of text fits it. Rejects when there is no such picture. */
export type ReadFrameLines = (file: string) => Promise<readonly string[] | undefined>;

/**
 * `match` means that this rule is the one the whole set takes; `no match` that its own condition does not fit. A frame
 * that cannot be read proves neither. `readFrame` gets the frame's path as seen from where the rule files' names are.
 */
export async function testRules(ruleSet: RuleSet, readFrame: ReadFrameLines): Promise<RuleTestResult[]> {
  const compiled = compileRules(ruleSet);
  const results: RuleTestResult[] = [];
  for (const rule of ruleSet.rules) {
    for (const test of rule.tests) {
      const { frame, expect, line } = test;
      const { got, reason } = await outcomeOf(rule, test);
      const ok = got === expect;
      const why = reason ?? `The screen ${got === 'match' ? 'fits the rule' : 'does not fit the rule'}.`;
      const place = { file: rule.source.file, line };
      results.push({ rule: rule.name, ...place, frame, expect, got, ok, ...(ok ? {} : { reason: why }) });
    }
  }
  return results;

  async function outcomeOf(rule: Rule, { frame }: RuleTest): Promise<Pick<RuleTestResult, 'got' | 'reason'>> {
    let lines: readonly string[] | undefined;
    try {
      lines = await readFrame(path.posix.join(path.posix.dirname(rule.source.file), frame));
    } catch (error) {
      return { got: 'unreadable', reason: asAthanorError(error).message };
    }
    if (lines === undefined) return { got: 'unreadable', reason: 'The frame cannot be read as text.' };
    if (!screenFits(rule.when.screen, lines)) return { got: 'no match' };
    const taken = compiled.match(lines)?.rule;
    if (taken === undefined || taken.name === rule.name) return { got: 'match' };
    const place = `${taken.source.file}:${taken.source.line}`;
    return { got: 'shadowed', reason: `It fits, but the rule "${taken.name}" (${place}) comes first and fits too.` };
  }
}
