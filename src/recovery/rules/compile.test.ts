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
    when: { screen: '^grub> *\\z' }
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
  });
});

describe('a condition', () => {
  const lines = ['', 'Kernel panic - not syncing: x', 'Rebooting in 10 seconds..'];

  it('wants all of its patterns and none of the unwanted, ^ and $ at each line', () => {
    expect(screenFits({ all: ['^Kernel panic', 'seconds\\.\\.$'], none: [] }, lines)).toBe(true);
    expect(screenFits({ all: ['^Kernel panic', '^not syncing'], none: [] }, lines)).toBe(false);
    expect(screenFits({ all: ['Kernel panic'], none: ['Rebooting in \\d+ seconds'] }, lines)).toBe(false);
    expect(screenFits({ all: ['Kernel panic'], none: ['kexec'] }, lines)).toBe(true);
  });
});
