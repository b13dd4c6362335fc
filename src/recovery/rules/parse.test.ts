import { describe, expect, it } from 'vitest';
import { durationText, parseDuration } from './duration.ts';
import { parseRuleFiles } from './parse.ts';

it('reads everything that rules and playbooks may say', () => {
  const text = `
rules:
  - name: linux-kernel-panic
    description: The kernel stopped for ever and says so.
    when:
      screen: 'Kernel panic - not syncing'     # a pattern or a list
      not: ['Rebooting in \\d+ seconds', "kexec"]
    playbook: grub-boot-by-hand
    attempts: 3 in 1h30m
    tests:
      - frame: frames/panic.png
        expect: match
      - { frame: frames/shell.PPM, expect: no match }
  - { name: short, when: { screen: 007 }, playbook: off-and-on }
playbooks:
  - name: grub-boot-by-hand
    description: >
      Boots
      by hand.
    steps:
      - keys: { type: 'configfile /grub.bak', press: enter, see: up, not: [no such], within: 90s }
      - keys: { press: [Down, F10], see: menu }
      - power: off
      - power: on
      - wait-for-screen: { see: [login, '^#'], within: 2m }
      - wait-for-heartbeat: 5m
  - { name: off-and-on, steps: [power: cycle, wait-for-screen: { see: login }] }
`;
  const { ruleSet, findings } = parseRuleFiles([{ name: 'a.yaml', text }]);
  expect(findings).toEqual([]);
  expect(ruleSet).toEqual({
    rules: [
      {
        name: 'linux-kernel-panic',
        description: 'The kernel stopped for ever and says so.',
        source: { file: 'a.yaml', line: 3 },
        when: { screen: { all: ['Kernel panic - not syncing'], none: ['Rebooting in \\d+ seconds', 'kexec'] } },
        playbook: 'grub-boot-by-hand',
        attempts: { most: 3, withinMs: 5_400_000 },
        tests: [
          { frame: 'frames/panic.png', expect: 'match', line: 11 },
          { frame: 'frames/shell.PPM', expect: 'no match', line: 13 },
        ],
      },
      {
        name: 'short',
        source: { file: 'a.yaml', line: 14 },
        when: { screen: { all: ['007'], none: [] } },
        playbook: 'off-and-on',
        attempts: { most: 2, withinMs: 3_600_000 },
        tests: [],
      },
    ],
    playbooks: [
      {
        name: 'grub-boot-by-hand',
        description: 'Boots by hand.',
        source: { file: 'a.yaml', line: 16 },
        steps: [
          {
            action: 'keys',
            type: 'configfile /grub.bak',
            press: ['Enter'],
            see: { all: ['up'], none: ['no such'] },
            withinMs: 90_000,
          },
          { action: 'keys', press: ['Down', 'F10'], see: { all: ['menu'], none: [] }, withinMs: 30_000 },
          { action: 'power', to: 'off' },
          { action: 'power', to: 'on' },
          { action: 'wait-for-screen', screen: { all: ['login', '^#'], none: [] }, withinMs: 120_000 },
          { action: 'wait-for-heartbeat', withinMs: 300_000 },
        ],
      },
      {
        name: 'off-and-on',
        source: { file: 'a.yaml', line: 27 },
        steps: [
          { action: 'power', to: 'cycle' },
          { action: 'wait-for-screen', screen: { all: ['login'], none: [] }, withinMs: 30_000 },
        ],
      },
    ],
  });
  // It is kept in the input of operations.
  expect(JSON.parse(JSON.stringify(ruleSet))).toEqual(ruleSet);
});

it('keeps the order of files and lines, in which rules are tried', () => {
  const file = (name: string, ...rules: string[]) => ({
    name,
    text: `rules:\n${rules.map((rule) => `  - { name: ${rule}, when: { screen: x }, playbook: p }\n`).join('')}`,
  });
  const playbooks = { name: 'p.yaml', text: '{"playbooks": [{"name": "p", "steps": [{"wait-for-heartbeat": "5m"}]}]}' };
  const { ruleSet } = parseRuleFiles([file('z.yaml', 'c', 'a'), playbooks, file('b.yaml', 'b')]);
  expect(ruleSet.rules.map(({ name, source }) => `${name} ${source.file}:${source.line}`)).toEqual([
    'c z.yaml:2',
    'a z.yaml:3',
    'b b.yaml:2',
  ]);
});

it('takes an alias for what it names', () => {
  const text = `
playbooks:
  - { name: p, steps: &steps [wait-for-heartbeat: 5m] }
  - { name: q, steps: *steps }
`;
  const { ruleSet, findings } = parseRuleFiles([{ name: 'a.yaml', text }]);
  expect([findings, ruleSet.playbooks[1]?.steps]).toEqual([[], [{ action: 'wait-for-heartbeat', withinMs: 300_000 }]]);
});

describe('a span of time', () => {
  it.each([
    ['90s', 90_000],
    ['5m', 300_000],
    ['2h30m', 9_000_000],
    ['1d1h1m1s', 90_061_000],
    ['0s', 0],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
    expect(parseDuration(durationText(ms))).toBe(ms);
  });

  it.each(['', '5', 'm', '5 m', '30m2h', '-5m', '1.5h', '5M', '99999999s', '1h 5m'])('is not %j', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
