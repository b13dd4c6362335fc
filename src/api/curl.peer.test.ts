/** The API as curl sees it. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createControlPlaneFixture } from './control-plane.fixture.ts';
import {
  certificateFile,
  createApi,
  createTokens,
  digestOfToken,
  ensureCertificate,
  ensureFirstToken,
  type Api,
} from './index.ts';
import { frameId, framePng } from './recovery.fixture.ts';

const run = promisify(execFile);
let directory: string;
let api: Api;
let url: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'athanor-curl-'));
  const certificate = await ensureCertificate({ directory, clock: { now: () => new Date() }, names: [] });
  const token = await ensureFirstToken(directory, randomBytes);
  await writeFile(join(directory, 'headers'), `Authorization: Bearer ${token}\n`);
  const plane = createControlPlaneFixture();
  plane.append('machine.discovered', 'm-1');
  api = await createApi({
    controlPlane: plane,
    tokens: createTokens([{ name: 'first', digest: digestOfToken(token) }]),
    certificate,
    logger: pino({ level: 'silent' }),
    version: '0.1.0',
  });
  const [tcp] = await api.listen([{ host: '127.0.0.1', port: 0 }, { path: join(directory, 'api.sock') }]);
  url = tcp?.url ?? '';
});
afterEach(async () => {
  await api.close();
  await rm(directory, { recursive: true });
});

function curl(...args: string[]): Promise<string> {
  const common = ['--silent', '--show-error', '--cacert', join(directory, certificateFile)];
  return run('curl', [...common, '--header', `@${join(directory, 'headers')}`, ...args]).then(({ stdout }) => stdout);
}

it('verifies the certificate and gets the machines over TCP and over the unix socket', async () => {
  const overTcp = await curl('--fail', `${url}/api/v1/machines`);
  const overUnix = await curl(
    '--fail',
    '--unix-socket',
    join(directory, 'api.sock'),
    'https://localhost/api/v1/machines',
  );
  expect(JSON.parse(overTcp)).toHaveLength(2);
  expect(overUnix).toBe(overTcp);
});

it('is refused without --cacert', async () => {
  await expect(run('curl', ['--silent', '--show-error', `${url}/healthz`])).rejects.toThrow(/certificate/);
});

it('reads the event stream', async () => {
  const stream = await curl('--fail', '--no-buffer', `${url}/api/v1/events?follow=false`);
  expect(stream).toMatch(/^id: 1\ndata: \{.*"kind":"machine.discovered"/m);
});

it('gets a problem document with a status that scripts can use', async () => {
  const out = await curl('--write-out', '\n%{http_code} %{content_type}', `${url}/api/v1/machines/none`);
  const [body, line] = out.split('\n');
  expect(line).toBe('404 application/problem+json');
  expect(JSON.parse(body ?? '')).toMatchObject({ code: 'not-found', value: 'none' });
});

it('saves a picture byte by byte, and has every finding about rules sent from a file', async () => {
  const picture = join(directory, 'frame.png');
  await curl('--fail', '--output', picture, `${url}/api/v1/frames/${frameId}`);
  expect(new Uint8Array(await readFile(picture))).toEqual(new Uint8Array(framePng));
  const file = join(directory, 'rules.json');
  await writeFile(file, JSON.stringify({ files: [{ name: 'a.yaml', text: 'wrong' }] }));
  const json = ['--header', 'Content-Type: application/json', '--data-binary', `@${file}`];
  const refused = await curl('--request', 'PUT', ...json, `${url}/api/v1/rules`);
  expect(JSON.parse(refused)).toMatchObject({ status: 422, errors: [{ field: 'a.yaml:3' }, { field: 'b.yaml' }] });
});
