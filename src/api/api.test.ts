import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Certificate } from './certificate.ts';
import { createControlPlaneFixture, type FixtureControlPlane } from './control-plane.fixture.ts';
import { createApi, createTokens, digestOfToken, problemSchema, type Api } from './index.ts';

const token = `athanor_${randomBytes(32).toString('base64url')}`;
const certificate: Certificate = { certificate: '', key: '', fingerprint: '' }; // inject() opens no listener
const bearer = { authorization: `Bearer ${token}` };

let api: Api;
let plane: FixtureControlPlane;
let log: string[];
let now: Date;

beforeEach(async () => {
  plane = createControlPlaneFixture();
  log = [];
  now = new Date('2026-11-21T10:00:00Z');
  api = await createApi({
    controlPlane: plane,
    tokens: createTokens([{ name: 'first', digest: digestOfToken(token) }]),
    certificate,
    logger: pino({ level: 'trace' }, { write: (line: string) => void log.push(line) }),
    version: '0.1.0',
    clock: { now: () => now },
  });
});
afterEach(() => api.close());

describe('the token', () => {
  it('is needed on every route but the two open ones', async () => {
    expect((await api.app.inject('/healthz')).json()).toEqual({ status: 'ok', version: '0.1.0' });
    const routes = openApiRoutes((await api.app.inject('/openapi.json')).json());
    expect(routes.length).toBeGreaterThan(15);
    for (const { method, path } of routes) {
      const answer = await api.app.inject({ method, url: path.replaceAll(/\{\w+\}/g, 'x') });
      expect([path, answer.statusCode], `${method} ${path}`).toEqual([path, 401]);
      expect(problemSchema.parse(answer.json()).code).toBe('unauthorised');
      expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
    }
    expect(plane.calls).toEqual([]);
  });

  it('is needed even to learn that a route does not exist', async () => {
    expect((await api.app.inject('/api/v1/secrets')).statusCode).toBe(401);
    const answer = await api.app.inject({ url: '/api/v1/secrets', headers: bearer });
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([404, 'application/problem+json']);
    expect(problemSchema.parse(answer.json())).toMatchObject({ code: 'not-found', value: '/api/v1/secrets' });
  });

  it('is refused when wrong, and guessing is slowed down without locking out who has the right one', async () => {
    expect((await api.app.inject({ url: '/api/v1/machines', headers: bearer })).statusCode).toBe(200);
    const wrong = { authorization: `Bearer ${token}x` };
    const statuses: number[] = [];
    for (let guess = 0; guess < 12; guess += 1) {
      statuses.push((await api.app.inject({ url: '/api/v1/machines', headers: wrong })).statusCode);
    }
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    expect((await api.app.inject({ url: '/api/v1/machines', headers: bearer })).statusCode).toBe(200);
    now = new Date(now.getTime() + 6000);
    expect((await api.app.inject({ url: '/api/v1/machines', headers: wrong })).statusCode).toBe(401);
  });

  it('reaches neither log nor answer, nor does a password', async () => {
    const password = `canary-${randomBytes(8).toString('hex')}`;
    const put = await api.app.inject({
      method: 'PUT',
      url: `/api/v1/credentials/lab?token=${token}`,
      headers: bearer,
      payload: { protocol: 'ipmi', username: 'admin', password },
    });
    expect([put.statusCode, put.json()]).toEqual([200, { name: 'lab' }]);
    const bad = await api.app.inject({
      method: 'PUT',
      url: '/api/v1/credentials/lab',
      headers: bearer,
      payload: { protocol: 'telnet', username: 'admin', password: [password] },
    });
    expect(bad.statusCode).toBe(400);
    expect(bad.body).not.toContain(password);
    expect(log.length).toBeGreaterThan(0);
    expect(log.join('')).not.toContain(password);
    expect(log.join('')).not.toContain(token);
  });
});

describe('errors', () => {
  it('are problem documents of the catalogue', async () => {
    const answer = await api.app.inject({
      method: 'POST',
      url: '/api/v1/machines/r1/deploy',
      headers: bearer,
      payload: { image: 'none-such' },
    });
    expect(answer.statusCode).toBe(404);
    expect(problemSchema.parse(answer.json())).toEqual({
      type: 'urn:athanor:error:not-found',
      title: 'No such thing',
      status: 404,
      detail: 'There is no image none-such.',
      code: 'not-found',
      field: 'image',
      value: 'none-such',
      remedy: 'List what there is and try one of those names.',
      instance: expect.stringMatching(/^urn:athanor:request:/),
    });
  });

  it('of validation name each field and its value, an unknown key too', async () => {
    const answer = await api.app.inject({
      method: 'POST',
      url: '/api/v1/machines/r1/deploy',
      headers: bearer,
      payload: { image: 'lab-os', hostname: 'under_score', colour: 'red' },
    });
    expect(answer.statusCode).toBe(400);
    const problem = problemSchema.parse(answer.json());
    expect(problem).toMatchObject({ code: 'invalid-input', field: 'hostname', value: 'under_score' });
    expect(problem.errors?.map(({ field }) => field)).toEqual(['hostname', 'colour']);
    expect(plane.calls).toEqual([]);
  });

  it('of broken JSON, of a body too large and of query strings are the caller’s', async () => {
    const post = { method: 'POST', url: '/api/v1/machines/r1/deploy' } as const;
    const headers = { ...bearer, 'content-type': 'application/json' };
    const broken = await api.app.inject({ ...post, headers, payload: '{' });
    const large = await api.app.inject({ ...post, headers, payload: JSON.stringify({ image: 'x'.repeat(300_000) }) });
    const query = await api.app.inject({ url: '/api/v1/operations?state=done', headers: bearer });
    const url = await api.app.inject({ url: '/api/v1/machines/%zz', headers: bearer });
    expect([broken, large, query, url].map(({ statusCode }) => statusCode)).toEqual([400, 413, 400, 400]);
    expect(problemSchema.parse(query.json())).toMatchObject({ field: 'state', value: 'done' });
    for (const answer of [broken, large, url]) expect(problemSchema.parse(answer.json()).code).toBe('invalid-input');
  });

  it('while the server stops say so, as a problem document', async () => {
    // A listener of its own, that is still open when the API has stopped.
    const server = createServer((request, response) => api.app.routing(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const ask = (): Promise<Response> => fetch(`http://127.0.0.1:${port}/api/v1/machines`, { headers: bearer });
    expect((await ask()).status).toBe(200);
    await api.close();
    const answer = await ask();
    server.close();
    expect([answer.status, answer.headers.get('connection')]).toEqual([503, 'close']);
    expect(problemSchema.parse(await answer.json()).code).toBe('unreachable');
  });

  it('inside say nothing of the inside', async () => {
    plane.listLeases = () => Promise.reject(new Error('/var/lib/athanor/secret.key is gone'));
    const answer = await api.app.inject({ url: '/api/v1/leases', headers: bearer });
    expect(answer.statusCode).toBe(500);
    expect(answer.body).not.toContain('secret.key');
    const { instance } = problemSchema.parse(answer.json());
    expect(log.join('')).toContain(instance.split(':').at(-1));
  });
});

describe('what is carried', () => {
  it('lists are arrays, references may be MACs, work answers 202 with its place', async () => {
    const list = await api.app.inject({ url: '/api/v1/machines', headers: bearer });
    expect(list.json()).toHaveLength(2);
    const byMac = await api.app.inject({ url: '/api/v1/machines/52%3A54%3A00%3A00%3A00%3A01', headers: bearer });
    expect(byMac.json()).toMatchObject({ id: 'm-1', inventory: { cpus: 2 } });
    const deploy = await api.app.inject({
      method: 'POST',
      url: '/api/v1/machines/r1/deploy',
      headers: bearer,
      payload: { image: 'lab-os', hostname: 'r1.lab' },
    });
    expect([deploy.statusCode, deploy.headers['location']]).toEqual([202, '/api/v1/operations/op-1']);
    expect(plane.calls).toEqual([['deployMachine', 'r1', { image: 'lab-os', hostname: 'r1.lab' }]]);
  });

  it('a command of a BMC answers its outcome; its parameters come as a query or as a body, and what is left out is preset', async () => {
    plane.action = { ...plane.action, outcome: 'outcome unknown' };
    const post = (url: string, payload?: object) =>
      api.app.inject({
        method: 'POST',
        url: `/api/v1/bmcs/r1-bmc/${url}`,
        headers: bearer,
        ...(payload && { payload }),
      });
    const answer = await post('boot/pxe', { uefi: true });
    expect([answer.statusCode, answer.json().outcome]).toEqual([200, 'outcome unknown']);
    expect((await post('power/off')).statusCode).toBe(200);
    const status = await api.app.inject({ url: '/api/v1/bmcs/r1-bmc/power/status', headers: bearer });
    expect(status.statusCode).toBe(200);
    expect(plane.calls).toEqual([
      ['askBmc', 'r1-bmc', 'boot pxe', expect.objectContaining({ uefi: true, persistent: false }), 'first'],
      ['askBmc', 'r1-bmc', 'power off', {}, 'first'],
      ['askBmc', 'r1-bmc', 'power status', {}, 'first'],
    ]);
    for (const refused of [await post('boot/pxe', { uefy: true }), await post('boot/pxe', { uefi: 'maybe' })]) {
      expect([refused.statusCode, refused.json().code]).toEqual([400, 'invalid-input']);
    }
  });
});

describe('the OpenAPI document', () => {
  it('is OpenAPI 3.1, every reference in it leads somewhere, every route has an id and an answer', async () => {
    const document = (await api.app.inject('/openapi.json')).json();
    expect(document.openapi).toBe('3.1.0');
    const schemas = Object.keys(document.components.schemas);
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference);
    expect(references.length).toBeGreaterThan(20);
    for (const reference of references) {
      expect(schemas.map((name) => `#/components/schemas/${name}`)).toContain(reference);
    }
    const routes = openApiRoutes(document);
    expect(new Set(routes.map(({ operation }) => operation['operationId'])).size).toBe(routes.length);
    for (const { path, operation } of routes) expect(Object.keys(Object(operation['responses'])), path).not.toEqual([]);
    for (const { path, operation } of routes) {
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = Array.isArray(operation['parameters']) ? operation['parameters'] : [];
      expect(declared.filter(({ in: place }) => place === 'path').map(({ name }) => name)).toEqual(names);
    }
  });
});

type Method = 'GET' | 'PUT' | 'POST';

function openApiRoutes(document: { paths: Record<string, Record<string, Record<string, unknown>>> }) {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: asMethod(method), path, operation })),
  );
}

function asMethod(method: string): Method {
  const upper = method.toUpperCase();
  if (upper === 'GET' || upper === 'PUT' || upper === 'POST') return upper;
  throw new Error(`an unexpected method ${method}`);
}
