/** The commands that need no server. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const program = resolve(import.meta.dirname, '../../bin/athanor');
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'athanor-local-'));
});
afterEach(() => rm(directory, { recursive: true }));

function athanor(...args: string[]) {
  return spawnSync(program, args, { encoding: 'utf8' });
}

it('what config detect prints, config check finds nothing wrong with', async () => {
  for (const format of ['yaml', 'json']) {
    const detected = athanor('config', 'detect', '-o', format);
    expect([detected.status, detected.stderr]).toEqual([0, '']);
    const file = join(directory, `athanor.${format}`);
    await writeFile(file, detected.stdout);
    const checked = athanor('config', 'check', '--config', file, '-o', 'json');
    expect([checked.status, checked.stderr]).toEqual([0, '']);
    expect(JSON.parse(checked.stdout)).toEqual({ valid: true, warnings: [] });
  }
});

it('config check tells every mistake with its line, and ends with the code for configurations', async () => {
  const file = join(directory, 'athanor.yaml');
  await writeFile(file, 'dataDirectory: data\nloader: /x\nimages:\n  - { name: a, file: none.raw, sha256: 12 }\n');
  const text = athanor('config', 'check', '--config', file);
  expect([text.status, text.stdout]).toEqual([78, '']);
  expect(text.stderr).toContain(
    `${file}:2:1: error: loader: The key "loader" is not known here. Did you mean "loaders"?`,
  );
  expect(text.stderr).toContain(`${file}:4:22: error: images[0].file: There is no file`);
  expect(text.stderr).toContain(`${file}:4:40: error: images[0].sha256: "12" is not a SHA-256`);
  const json = athanor('config', 'check', '--config', file, '-o', 'json');
  expect(JSON.parse(json.stderr)).toMatchObject({
    code: 'invalid-configuration',
    errors: [{ line: 2 }, { field: 'images[0].file' }, { field: 'images[0].sha256', value: '12' }],
  });
});

it('config detect names the interface nearest to a mistyped one', () => {
  const wrong = athanor('config', 'detect', '--interface', 'no-such-interface');
  expect([wrong.status, wrong.stderr]).toEqual([65, expect.stringContaining('There are: ')]);
});

it('completion offers commands, their words and options', () => {
  const complete = (...words: string[]): string => {
    const list = words.map((word) => `'${word}'`).join(' ');
    const ask = `source <('${program}' completion bash); COMP_WORDS=(athanor ${list}); COMP_CWORD=${words.length}; _athanor; echo "\${COMPREPLY[*]}"`;
    return spawnSync('bash', ['-c', ask], { encoding: 'utf8' }).stdout.trim();
  };
  expect(complete('mach')).toBe('machine');
  expect(complete('bmc', 'power', 'r1', 'c')).toBe('cycle');
  expect(complete('machine', 'deploy', 'r1', '--im')).toBe('--image');
});
