/** `rule validate` and `rule test`, as people run them. The rules that come with Athanor and the lab's are tested here. */
import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'athanor-rules-'));
});
afterEach(() => rm(directory, { recursive: true }));

const rule = (...args: string[]) => spawnSync(join(root, 'bin/athanor'), ['rule', ...args], { encoding: 'utf8' });

const playbooks = 'playbooks:\n  - { name: p, steps: [wait-for-heartbeat: 5m] }\n';
const oneRule = (screen: string, ...tests: string[]): string =>
  `rules:\n  - name: one\n    when: { screen: ${screen} }\n    playbook: p\n    tests:\n${tests
    .map((test) => `      - ${test}\n`)
    .join('')}`;
const frame = (name: string, to: string): Promise<void> => cp(join(root, 'rules/frames', name), join(directory, to));

describe('the rules of the repository', () => {
  it.each(['rules', 'lab/rules'])('in %s hold what their tests say', (folder) => {
    const validated = rule('validate', '-f', join(root, folder));
    expect([validated.status, validated.stderr]).toEqual([0, expect.stringMatching(/ is valid: \d+ rules?, .*\.\n$/)]);
    const { status, stdout, stderr } = rule('test', '-f', join(root, folder), '-o', 'json');
    expect([status, stderr]).toEqual([0, '']);
    const results: { ok: boolean; expect: string }[] = JSON.parse(stdout);
    expect(new Set(results.map((result) => result.expect))).toEqual(new Set(['match', 'no match']));
  });
});

describe('rule validate', () => {
  it('tells every mistake of every file with its place, and takes nothing', async () => {
    await mkdir(join(directory, 'sub'));
    await writeFile(join(directory, 'b.yaml'), 'rules:\n  - nam: x\n');
    await writeFile(join(directory, 'sub/a.yml'), 'playbooks: 7\n');
    await writeFile(join(directory, 'notes.txt'), 'not: [yaml');
    const text = rule('validate', '-f', directory);
    expect([text.status, text.stdout]).toEqual([65, '']);
    expect(text.stderr).toContain(
      `${directory}/b.yaml:2:5: The key "nam" is not known here. Did you mean "name"? Known`,
    );
    expect(text.stderr).toContain(`${directory}/sub/a.yml:1:12: This is "7". Write a list`);
    const json = rule('validate', '-f', directory, '-o', 'json');
    const problem = JSON.parse(json.stderr);
    expect(problem).toMatchObject({ code: 'invalid-rules', errors: expect.any(Array) });
    expect(problem.errors.at(-1)).toMatchObject({ file: `${directory}/sub/a.yml`, line: 1, column: 12 });
  });

  it('tells in which line a file is not UTF-8', async () => {
    await writeFile(join(directory, 'a.yaml'), Buffer.from('rules: []\n# gr\u00fcn\n', 'latin1'));
    await writeFile(join(directory, 'b.yaml'), Buffer.from('\ufeffrules: []\n', 'utf16le'));
    const { status, stderr } = rule('validate', '-f', directory);
    expect(status).toBe(65);
    expect(stderr).toContain(`${directory}/a.yaml:2: This is not text in UTF-8. Save the file as UTF-8.`);
    expect(stderr).toContain(`${directory}/b.yaml:1: This is not text in UTF-8.`);
  });

  it('names frames that are not there, or not inside the folder', async () => {
    await frame('shell.png', 'inside.png');
    await symlink(join(root, 'rules/frames/shell.png'), join(directory, 'outside.png'));
    const tests = ['inside.png', 'outside.png', 'gone.png'].map((name) => `{ frame: ${name}, expect: no match }`);
    await writeFile(join(directory, 'a.yaml'), oneRule('x', ...tests) + playbooks);
    const { status, stderr } = rule('validate', '-f', directory);
    expect(status).toBe(65);
    expect(stderr).toContain(`${directory}/a.yaml:7: There is no frame ${directory}/outside.png, or it is not inside`);
    expect(stderr).toContain(`${directory}/a.yaml:8: There is no frame ${directory}/gone.png`);
    expect(stderr).not.toContain('inside.png,');
  });

  it('takes one file, and refuses what holds no rules', async () => {
    await writeFile(join(directory, 'a.yaml'), playbooks);
    const one = rule('validate', '-f', join(directory, 'a.yaml'), '-o', 'json');
    expect(JSON.parse(one.stdout)).toEqual({ valid: true, rules: [], playbooks: ['p'], files: ['a.yaml'] });
    await mkdir(join(directory, 'empty'));
    for (const [path, message] of [
      ['empty', 'holds no .yaml files'],
      ['none', 'There is no file or folder'],
    ] as const) {
      const { status, stderr } = rule('validate', '-f', join(directory, path));
      expect([status, stderr]).toEqual([65, expect.stringContaining(message)]);
    }
  });
});

describe('rule test', () => {
  it('shows each test and fails with the place and the reason of each that does not hold', async () => {
    await frame('shell.png', 'shell.png');
    await frame('panic-vga.png', 'panic.png');
    await writeFile(join(directory, 'broken.png'), 'no picture');
    await writeFile(join(directory, 'p.yaml'), playbooks);
    const tests = ['panic.png, expect: match', 'shell.png, expect: match', 'broken.png, expect: no match'];
    await writeFile(join(directory, 'a.yaml'), oneRule('Kernel panic', ...tests.map((test) => `{ frame: ${test} }`)));
    const { status, stdout, stderr } = rule('test', '-f', directory);
    expect(status).toBe(65);
    const rows = stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    expect(rows).toEqual([
      ['RULE', 'FRAME', 'EXPECTED', 'GOT', 'OK'],
      ['one', 'panic.png', 'match', 'match', 'yes'],
      ['one', 'shell.png', 'match', 'no match', 'no'],
      ['one', 'broken.png', 'no match', 'unreadable', 'no'],
    ]);
    expect(stderr).toContain('2 of 3 tests failed:');
    expect(stderr).toContain(`${directory}/a.yaml:7: one on shell.png: expected match, got no match.`);
    expect(stderr).toContain(
      `${directory}/a.yaml:8: one on broken.png: expected no match, got unreadable. The picture is`,
    );
  });

  it('says which rules nobody tests', async () => {
    await writeFile(
      join(directory, 'a.yaml'),
      `rules: [{ name: one, when: { screen: x }, playbook: p }]\n${playbooks}`,
    );
    const { status, stderr } = rule('test', '-f', directory);
    expect([status, stderr]).toEqual([0, expect.stringContaining('Without tests: one.')]);
  });
});
