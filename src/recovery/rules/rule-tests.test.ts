import { describe, expect, it } from 'vitest';
import { AthanorError } from '../../errors/index.ts';
import { parseRuleFiles } from './parse.ts';
import { testRules } from './rule-tests.ts';

const frames: Record<string, readonly string[] | undefined> = {
  'sub/panic.png': ['[  1.0] Kernel panic - not syncing: sysrq'],
  'sub/shell.png': ['/ #'],
  'sub/logo.png': undefined,
};

async function read(file: string): Promise<readonly string[] | undefined> {
  if (file in frames) return frames[file];
  throw new AthanorError('invalid-input', `${file} is no picture.`);
}

/** Runs one test of the last rule; `before` are rules that come first. */
async function outcome(frame: string, expected: 'match' | 'no match', before = '') {
  const text = `
rules:
${before}
  - name: panic
    when: { screen: Kernel panic, not: kexec }
    playbook: p
    tests: [{ frame: ${frame}, expect: ${expected} }]
playbooks:
  - { name: p, steps: [wait-for-heartbeat: 5m] }
`;
  const { ruleSet, findings } = parseRuleFiles([{ name: 'sub/a.yaml', text }]);
  expect(findings).toEqual([]);
  const [result, ...more] = await testRules(ruleSet, read);
  expect(more).toEqual([]);
  return result;
}

const other = '  - { name: anything-odd, when: { screen: (?i)PANIC|# }, playbook: p }';
const place = { rule: 'panic', file: 'sub/a.yaml', line: 7 };

describe('the test of a rule', () => {
  it('holds when the whole set takes this rule', async () => {
    const expected = { ...place, frame: 'panic.png', expect: 'match', got: 'match', ok: true };
    expect(await outcome('panic.png', 'match')).toEqual(expected);
  });

  it('holds when its own condition does not fit, whatever other rules do', async () => {
    expect(await outcome('shell.png', 'no match', other)).toMatchObject({ got: 'no match', ok: true });
  });

  it('fails when the condition fits or does not, against what is expected', async () => {
    expect(await outcome('shell.png', 'match')).toMatchObject({ got: 'no match', ok: false });
    expect(await outcome('panic.png', 'no match')).toMatchObject({ got: 'match', ok: false, ...place });
  });

  it('fails and names the rule that is taken in its place', async () => {
    const reason = 'It fits, but the rule "anything-odd" (sub/a.yaml:3) comes first and fits too.';
    expect(await outcome('panic.png', 'match', other)).toMatchObject({ got: 'shadowed', ok: false, reason });
    expect(await outcome('panic.png', 'no match', other)).toMatchObject({ got: 'shadowed', ok: false });
  });

  it('proves nothing on a frame that cannot be read', async () => {
    const unreadable = { got: 'unreadable', ok: false };
    expect(await outcome('logo.png', 'no match')).toMatchObject({
      ...unreadable,
      reason: expect.stringContaining('text'),
    });
    expect(await outcome('gone.png', 'no match')).toMatchObject({
      ...unreadable,
      reason: 'sub/gone.png is no picture.',
    });
  });
});
