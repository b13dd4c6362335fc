import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { systemBootClock } from '../boot-ports.ts';
import { createTftpServer, tftpFile } from './index.ts';
import type { TftpReport, TftpServer } from './index.ts';
import { openPlainSocket, silentLogger } from './plain-socket.fixture.ts';

let directory = '';
let server: TftpServer;
let reports: TftpReport[] = [];
const file = randomBytes(600_001);
const text = Buffer.from('first line\nsecond\rline\r\nlast');

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tftp-'));
  writeFileSync(join(directory, 'served'), file);
  server = await createTftpServer({
    address: '127.0.0.1',
    openSocket: openPlainSocket,
    read: (path) => {
      if (path === 'sub/file') return tftpFile(join(directory, 'served'));
      return new Map([
        ['memory', file.subarray(0, 1024)],
        ['text', text],
      ]).get(path);
    },
    clock: systemBootClock,
    logger: silentLogger,
    onTransfer: (report) => reports.push(report),
  });
});
beforeEach(() => {
  reports = [];
});
afterEach(() => rmSync(join(directory, 'got'), { force: true }));
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const got = () => readFileSync(join(directory, 'got'));

async function run(command: string, args: string[]): Promise<{ code: number; output: string }> {
  const child = spawn(command, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 });
  let output = '';
  child.stdout.on('data', (data: Buffer) => (output += data.toString()));
  child.stderr.on('data', (data: Buffer) => (output += data.toString()));
  const [code] = await once(child, 'close');
  return { code: Number(code), output };
}

const curl = (...args: string[]) => run('curl', ['-sS', '--max-time', '25', ...args]);
const atftp = (name: string, ...options: string[]) =>
  run('atftp', [...options.flatMap((o) => ['--option', o]), '-g', '-r', name, '-l', 'got', '127.0.0.1', '69']);

test.each([8, 512, 1468, 65464])('curl reads a file with blksize %d (8: the block number wraps)', async (size) => {
  const result = await curl('--tftp-blksize', String(size), '-o', 'got', 'tftp://127.0.0.1/sub/file');
  expect(result).toEqual({ code: 0, output: '' });
  expect(got().equals(file)).toBe(true);
});

test('curl without options, and a length that is a multiple of the block', async () => {
  expect((await curl('--tftp-no-options', '-o', 'got', 'tftp://127.0.0.1//memory')).code).toBe(0);
  expect(got().equals(file.subarray(0, 1024))).toBe(true);
});

test.each([['windowsize 1'], ['windowsize 7'], ['windowsize 1000']])('atftp reads with %s', async (windowSize) => {
  const result = await atftp('sub/file', 'blksize 1024', 'tsize 0', 'timeout 2', windowSize);
  expect(result).toMatchObject({ code: 0 });
  expect(got().equals(file)).toBe(true);
});

test('tftp-hpa reads in octet and in netascii', async () => {
  expect((await run('tftp', ['-m', 'octet', '127.0.0.1', '-c', 'get', 'sub/file', 'got'])).code).toBe(0);
  expect(got().equals(file)).toBe(true);
  expect((await run('tftp', ['-m', 'ascii', '127.0.0.1', '-c', 'get', 'text', 'got'])).code).toBe(0);
  expect(got()).toEqual(text);
});

test('a missing file, a climbing path and a write are refused', async () => {
  expect(await curl('-o', 'got', 'tftp://127.0.0.1/missing')).toMatchObject({ code: 68 });
  const climbing = await run('tftp', ['-m', 'octet', '127.0.0.1', '-c', 'get', '../../etc/hostname', 'got']);
  expect(climbing.output).toContain('File not found');
  writeFileSync(join(directory, 'mine'), 'x');
  const written = await run('tftp', ['-m', 'octet', '127.0.0.1', '-c', 'put', 'mine', 'theirs']);
  expect(written.output).toContain('read-only');
});

test('eight clients at once each get the whole file', async () => {
  const all = Array.from({ length: 8 }, (_, index) =>
    curl('--tftp-blksize', '1468', '-o', `got-${index}`, 'tftp://127.0.0.1/sub/file'),
  );
  await Promise.all(all);
  for (let index = 0; index < 8; index++) {
    expect(readFileSync(join(directory, `got-${index}`)).equals(file)).toBe(true);
  }
  expect(reports.map((report) => report.outcome)).toEqual(Array(8).fill('done'));
});
