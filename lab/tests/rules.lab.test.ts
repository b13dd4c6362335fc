/** What an operator's bad rules do: nothing. They are refused whole, with file, line and remedy, and the old ones stay. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { setStage, type TestStage } from './stage.ts';

let stage: TestStage;
beforeAll(async () => {
  stage = await setStage([{ name: 'a', firmware: 'bios' }]);
  await stage.athanor.start();
  await stage.athanor.login();
});
afterAll(() => stage.close());

const good = `rules:
  - name: kernel-panic
    when: { screen: 'Kernel panic - not syncing' }
    playbook: power-cycle
playbooks:
  - name: power-cycle
    steps:
      - power: cycle
      - wait-for-heartbeat: 5m
`;

/** Writes `good` and a second file beside it, and applies both. */
async function apply(name: string, bad?: string): Promise<{ code: number; errors: string }> {
  const directory = path.join(stage.directory, name);
  await mkdir(directory);
  await writeFile(path.join(directory, 'good.yaml'), good);
  if (bad !== undefined) await writeFile(path.join(directory, 'bad.yaml'), bad);
  return await stage.athanor.command(['rule', 'apply', '-f', directory]);
}

async function inForce(): Promise<string[]> {
  const rules = z.array(z.object({ name: z.string() })).parse(await stage.athanor.ask(['rule', 'list']));
  return rules.map(({ name }) => name);
}

describe('rule apply', () => {
  it('puts good rules in force', async () => {
    expect(await apply('all-good')).toMatchObject({ code: 0 });
    expect(await inForce()).toEqual(['kernel-panic']);
  });

  it.each([
    { what: 'syntax', line: 2, bad: 'rules:\n  - name: one: two\n', says: /YAML/ },
    {
      what: 'unknown-action',
      line: 4,
      bad: 'playbooks:\n  - name: burn\n    steps:\n      - explode: now\n      - wait-for-heartbeat: 5m\n',
      says: /explode/,
    },
    {
      what: 'catastrophic-pattern',
      line: 3,
      bad: "rules:\n  - name: bomb\n    when: { screen: '((a{1,100}){1,100}){1,100}' }\n    playbook: power-cycle\n",
      says: /pattern/i,
    },
    {
      what: 'back-reference',
      line: 3,
      bad: "rules:\n  - name: again\n    when: { screen: '(a+)\\1' }\n    playbook: power-cycle\n",
      says: /pattern|RE2/i,
    },
    {
      what: 'duplicate-name',
      line: 2,
      bad: "rules:\n  - name: kernel-panic\n    when: { screen: 'x' }\n    playbook: power-cycle\n",
      says: /good\.yaml:2|kernel-panic/,
    },
  ])('refuses the whole set for $what, with file, line and remedy', async ({ what, line, bad, says }) => {
    const { code, errors } = await apply(what, bad);
    expect(code).not.toBe(0);
    expect(errors).toContain(`bad.yaml:${line}`);
    expect(errors).toMatch(says);
    expect(await inForce()).toEqual(['kernel-panic']);
  });
});
