import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeCpio } from './index.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'cpio-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const odd = Buffer.from([0, 255, 10, 13, 48, 55, 48]);
const archive = encodeCpio([
  { path: '/athanor/ticket', mode: 0o400, data: 'ticket text\n' },
  { path: 'athanor/deep/er/odd', mode: 0o755, data: odd },
  { path: 'empty', mode: 0o644, data: '' },
  { path: 'folder', mode: 0o700 },
]);

test('cpio -t lists the members, with the directories they need', () => {
  const listed = execFileSync('cpio', ['-t', '--quiet'], { input: archive, encoding: 'utf8' });
  expect(listed.trimEnd().split('\n')).toEqual([
    'athanor',
    'athanor/ticket',
    'athanor/deep',
    'athanor/deep/er',
    'athanor/deep/er/odd',
    'empty',
    'folder',
  ]);
});

test('cpio -i extracts the same bytes and permissions', () => {
  execFileSync('cpio', ['-i', '--quiet'], { input: archive, cwd: directory });
  expect(readFileSync(join(directory, 'athanor/ticket'), 'utf8')).toBe('ticket text\n');
  expect(readFileSync(join(directory, 'athanor/deep/er/odd'))).toEqual(odd);
  expect(readFileSync(join(directory, 'empty')).length).toBe(0);
  expect(statSync(join(directory, 'athanor/ticket')).mode & 0o7777).toBe(0o400);
  expect(statSync(join(directory, 'folder')).isDirectory()).toBe(true);
});
