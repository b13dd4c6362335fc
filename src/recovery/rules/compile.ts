/** The rules of a set, ready to be tried on screens. */
import { AthanorError } from '../../errors/index.ts';
import { textFits } from './pattern.ts';
import type { Playbook, Rule, RuleSet } from './rule.ts';

export interface RuleMatch {
  /** The first rule of the set that fits. */
  rule: Rule;
  playbook: Playbook;
  /** Names of the rules after it that fit as well. */
  others: string[];
}

export interface CompiledRules {
  /** Undefined when no rule fits. `lines` are a reading's: one text per row, without trailing spaces. */
  match(lines: readonly string[]): RuleMatch | undefined;
}

/** For a set that was parsed without findings; a rule without its playbook throws `invalid-rules`. */
export function compileRules(ruleSet: RuleSet): CompiledRules {
  const playbooks = new Map(ruleSet.playbooks.map((playbook) => [playbook.name, playbook]));
  const pairs = ruleSet.rules.map((rule) => {
    const playbook = playbooks.get(rule.playbook);
    if (playbook !== undefined) return { rule, playbook };
    throw new AthanorError('invalid-rules', `The rule "${rule.name}" names no playbook of its set.`, {
      field: rule.name,
    });
  });
  return {
    match: (lines) => {
      const text = lines.join('\n');
      const [first, ...others] = pairs.filter(({ rule }) => textFits(rule.when.screen, text));
      return first === undefined ? undefined : { ...first, others: others.map(({ rule }) => rule.name) };
    },
  };
}
