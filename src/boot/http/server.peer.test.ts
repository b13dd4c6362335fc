import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createBootHttpServer } from './index.ts';
import type { BootHttpServer } from './index.ts';

const run = promisify(execFile);
const content = randomBytes(5_000_001);
let directory = '';
let server: BootHttpServer;
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'boot-http-'));
  writeFileSync(join(directory, 'image.img'), content);
  server = await createBootHttpServer({
    address: '127.0.0.1',
    logger: quiet,
    respond: (request) =>
      Promise.resolve(
        request.path === '/image.img'
          ? { file: join(directory, 'image.img') }
          : { status: request.path === '/echo' ? 200 : 404, body: request.body ?? '' },
      ),
  });
});
beforeEach(() => rmSync(join(directory, 'got'), { force: true }));
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const curl = async (...args: string[]) => (await run('curl', ['-sS', '--max-time', '20', ...args])).stdout;
const into = () => ['-o', join(directory, 'got')];
const got = () => readFileSync(join(directory, 'got'));

test('curl downloads over a doubled slash and reads the headers by HEAD', async () => {
  await curl(...into(), 'http://127.0.0.1//image.img');
  expect(got().equals(content)).toBe(true);
  const head = await curl('-I', 'http://127.0.0.1/image.img');
  expect(head).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(head).toMatch(/content-length: 5000001\r\n/i);
  expect(head).toMatch(/content-type: application\/vnd.efi-img\r\n/i);
  expect(head).not.toMatch(/transfer-encoding/i);
});

test('curl goes on where a download stopped, and takes a part', async () => {
  writeFileSync(join(directory, 'got'), content.subarray(0, 1_234_567));
  await curl('-C', '-', ...into(), 'http://127.0.0.1/image.img');
  expect(got().equals(content)).toBe(true);
  await curl('-r', '-100', ...into(), 'http://127.0.0.1/image.img');
  expect(got().equals(content.subarray(-100))).toBe(true);
  const status = await curl('-r', '5000001-', '-o', '/dev/null', '-w', '%{http_code}', 'http://127.0.0.1/image.img');
  expect(status).toBe('416');
});

test('curl fetches only what is newer', async () => {
  const file = join(directory, 'image.img');
  const status = await curl('-z', file, '-o', '/dev/null', '-w', '%{http_code}', 'http://127.0.0.1/image.img');
  expect(status).toBe('304');
});

test('curl posts, up to the bound', async () => {
  expect(await curl('--data-binary', 'report', 'http://127.0.0.1/echo')).toBe('report');
  writeFileSync(join(directory, 'long'), Buffer.alloc(1024 * 1024 + 1));
  const post = ['--data-binary', `@${join(directory, 'long')}`, '-o', '/dev/null', '-w', '%{http_code}'];
  expect(await curl(...post, 'http://127.0.0.1/echo')).toBe('413');
});

test("busybox wget, the ramdisk's client, downloads", async () => {
  await run('busybox', ['wget', '-q', '-O', join(directory, 'got'), 'http://127.0.0.1/image.img'], { timeout: 20_000 });
  expect(got().equals(content)).toBe(true);
});
