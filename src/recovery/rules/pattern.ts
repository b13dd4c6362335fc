/**
 * Patterns over the text of a screen: RE2 syntax on an engine without backtracking (re2js), so that no pattern can stall
 * the process. `^` and `$` match at lines.
 *
 * Patterns run one by one, not as one set: re2js finds the literal part of each first (500 rules on a screen of 7 KB take
 * 2 to 50 ms), while one automaton for all of them took up to 8 s when their repetitions multiply.
 */
import { RE2JS, RE2JSException, RE2JSSyntaxException } from 're2js';
import { AthanorError } from '../../errors/index.ts';
import { quoted } from './findings.ts';
import { nestedRepetition } from './nested-repetition.ts';
import type { ScreenCondition } from './rule.ts';

export const longestPattern = 500;
/** Instructions of one compiled pattern; each can cost one step per character of the screen. */
const largestProgram = 1_000;
/** Compiled patterns kept: those of the largest set, and some of an older one that operations still hold. */
const mostKept = 4_000;

export interface PatternProblem {
  problem: string;
  remedy: string;
}

/** What is wrong with a pattern, or undefined; and what it cost to find that out, in instructions. */
export function checkPattern(text: string): { cost: number; wrong: PatternProblem | undefined } {
  if (text.length > longestPattern) {
    const problem = `The pattern has ${text.length} characters.`;
    const remedy = `Give at most ${longestPattern}; the few words that tell this screen from others are enough.`;
    return { cost: 0, wrong: { problem, remedy } };
  }
  if (!text.isWellFormed()) {
    return { cost: 0, wrong: { problem: 'The pattern holds half of a character.', remedy: 'Write whole characters.' } };
  }
  let pattern: RE2JS;
  try {
    pattern = RE2JS.compile(text, RE2JS.MULTILINE);
  } catch (error) {
    return { cost: 0, wrong: explain(text, error) };
  }
  const cost = pattern.programSize();
  if (cost > largestProgram) return { cost, wrong: tooCostly(text) };
  const nested = nestedRepetition(text);
  if (nested !== undefined) return { cost, wrong: catastrophic(nested) };
  if (!fitsEverything(pattern)) return { cost, wrong: undefined };
  const problem = `The pattern ${quoted(text)} is found on every screen, an empty one as well.`;
  return { cost, wrong: { problem, remedy: 'Write a pattern that needs at least one visible character.' } };
}

/** An empty screen is line feeds only; a match of no length can be found on nearly every other. */
function fitsEverything(pattern: RE2JS): boolean {
  if (pattern.test('') || pattern.test('\n\n')) return true;
  const found: unknown = pattern.exec('a b')?.[0];
  return found === '';
}

function tooCostly(text: string): PatternProblem {
  return {
    problem: `The pattern ${quoted(text)} costs too much: its repetitions multiply.`,
    remedy: 'Use `*` or `+` instead of large counts; they cost nothing here.',
  };
}

function catastrophic(part: string): PatternProblem {
  return {
    problem: `The pattern repeats what repeats by itself: ${quoted(part)}. Engines that backtrack never end with it.`,
    remedy: 'Repeat once, inside the brackets or outside: `a+` for `(a+)+`, `[ab]+` for `(a+b?)+`.',
  };
}

function explain(text: string, error: unknown): PatternProblem {
  if (!(error instanceof RE2JSException)) throw error;
  if (!(error instanceof RE2JSSyntaxException)) return tooCostly(text);
  const what = error.getDescription();
  const part = error.getPattern() ?? '';
  const known = unsupported.find(({ begins }) => begins.test(part === '(?P' ? text.slice(text.indexOf('(?P=')) : part));
  if (known !== undefined) {
    return { problem: `${known.what} in ${quoted(text)}: RE2 patterns cannot do that.`, remedy: known.remedy };
  }
  if (what === 'expression too large') return tooCostly(text);
  if (what === 'expression nests too deeply') {
    return { problem: 'The pattern nests too deeply.', remedy: 'Write it with fewer brackets.' };
  }
  const where = part === '' || part.startsWith('(?m)') ? '' : ` at ${quoted(part)}`;
  return {
    problem: `The pattern ${quoted(text)} is not valid: ${what}${where}.`,
    remedy: remedies[what] ?? 'Put a backslash before each of ( ) [ ] { } . * + ? | ^ $ that is meant as itself.',
  };
}

const remedies: Record<string, string> = {
  'invalid repeat count': 'Counts go to 1000; use `*` or `+` for more.',
  'invalid escape sequence': 'Known are \\d \\w \\s \\b \\n \\t \\x7F and punctuation; remove this backslash.',
  'trailing backslash at end of expression': 'Write `\\\\` for a backslash, or remove it.',
};

/** What other engines can and RE2 cannot, by how it begins. */
const unsupported: readonly { begins: RegExp; what: string; remedy: string }[] = [
  {
    begins: /^\(\?<?[=!]/,
    what: 'Look-around',
    remedy: 'List what must be seen under `screen` and what must not be seen under `not`.',
  },
  {
    begins: /^(\\[1-9k]|\(\?P=)/,
    what: 'A backreference',
    remedy: 'Write out what it refers to, or list each form with `|`.',
  },
  { begins: /^\(\?>/, what: 'An atomic group', remedy: 'Write `(?:…)`; nothing backtracks here anyway.' },
  {
    begins: /^(\+\+|\*\+|\?\+)/,
    what: 'A possessive repetition',
    remedy: 'Drop the second `+`; nothing backtracks here anyway.',
  },
  {
    begins: /^\(\?(\(|R|&|#)/,
    what: 'A condition, recursion or comment',
    remedy: 'Write it as several rules or patterns.',
  },
  { begins: /^\\Z/, what: '`\\Z`', remedy: 'Write `\\z` for the end of the screen or `$` for the end of a line.' },
];

const kept = new Map<string, RE2JS>();

function compiled(text: string): RE2JS {
  let pattern = kept.get(text);
  if (pattern === undefined) {
    try {
      pattern = RE2JS.compile(text, RE2JS.MULTILINE);
    } catch (error) {
      const { problem, remedy } = explain(text, error);
      throw new AthanorError('invalid-rules', problem, { remedy, cause: error });
    }
  } else {
    kept.delete(text);
  }
  kept.set(text, pattern);
  // The least recently used goes first: a Map keeps the order in which keys were set.
  for (const oldest of kept.keys()) {
    if (kept.size <= mostKept) break;
    kept.delete(oldest);
  }
  return pattern;
}

/** Whether the lines of a screen are what the condition wants: all of its patterns are found, and none of the unwanted. */
export function screenFits(condition: ScreenCondition, lines: readonly string[]): boolean {
  return textFits(condition, lines.join('\n'));
}

export function textFits({ all, none }: ScreenCondition, text: string): boolean {
  return all.every((pattern) => compiled(pattern).test(text)) && !none.some((pattern) => compiled(pattern).test(text));
}
