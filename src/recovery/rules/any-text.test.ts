/** Rule files may hold any text: whatever it is, an answer comes soon and nothing is thrown. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRules } from './compile.ts';
import { parseRuleFiles } from './parse.ts';
import { checkPattern, screenFits } from './pattern.ts';

function findingsOf(text: string) {
  const { ruleSet, findings } = parseRuleFiles([{ name: 'a.yaml', text }]);
  if (findings.length > 0) expect(ruleSet).toEqual({ rules: [], playbooks: [] });
  for (const { file, line, column, message, remedy } of findings) {
    expect([file, line >= 1, Number(column) >= 1, message !== '', remedy !== '']).toEqual([
      'a.yaml',
      true,
      true,
      true,
      true,
    ]);
  }
  return findings;
}

/** Words of rule files and of YAML, so that texts get past the first line. */
const words = [
  'rules: playbooks: name: when: screen: not: playbook: attempts: tests: frame: expect: steps: power: keys: type: press:',
  "see: within: wait-for-heartbeat: wait-for-screen: cycle Enter 5m match a.png x '[a-z]+' (a+)+$",
  '- [ ] { } &a *a !t > # ? <<: \' " ` @ , :',
].flatMap((line) => line.split(' '));
const breaks = [
  ' ',
  '\n',
  '\n  ',
  '\n    ',
  '\n      ',
  '- ',
  ': ',
  '&a ',
  '|\n',
  '---\n',
  '%YAML 1.2\n',
  '\t',
  '\r',
  '\0',
  '\ud800',
  '\ufeff',
];

describe('any text', () => {
  it('is rules, or is refused with places and remedies', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => void findingsOf(text)));
    const mixed = fc.array(fc.constantFrom(...words, ...breaks), { maxLength: 120 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(mixed, (text) => void findingsOf(text)),
      { numRuns: 1_000 },
    );
  });

  it('may be one part again and again, up to the largest size', { timeout: 60_000 }, () => {
    for (const word of [...words, ...breaks]) {
      const count = Math.floor(2 ** 20 / word.length);
      findingsOf(word.repeat(count));
      // Below the bound on parts, so that the parser itself sees it.
      findingsOf(word.repeat(20_000));
    }
  });

  it('is not expanded: aliases are bounded, and may not contain themselves', () => {
    const levels = Array.from({ length: 30 }, (_, level) => `- &a${level} [${`*a${level - 1},`.repeat(9)} x]`);
    expect(findingsOf(`rules:\n${levels.slice(1).join('\n')}`).length).toBeGreaterThan(0);
    expect(findingsOf('rules: &a [*a]').length).toBeGreaterThan(0);
    expect(findingsOf('&a { rules: *a }').length).toBeGreaterThan(0);
    const many = findingsOf(`rules:\n  - &a { name: x }\n${'  - *a\n'.repeat(60)}`);
    expect(many).toContainEqual(expect.objectContaining({ line: 53, message: 'More than 50 aliases (`*`) are used.' }));
  });
});

/** The pattern for JavaScript's own engine, which takes a flag only as a whole and repeats no `^`. */
function knownElsewhere(text: string): RegExp | undefined {
  try {
    return new RegExp(text.replace(/^\(\?i\)/, ''), text.startsWith('(?i)') ? 'im' : 'm');
  } catch {
    return undefined;
  }
}

describe('any pattern', () => {
  const pieces = [
    'a',
    'b',
    '.',
    '\\d',
    '[a-z]',
    '(',
    ')',
    '|',
    '*',
    '+',
    '?',
    '{1,9}',
    '{3}',
    '^',
    '$',
    '\\b',
    '(?:',
    '(?i)',
    ' ',
  ];
  const pattern = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 12 }).map((parts) => parts.join(''));
  const line = fc.string({ unit: fc.constantFrom('a', 'b', '1', ' '), maxLength: 20 });

  it('that is taken finds what the language finds that people know from elsewhere', () => {
    fc.assert(
      fc.property(pattern, fc.array(line, { maxLength: 4 }), (text, lines) => {
        const other = knownElsewhere(text);
        fc.pre(other !== undefined && checkPattern(text).wrong === undefined);
        const expected = other.test(lines.join('\n'));
        expect(screenFits({ all: [text], none: [] }, lines)).toBe(expected);
        expect(screenFits({ all: [text], none: [text] }, lines)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is found in time that grows with the screen, whatever its repetitions', () => {
    // Each of these takes a backtracking engine longer than the universe is old.
    const screen = [`${'a'.repeat(5_000)}b`];
    for (const [text, found] of [
      ['(a+)+$', false],
      ['^(a|a)*$', false],
      ['^(a*)*c', false],
      ['(a?){40}a{40}c', false],
      ['^(([a-z])+.)+[A-Z]([a-z])+$', false],
      ['(a+)+b$', true],
    ] as const) {
      expect([text, screenFits({ all: [text], none: [] }, screen)]).toEqual([text, found]);
    }
  });

  it('is compiled only until the set costs too much', () => {
    // 10,000 of these would take an hour.
    const costly = Array.from({ length: 20 }, () => `'${'x{1000}'.repeat(71)}'`).join(', ');
    const rules = Array.from(
      { length: 80 },
      (_, index) => `  - { name: r${index}, when: { screen: [${costly}] }, playbook: p }`,
    );
    const findings = findingsOf(`rules:\n${rules.join('\n')}`);
    expect(findings.map(({ line, message }) => [line, message.slice(-39)])).toEqual([
      [2, 'costs too much: its repetitions multiply.'.slice(-39)],
    ]);
  });

  it('of a whole set is tried on the largest screen', () => {
    const rules = Array.from(
      { length: 500 },
      (_, index) =>
        `  - { name: r${index}, when: { screen: '(?:[a-z]+ ){1,${(index % 9) + 1}}[0-9]{${(index % 7) + 1}}$' }, playbook: p }`,
    );
    const text = `rules:\n${rules.join('\n')}\nplaybooks:\n  - { name: p, steps: [wait-for-heartbeat: 5m] }`;
    const { ruleSet, findings } = parseRuleFiles([{ name: 'a.yaml', text }]);
    expect(findings).toEqual([]);
    const row = 'lorem ipsum dolor sit amet '.repeat(9).slice(0, 240);
    const screen = Array.from({ length: 100 }, () => row);
    const compiled = compileRules(ruleSet);
    expect(compiled.match(screen)).toBeUndefined();
    expect(compiled.match([...screen, 'lorem ipsum 1'])?.rule.name).toBe('r0');
  });
});
