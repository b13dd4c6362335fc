/** A playbook as the steps of an operation: what each is called, and what the screen must show before it acts. */
import type { Playbook, PlaybookStep, Rule, ScreenCondition } from '../rules/rule.ts';

export interface Planned {
  /** Unique in its operation: `power-off-1`, the number is the playbook's step. */
  name: string;
  /** The steps of the playbook that come before it, in order. */
  earlier: readonly string[];
  /**
   * What the screen must show directly before it acts: what the rule saw, then what was seen last on purpose. Undefined
   * after our own change of power, until a screen was waited for.
   */
  expected: ScreenCondition | undefined;
}

export type PlannedStep = Planned &
  ({ action: 'power'; to: 'on' | 'off' } | Exclude<PlaybookStep, { action: 'power' }>);

/** Pure: the same input gives the same steps after every restart. */
export function planOf(rule: Pick<Rule, 'when'>, playbook: Pick<Playbook, 'steps'>): PlannedStep[] {
  const planned: PlannedStep[] = [];
  let expected: ScreenCondition | undefined = rule.when.screen;
  for (const [index, step] of playbook.steps.entries()) {
    const place = (what: string): Planned => ({
      name: `${what}-${index + 1}`,
      earlier: planned.map(({ name }) => name),
      expected,
    });
    switch (step.action) {
      case 'power':
        for (const to of step.to === 'cycle' ? (['off', 'on'] as const) : [step.to]) {
          planned.push({ ...place(`power-${to}`), action: 'power', to });
          expected = undefined;
        }
        break;
      case 'wait-for-screen':
        planned.push({ ...place('wait-for-screen'), ...step });
        expected = step.screen;
        break;
      case 'keys':
        planned.push({ ...place('keys'), ...step });
        expected = step.see;
        break;
      case 'wait-for-heartbeat':
        planned.push({ ...place('wait-for-heartbeat'), ...step });
        expected = undefined;
        break;
    }
  }
  return planned;
}
