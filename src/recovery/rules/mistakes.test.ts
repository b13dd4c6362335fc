/** What people write wrong: each mistake is told with its file, line, column and what to write instead. */
import { describe, expect, it } from 'vitest';
import { describeRuleFinding, RulesError } from './findings.ts';
import { parseRuleFiles } from './parse.ts';

/** A right file, with one line (or none) put in the place of another. */
const right = [
  'rules:', // 1
  '  - name: kernel-panic', // 2
  '    when:', // 3
  "      screen: 'Kernel panic - not syncing'", // 4
  "      not: 'Rebooting in'", // 5
  '    playbook: boot-by-hand', // 6
  '    attempts: 2 in 1h', // 7
  '    tests:', // 8
  '      - frame: frames/panic.png', // 9
  '        expect: match', // 10
  'playbooks:', // 11
  '  - name: boot-by-hand', // 12
  '    steps:', // 13
  '      - power: cycle', // 14
  "      - wait-for-screen: { see: '^grub>', within: 60s }", // 15
  '      - keys: { type: boot, press: Enter, see: login, within: 30s }', // 16
  '      - wait-for-heartbeat: 5m', // 17
];

function findingsOf(line: number, ...instead: string[]): string[] {
  const lines = [...right.slice(0, line - 1), ...instead, ...right.slice(line)];
  const { ruleSet, findings } = parseRuleFiles([{ name: 'a.yaml', text: lines.join('\n') }]);
  if (findings.length > 0) expect(ruleSet).toEqual({ rules: [], playbooks: [] });
  return findings.map(describeRuleFinding);
}

it('finds nothing wrong with the right file', () => {
  expect(findingsOf(1, 'rules:')).toEqual([]);
});

// The line that is changed, what stands there instead, and the finding.
const mistakes: [line: number, instead: string, finding: string][] = [
  // The YAML itself and its shape.
  [5, '      not: [a', 'a.yaml:6:5: Flow sequence in block collection must be sufficiently indented and end with a ]'],
  [6, '    playbook: *no-such', 'a.yaml:6:15: This is `*no-such`, which names nothing. Write a single value'],
  [1, 'rulez:', 'a.yaml:1:1: The key "rulez" is not known here. Did you mean "rules"? Known are: rules, playbooks.'],
  [11, 'rules:', 'a.yaml:11:1: The key "rules" is given twice. Keep one of them.'],
  [7, '    attemps: 2 in 1h', 'a.yaml:7:5: The key "attemps" is not known here. Did you mean "attempts"?'],
  [7, '    enabled: false', 'a.yaml:7:5: The key "enabled" is not known here. Known are: name, description, when,'],
  [7, '    <<: {}', 'a.yaml:7:5: The key "<<" is not known here.'],
  [2, '  - description: x', 'a.yaml:2:5: `name` is missing here. Add `name: linux-kernel-panic`.'],
  [6, '    description: x', 'a.yaml:2:5: `playbook` is missing here. Add `playbook: power-cycle`.'],
  [5, '      screen: [a]', 'a.yaml:5:7: The key "screen" is given twice.'],
  [4, '      # nothing is looked for', "a.yaml:5:7: `screen` is missing here. Add `screen: 'Kernel panic"],
  [2, '  - name: [a, b]', 'a.yaml:2:11: This is a list. Write a single value here.'],
  [2, '  - name: Kernel Panic!', 'a.yaml:2:11: "Kernel Panic!" cannot be a name. Use up to 63 small letters'],
  [
    6,
    '    playbook: boot-by-hant',
    'a.yaml:6:15: There is no playbook "boot-by-hant" in the set. Did you mean "boot-by-hand"?',
  ],
  // Patterns.
  [4, "      screen: ''", 'a.yaml:4:15: This is empty. Write a single value here.'],
  [4, '      screen: []', 'a.yaml:4:15: The list is empty. Give at least one pattern'],
  [4, '      screen: [[a]]', 'a.yaml:4:16: This is a list. Write a single value here.'],
  [
    4,
    "      screen: 'panic(?! on)'",
    'a.yaml:4:15: Look-around in "panic(?! on)": RE2 patterns cannot do that. List what must be seen',
  ],
  [4, "      screen: '(?<=a)b'", 'a.yaml:4:15: Look-around in'],
  [5, "      not: [a, '(?=b)']", 'a.yaml:5:16: Look-around in "(?=b)"'],
  [4, "      screen: '(a)\\1'", 'a.yaml:4:15: A backreference in "(a)\\1": RE2 patterns cannot do that. Write out'],
  [4, "      screen: '(?P<q>a)(?P=q)'", 'a.yaml:4:15: A backreference in'],
  [4, "      screen: '(?>a)'", 'a.yaml:4:15: An atomic group in'],
  [4, "      screen: 'a++'", 'a.yaml:4:15: A possessive repetition in'],
  [4, "      screen: 'panic\\Z'", 'a.yaml:4:15: `\\Z` in "panic\\Z": RE2 patterns cannot do that. Write `\\z`'],
  [
    4,
    "      screen: '((a{1,1000}){1,1000})'",
    'a.yaml:4:15: The pattern "((a{1,1000}){1,1000})" costs too much: its repetitions multiply. Use `*` or `+`',
  ],
  [
    4,
    "      screen: 'oops (a+)+$'",
    'a.yaml:4:15: The pattern repeats what repeats by itself: "(a+)+". Engines that backtrack never end with it. Repeat',
  ],
  [4, "      screen: 'x{1,1000}'", 'a.yaml:4:15: The pattern "x{1,1000}" costs too much'],
  [
    4,
    "      screen: 'x{1,1001}'",
    'a.yaml:4:15: The pattern "x{1,1001}" is not valid: invalid repeat count at "{1,1001}". Counts go to 1000',
  ],
  [
    4,
    `      screen: '${'('.repeat(240)}${'x|'.repeat(9)}${')'.repeat(250)}'`,
    'a.yaml:4:15: The pattern has 508 characters. Give at most 500',
  ],
  [
    4,
    "      screen: 'panic (not'",
    'a.yaml:4:15: The pattern "panic (not" is not valid: missing closing ). Put a backslash',
  ],
  [4, "      screen: '[abc'", 'a.yaml:4:15: The pattern "[abc" is not valid: missing closing ] at "[abc".'],
  [
    4,
    "      screen: '*panic'",
    'a.yaml:4:15: The pattern "*panic" is not valid: missing argument to repetition operator at "*".',
  ],
  [
    4,
    "      screen: 'a\\'",
    'a.yaml:4:15: The pattern "a\\" is not valid: trailing backslash at end of expression. Write `\\\\`',
  ],
  [
    4,
    "      screen: 'x*'",
    'a.yaml:4:15: The pattern "x*" is found on every screen, an empty one as well. Write a pattern',
  ],
  [4, "      screen: '^'", 'a.yaml:4:15: The pattern "^" is found on every screen'],
  [4, "      screen: '\\s'", 'a.yaml:4:15: The pattern "\\s" is found on every screen'],
  [4, "      screen: '\\b'", 'a.yaml:4:15: The pattern "\\b" is found on every screen'],
  [5, "      not: '.*'", 'a.yaml:5:12: The pattern ".*" is found on every screen'],
  [4, '      screen: "\\ud800"', 'a.yaml:4:15: The pattern holds half of a character.'],
  // Attempts and tests.
  [7, '    attempts: 2', 'a.yaml:7:15: "2" does not say how many attempts within what time. Write it like `2 in 1h`'],
  [7, '    attempts: two in 1h', 'a.yaml:7:15: "two in 1h" does not say'],
  [7, '    attempts: 0 in 1h', 'a.yaml:7:15: 0 attempts in 1h is out of bounds.'],
  [7, '    attempts: 11 in 1h', 'a.yaml:7:15: 11 attempts in 1h is out of bounds.'],
  [7, '    attempts: 2 in 59s', 'a.yaml:7:15: 2 attempts in 59s is out of bounds.'],
  [7, '    attempts: 2 in 31d', 'a.yaml:7:15: 2 attempts in 31d is out of bounds.'],
  [9, '      - frame: panic.gif', 'a.yaml:9:16: "panic.gif" cannot be a frame. Name a .png or .ppm file'],
  [9, '      - frame: ../panic.png', 'a.yaml:9:16: "../panic.png" cannot be a frame.'],
  [9, '      - frame: /panic.png', 'a.yaml:9:16: "/panic.png" cannot be a frame.'],
  [
    10,
    '        expect: matches',
    'a.yaml:10:17: "matches" cannot be expected. Did you mean "match"? Write `match` or `no match`.',
  ],
  // Playbooks.
  [
    14,
    '      - powr: cycle',
    'a.yaml:14:9: The action "powr" is not known here. Did you mean "power"? Known are: power, keys,',
  ],
  [14, '      - power', 'a.yaml:14:9: This is "power". Write a section of `key: value` lines (power, keys,'],
  [14, '      - { power: off, keys: {} }', 'a.yaml:14:29: One step does two things. Begin a new step: `- keys: …`.'],
  [
    14,
    '      - power: reset',
    'a.yaml:14:16: A playbook does not `reset`: what came of it cannot be read back. Write `cycle`',
  ],
  [14, '      - power: soft', 'a.yaml:14:16: A playbook does not `soft`'],
  [14, '      - power: nmi', 'a.yaml:14:16: A playbook does not `nmi`'],
  [
    14,
    '      - power: cycel',
    'a.yaml:14:16: The power action "cycel" is not known. Did you mean "cycle"? Write on, off or cycle.',
  ],
  [
    15,
    '      - wait-for-heartbeat: 1m',
    'a.yaml:16:15: Nothing is done after `wait-for-heartbeat`: the machine is back then.',
  ],
  [
    15,
    '      # nothing is awaited',
    'a.yaml:16:15: Keys follow a change of power, and nothing says what must be on the screen',
  ],
  [15, '      - power: on', 'a.yaml:15:16: The power is changed again'],
  [
    15,
    '      - wait-for-screen: login',
    'a.yaml:15:26: This is "login". Write a section of `key: value` lines (see, not, within)',
  ],
  [15, '      - wait-for-screen: { not: x }', 'a.yaml:15:26: `see` is missing here.'],
  [16, '      - keys: { press: Enter }', 'a.yaml:16:15: `see` is missing here.'],
  [
    16,
    '      - keys: { see: login }',
    'a.yaml:16:15: It neither types nor presses anything. Add `type: TEXT`, `press: KEY`',
  ],
  [16, '      - keys: { press: Entr, see: x }', 'a.yaml:16:24: The key "Entr" is not known. Did you mean "Enter"?'],
  [16, '      - keys: { press: [Up, y], see: x }', 'a.yaml:16:29: The key "y" is not known. Known are: Enter,'],
  [
    16,
    '      - keys: { type: "größe", see: x }',
    'a.yaml:16:23: "ö" has no key of its own on a US keyboard. Type ASCII only.',
  ],
  [
    16,
    '      - keys: { type: "a\\n", see: x }',
    'a.yaml:16:23: A line end has no key of its own on a US keyboard. Name it under `press`: `press: Enter`.',
  ],
  [
    16,
    '      - keys: { type: "a\\tb", see: x }',
    'a.yaml:16:23: A tab has no key of its own on a US keyboard. Name it under `press`: `press: Tab`.',
  ],
  [16, '      - keys: { type: "😀", see: x }', 'a.yaml:16:23: "😀" has no key of its own'],
  [
    17,
    '      - power: off',
    'a.yaml:17:16: The playbook ends without proof that it helped. End it with `- wait-for-heartbeat: 5m`',
  ],
  [
    17,
    '      - wait-for-heartbeat: 5 minutes',
    'a.yaml:17:29: "5 minutes" is not a span of time. Write it like `90s`, `5m` or `1h`',
  ],
  [17, '      - wait-for-heartbeat: 61m', 'a.yaml:17:29: "61m" is out of bounds.'],
  [17, '      - wait-for-heartbeat: 0s', 'a.yaml:17:29: "0s" is out of bounds.'],
  [17, '      - wait-for-heartbeat: 59m', 'a.yaml:14:7: Its steps may wait 1h30s in all. Keep a playbook within 1h.'],
];

describe('a mistake', () => {
  it.each(mistakes)('in line %i: %s', (line, instead, finding) => {
    expect(findingsOf(line, instead)).toEqual([expect.stringContaining(finding)]);
  });

  it('is told with every other one, in the order of files and lines', () => {
    const { findings } = parseRuleFiles([
      { name: 'b.yaml', text: 'rules:\n  - when: {}\n    names: x\n' },
      { name: 'a.yaml', text: 'playbooks: none\n' },
    ]);
    expect(findings.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual([
      'b.yaml:2:5',
      'b.yaml:2:5',
      'b.yaml:2:11',
      'b.yaml:3:5',
      'a.yaml:1:12',
    ]);
    const error = new RulesError(findings);
    expect(error.message.split('\n')).toHaveLength(5);
    expect(error).toMatchObject({ code: 'invalid-rules', field: 'b.yaml:2', remedy: findings[0]?.remedy });
  });
});

describe('a set of files', () => {
  const rule = (name: string, playbook: string): string =>
    `  - { name: ${name}, when: { screen: x }, playbook: ${playbook} }\n`;
  const playbook = (name: string): string => `  - { name: ${name}, steps: [wait-for-heartbeat: 5m] }\n`;
  const textsOf = (...texts: string[]): string[] =>
    parseRuleFiles(texts.map((text, index) => ({ name: `${index}.yaml`, text }))).findings.map(describeRuleFinding);

  it('names both places of a name that is there twice', () => {
    const findings = textsOf(
      `rules:\n${rule('a', 'p')}playbooks:\n${playbook('p')}`,
      `rules:\n${rule('b', 'p')}${rule('a', 'p')}playbooks:\n${playbook('p')}`,
    );
    expect(findings).toEqual([
      '1.yaml:3:13: The rule "a" stands in 0.yaml:2 already. Give one of them another name, or remove it.',
      '1.yaml:5:13: The playbook "p" stands in 0.yaml:4 already. Give one of them another name, or remove it.',
    ]);
  });

  it('may have a rule in one file and its playbook in another, and documents after another', () => {
    expect(
      textsOf(`rules:\n${rule('a', 'p')}`, `playbooks:\n${playbook('q')}---\nplaybooks:\n${playbook('p')}`),
    ).toEqual([]);
  });

  it('may be empty, but must say so', () => {
    expect(textsOf('rules: []')).toEqual([]);
    expect(textsOf('# soon')).toEqual(['0.yaml:1:1: The file is empty. Write `rules: []` if there shall be none.']);
  });

  it('has bounds', () => {
    const many = (count: number, start = 0): string =>
      `rules:\n${Array.from({ length: count }, (_, index) => rule(`r${start + index}`, 'p')).join('')}`;
    const playbooks = `playbooks:\n${playbook('p')}`;
    expect(textsOf(many(500), playbooks)).toEqual([]);
    expect(textsOf(many(501), playbooks)).toEqual([expect.stringContaining('0.yaml:2:3: The list has 501 entries.')]);
    expect(textsOf(many(400), many(101, 400), playbooks)).toEqual([
      expect.stringContaining('1.yaml:102:5: The set has more than 500 rules.'),
    ]);
    const steps = Array.from({ length: 201 }, () => 'wait-for-heartbeat: 5s').join(', ');
    expect(textsOf(`playbooks:\n  - { name: p, steps: [${steps}] }`)).toEqual([
      expect.stringContaining('0.yaml:2:23: The list has 201 entries. Give at most 200.'),
    ]);
    const costly = Array.from({ length: 45 }, (_, index) =>
      rule(`r${index}`, 'p').replace('screen: x', "screen: 'x{900}'"),
    );
    expect(textsOf(`rules:\n${costly.join('')}`, playbooks)).toEqual([
      expect.stringContaining('0.yaml:46:34: With this pattern the patterns of the set cost too much together.'),
    ]);
    const classes = Array.from({ length: 220 }, (_, index) =>
      rule(`r${index}`, 'p').replace('screen: x', `screen: '[${'ab'.repeat(240)}]'`),
    );
    expect(textsOf(`rules:\n${classes.join('')}`, playbooks)).toEqual([
      expect.stringContaining('0.yaml:209:'), // 208 of 482 characters are more than 100,000
    ]);
    expect(textsOf(`rules:\n${classes.slice(0, 207).join('')}`, playbooks)).toEqual([]);
    expect(textsOf('x'.repeat(2 ** 20 + 1))).toEqual([expect.stringContaining('0.yaml:1:1: The file has 1048577')]);
    expect(textsOf(...Array.from({ length: 201 }, () => 'rules: []'))).toEqual([
      expect.stringContaining('The set has 201 files'),
    ]);
  });

  it('does not take two files of one name', () => {
    const twice = ['rules: []', 'rules: []'].map((text) => ({ name: 'a.yaml', text }));
    expect(parseRuleFiles(twice).findings.map(describeRuleFinding)).toEqual([
      'a.yaml: Two files have this name. Give each its own.',
    ]);
  });
});
