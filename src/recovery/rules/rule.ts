/** Rules and playbooks as data, after their YAML was parsed and checked. Plain JSON: kept whole in the input of a heal operation. */
import type { Key } from '../../console/index.ts';

export interface SourcePlace {
  file: string;
  /** From 1. */
  line: number;
}

/** A look at a screen: every pattern of `all` is found in its text, and none of `none`. RE2 syntax; ^ and $ match at lines. */
export interface ScreenCondition {
  all: readonly string[];
  none: readonly string[];
}

export interface RuleTest {
  /** A PNG or PPM, beside the rule's file. */
  frame: string;
  expect: 'match' | 'no match';
  line: number;
}

export interface Rule {
  name: string;
  description?: string | undefined;
  source: SourcePlace;
  when: { screen: ScreenCondition };
  /** The playbook's name. */
  playbook: string;
  /** How often it may be tried on one machine in a span of time; then a person is asked. */
  attempts: { most: number; withinMs: number };
  tests: readonly RuleTest[];
}

export type PlaybookStep =
  /** `cycle` is off, then on, each read back. */
  | { action: 'power'; to: 'on' | 'off' | 'cycle' }
  | { action: 'wait-for-heartbeat'; withinMs: number }
  | { action: 'wait-for-screen'; screen: ScreenCondition; withinMs: number }
  /** Types, sees its echo, presses, and then must see `see`. */
  | {
      action: 'keys';
      type?: string | undefined;
      press: readonly Key[];
      see: ScreenCondition;
      withinMs: number;
    };

export interface Playbook {
  name: string;
  description?: string | undefined;
  source: SourcePlace;
  steps: readonly PlaybookStep[];
}

export interface RuleSet {
  /** In the order in which they are tried: the first that matches is taken. */
  rules: readonly Rule[];
  playbooks: readonly Playbook[];
}
