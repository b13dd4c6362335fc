import { connect } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rangeOf } from './conditions.ts';
import { createBootHttpServer, mediaTypeOf, parseTarget } from './index.ts';
import type { BootHttpRequest, BootHttpServer } from './index.ts';

const content = randomBytes(3 * 512 * 1024 + 77);
let directory = '';
let server: BootHttpServer;
let last: BootHttpRequest | undefined;
const sent: number[] = [];
const logged: string[] = [];
const log = (_fields: object, message: string) => void logged.push(message);

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'boot-http-'));
  writeFileSync(join(directory, 'loader.efi'), content);
  writeFileSync(join(directory, 'empty'), '');
  mkdirSync(join(directory, 'folder'));
  server = await createBootHttpServer({
    address: '127.0.0.1',
    port: 0,
    logger: { debug: log, info: log, warn: log, error: log },
    limits: { bodyBytes: 1000, headersMilliseconds: 300, idleMilliseconds: 500 },
    respond: (request) => {
      last = request;
      if (request.path === '/broken') return Promise.reject(new Error('no'));
      if (request.path.startsWith('/file/')) {
        return Promise.resolve({
          file: join(directory, request.path.slice(6)),
          onSent: (n: number) => void sent.push(n),
        });
      }
      return Promise.resolve({ status: 200, headers: { 'cache-control': 'no-store' }, body: `${request.method} ok` });
    },
  });
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

const url = (path: string) => `http://127.0.0.1:${server.port}${path}`;
const bytes = async (response: Response) => Buffer.from(await response.arrayBuffer());

/** Sends raw bytes and returns all that comes back until the server closes. */
async function raw(text: string): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  let got = '';
  socket.on('data', (data) => (got += data.toString('latin1')));
  socket.write(text);
  await once(socket, 'close');
  return got;
}

describe('files', () => {
  test('GET sends the file with its length and media type, and says how much it sent', async () => {
    sent.length = 0;
    const response = await fetch(url('/file/loader.efi'));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe(String(content.length));
    expect(response.headers.get('content-type')).toBe('application/efi');
    expect((await bytes(response)).equals(content)).toBe(true);
    expect(sent).toEqual([content.length]);
  });

  test('HEAD has the same headers and no body', async () => {
    const response = await fetch(url('/file/loader.efi'), { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe(String(content.length));
    expect(await response.text()).toBe('');
  });

  test('a range is 206 with just its bytes; beyond the end is 416', async () => {
    const part = await fetch(url('/file/loader.efi'), { headers: { range: 'bytes=524280-1048600' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe(`bytes 524280-1048600/${content.length}`);
    expect((await bytes(part)).equals(content.subarray(524280, 1048601))).toBe(true);
    const beyond = await fetch(url('/file/loader.efi'), { headers: { range: `bytes=${content.length}-` } });
    expect(beyond.status).toBe(416);
    expect(beyond.headers.get('content-range')).toBe(`bytes */${content.length}`);
  });

  test('a client that has this version gets 304, one with another version the file', async () => {
    const first = await fetch(url('/file/loader.efi'), { method: 'HEAD' });
    const etag = first.headers.get('etag') ?? '';
    const modified = first.headers.get('last-modified') ?? '';
    expect((await fetch(url('/file/loader.efi'), { headers: { 'if-none-match': `"x", ${etag}` } })).status).toBe(304);
    expect((await fetch(url('/file/loader.efi'), { headers: { 'if-modified-since': modified } })).status).toBe(304);
    const other = await fetch(url('/file/loader.efi'), { headers: { 'if-none-match': '"x"' } });
    expect(other.status).toBe(200);
    await other.body?.cancel();
    const stale = await fetch(url('/file/loader.efi'), { headers: { range: 'bytes=0-0', 'if-range': '"x"' } });
    expect(stale.status).toBe(200);
    await stale.body?.cancel();
  });

  test('an empty file, a missing one and a folder', async () => {
    const empty = await fetch(url('/file/empty'));
    expect([empty.status, empty.headers.get('content-length')]).toEqual([200, '0']);
    expect((await fetch(url('/file/missing'))).status).toBe(404);
    expect((await fetch(url('/file/folder'))).status).toBe(404);
  });

  test('a client that leaves does not stop the server, and its end is not reported as sent', async () => {
    sent.length = 0;
    const large = join(directory, 'large');
    writeFileSync(large, '');
    truncateSync(large, 200_000_000);
    expect(statSync(large).size).toBe(200_000_000);
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET /file/large HTTP/1.1\r\nHost: x\r\n\r\n');
    await once(socket, 'data');
    logged.length = 0;
    socket.destroy();
    while (logged.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(logged).toEqual(['HTTP client went away']);
    expect((await fetch(url('/x'))).status).toBe(200);
    expect(sent).toEqual([]);
  });
});

describe('requests', () => {
  test('doubled slashes are one and are not redirected', async () => {
    const response = await fetch(url('//a///b%20c?x=1&x=2'), { redirect: 'error' });
    expect(response.headers.get('content-length')).toBe('6');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(last).toMatchObject({ method: 'GET', path: '/a/b c', remoteAddress: '127.0.0.1' });
    expect(last?.query.getAll('x')).toEqual(['1', '2']);
  });

  test('a POST carries its body; one byte too many is 413, also when the length is not told before', async () => {
    const fits = 'x'.repeat(1000);
    expect(await (await fetch(url('/p'), { method: 'POST', body: fits })).text()).toBe('POST ok');
    expect(last?.body?.toString()).toBe(fits);
    expect((await fetch(url('/p'), { method: 'POST', body: `${fits}x` })).status).toBe(413);
    const chunk = `${(1001).toString(16)}\r\n${fits}x\r\n0\r\n\r\n`;
    expect(await raw(`POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`)).toMatch(
      /^HTTP\/1.1 413 /,
    );
  });

  test('another method is 405, a climbing path 400, nonsense 400, a failing answer 500; all have a length', async () => {
    const close = 'Host: x\r\nConnection: close\r\n\r\n';
    expect(await raw(`DELETE / HTTP/1.1\r\n${close}`)).toMatch(/^HTTP\/1.1 405 [^]*content-length: \d/i);
    expect(await raw(`GET /a/%2e%2e/b HTTP/1.1\r\n${close}`)).toMatch(/^HTTP\/1.1 400 [^]*content-length: \d/i);
    expect(await raw('nonsense\r\n\r\n')).toMatch(/^HTTP\/1.1 400 [^]*content-length: \d/i);
    expect(await raw(`GET /broken HTTP/1.1\r\n${close}`)).toMatch(/^HTTP\/1.1 500 [^]*content-length: \d/i);
  });

  test('a client that never finishes its headers, or says nothing at all, is dropped', async () => {
    expect(await raw('GET / HTTP/1.1\r\nHost: ')).toMatch(/^(HTTP\/1.1 4|$)/);
    expect(await raw('')).not.toMatch(/ 200 /);
  });

  test('the address must be free', async () => {
    const taken = { address: '127.0.0.1', port: server.port, logger: { debug: log, info: log, warn: log, error: log } };
    const respond = () => Promise.resolve({ status: 200, body: '' });
    await expect(createBootHttpServer({ ...taken, respond })).rejects.toMatchObject({ code: 'address-in-use' });
  });
});

test('a target is parsed without a path that climbs, whatever it is', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('/', '.', '%', '2', 'e', 'E', 'f', '5', 'c', '\\', '?', 'a') }),
      (text) => {
        const parsed = parseTarget(`/${text}`);
        if (parsed === undefined) return;
        expect(parsed.path.split('/')).not.toContain('..');
        expect(parsed.path).not.toMatch(/\/\/|\\/);
      },
    ),
  );
  expect(parseTarget('http://10.0.0.1:80/a?b')?.path).toBe('/a');
  expect(parseTarget('http://10.0.0.1')?.path).toBe('/');
  expect(parseTarget('*')).toBeUndefined();
});

test.each([
  ['bytes=0-0', { start: 0, end: 0 }],
  ['bytes=5-', { start: 5, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-30', { start: 0, end: 9 }],
  ['bytes=2-99', { start: 2, end: 9 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=5-4', 'whole'],
  ['bytes=0-1,3-4', 'whole'],
  ['bytes=-', 'whole'],
  ['lines=1-2', 'whole'],
])('of ten bytes, %s is %j', (range, expected) => {
  expect(rangeOf({ range }, 10, { etag: '"e"', lastModified: '' })).toEqual(expected);
});

test('media types firmware looks for', () => {
  expect(mediaTypeOf('/x/SNPONLY.EFI')).toBe('application/efi');
  expect(mediaTypeOf('a.iso')).toBe('application/vnd.efi-iso');
  expect(mediaTypeOf('vmlinuz')).toBe('application/octet-stream');
});
