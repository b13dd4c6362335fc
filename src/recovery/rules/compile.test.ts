import { describe, expect, it } from 'vitest';
import { compileRules } from './compile.ts';
import { parseRuleFiles } from './parse.ts';
import { screenFits } from './pattern.ts';

function setOf(yaml: string) {
  const { ruleSet, findings } = parseRuleFiles([{ name: 'a.yaml', text: yaml }]);
  expect(findings).toEqual([]);
  return ruleSet;
}

const playbooks = `
playbooks:
  - name: power-cycle
    steps: [{ power: cycle }, { wait-for-heartbeat: 5m }]
`;

describe('matching', () => {
  const rules = compileRules(
    setOf(`
rules:
  - name: grub
    when: { screen: '^grub>\\s*\\z' }
    playbook: power-cycle
  - name: panic
    when: { screen: [Kernel panic, '^\\[ *\\d+\\.\\d+\\]'], not: [Rebooting in \\d+ seconds, kexec] }
    playbook: power-cycle
  - name: any-panic
    when: { screen: (?i)kernel PANIC }
    playbook: power-cycle
${playbooks}`),
  );

  it('takes the first rule that fits and names the others', () => {
    const match = rules.match(['', '[   12.3] Kernel panic - not syncing: sysrq']);
    expect([match?.rule.name, match?.playbook.name, match?.others]).toEqual(['panic', 'power-cycle', ['any-panic']]);
    expect(rules.match(['KERNEL PANIC'])?.rule.name).toBe('any-panic');
  });

  it('sees the rows below: a prompt with something under it is none', () => {
    expect(rules.match(['GNU GRUB', 'grub>', '', ''])?.rule.name).toBe('grub');
    expect(rules.match(['grub>', 'grub> boot', ''])).toBeUndefined();
    expect(rules.match(['grub>', 'Loading'])).toBeUndefined();
    expect(rules.match([])).toBeUndefined();
  });

  it('refuses a rule whose playbook is not in the set', () => {
    const { rules: some } = setOf(`rules: [{ name: a, when: { screen: x }, playbook: power-cycle }]\n${playbooks}`);
    expect(() => compileRules({ rules: some, playbooks: [] })).toThrow(
      expect.objectContaining({ code: 'invalid-rules' }),
    );
  });
});

describe('a condition', () => {
  const lines = ['', 'Kernel panic - not syncing: x', 'Rebooting in 10 seconds..'];

  it('wants all of its patterns and none of the unwanted, ^ and $ at each line', () => {
    expect(screenFits({ all: ['^Kernel panic', 'seconds\\.\\.$'], none: [] }, lines)).toBe(true);
    expect(screenFits({ all: ['^Kernel panic', '^not syncing'], none: [] }, lines)).toBe(false);
    expect(screenFits({ all: ['Kernel panic'], none: ['Rebooting in \\d+ seconds'] }, lines)).toBe(false);
    expect(screenFits({ all: ['Kernel panic'], none: ['kexec'] }, lines)).toBe(true);
    expect(screenFits({ all: ['panic.*Rebooting'], none: [] }, lines)).toBe(false);
  });

  it('with a pattern that no check let through is refused, not thrown at the caller untyped', () => {
    const bad = expect.objectContaining({ code: 'invalid-rules', message: expect.stringContaining('Look-around') });
    expect(() => screenFits({ all: ['a(?=b)'], none: [] }, lines)).toThrow(bad);
  });
});
