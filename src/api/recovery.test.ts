import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createControlPlaneFixture, type FixtureControlPlane } from './control-plane.fixture.ts';
import { incidentStates as recoveryStates } from '../recovery/index.ts';
import { type Api, createApi, createTokens, digestOfToken, incidentStates, problemSchema, runsOf } from './index.ts';
import { frameId, framePng } from './recovery.fixture.ts';

const token = `athanor_${randomBytes(32).toString('base64url')}`;
const headers = { authorization: `Bearer ${token}` };
let api: Api;
let plane: FixtureControlPlane;

beforeEach(async () => {
  plane = createControlPlaneFixture();
  api = await createApi({
    controlPlane: plane,
    tokens: createTokens([{ name: 'first', digest: digestOfToken(token) }]),
    certificate: { certificate: '', key: '', fingerprint: '' },
    logger: pino({ level: 'silent' }),
    version: '0.1.0',
  });
});
afterEach(() => api.close());

const get = (path: string) => api.app.inject({ url: `/api/v1/${path}`, headers });
const put = (path: string, payload: object) =>
  api.app.inject({ method: 'PUT', url: `/api/v1/${path}`, headers, payload });

describe('incidents', () => {
  it('are those that are not resolved, unless told otherwise', async () => {
    expect((await get('incidents')).json()).toMatchObject([{ id: 'i-1', state: 'escalated' }]);
    await get('incidents?state=all');
    expect(plane.calls).toEqual([
      ['listIncidents', { state: 'open' }],
      ['listIncidents', { state: 'all' }],
    ]);
    const wrong = await get('incidents?state=healing');
    expect(problemSchema.parse(wrong.json())).toMatchObject({ status: 400, field: 'state', value: 'healing' });
  });

  it('come with their timeline and what was observed', async () => {
    expect((await get('incidents/i-1')).json()).toMatchObject({
      reason: 'no rule matches the screen',
      timeline: [{ kind: 'incident.opened' }],
      observations: [{ frame: frameId, lines: ['Kernel panic - not syncing'], cursor: { column: 0, row: 1 } }],
    });
    expect(problemSchema.parse((await get('incidents/i-9')).json())).toMatchObject({ code: 'not-found', value: 'i-9' });
    expect((await get('outages')).json()).toMatchObject([{ id: 'u-1', machines: 200, watched: 200 }]);
  });
});

it('an incident has the states here that the recovery room gives it', () => {
  // They stand twice so that the command line need not load that room.
  expect(incidentStates).toEqual(recoveryStates);
});

describe('a frame', () => {
  it('is the PNG and nothing around it, and may be kept for ever', async () => {
    const answer = await get(`frames/${frameId}`);
    expect(answer.statusCode).toBe(200);
    expect(new Uint8Array(answer.rawPayload)).toEqual(new Uint8Array(framePng));
    expect(answer.headers).toMatchObject({
      'content-type': 'image/png',
      'content-length': '8',
      'cache-control': 'private, max-age=31536000, immutable',
      etag: `"${frameId}"`,
      'x-content-type-options': 'nosniff',
    });
  });

  it.each(['x', 'C0'.repeat(32), `${frameId}0`, '..%2f..%2fetc%2fpasswd'])('is not named %s', async (id) => {
    const answer = await get(`frames/${id}`);
    expect(problemSchema.parse(answer.json())).toMatchObject({ code: 'invalid-input', field: 'frame' });
  });

  it('that is not there is a problem document, not a picture', async () => {
    const answer = await get(`frames/${'ab'.repeat(32)}`);
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([404, 'application/problem+json']);
    expect(answer.headers['cache-control']).toBeUndefined();
  });
});

describe('a machine', () => {
  it('shows its screen now; no power is an answer, not an error', async () => {
    const answer = await get('machines/r1/screen');
    expect([answer.statusCode, answer.json()]).toMatchObject([200, { power: 'off', reading: null }]);
    expect(plane.calls).toEqual([['screenOf', 'r1']]);
  });

  it('goes into maintenance by one word, which must be a yes or a no', async () => {
    const changed = await put('machines/r1/maintenance', { maintenance: true, reason: 'new board' });
    expect([changed.statusCode, changed.json().maintenance]).toEqual([200, true]);
    expect((await put('machines/r1/maintenance', {})).statusCode).toBe(400);
    expect((await put('machines/r1/maintenance', { maintenance: 'off' })).statusCode).toBe(400);
    expect(plane.calls).toEqual([['setMaintenance', 'r1', true, 'new board']]);
  });
});

describe('rules', () => {
  const files = [{ name: 'panic.yaml', text: 'rules: []\n' }];

  it('are replaced whole, and told with where they stand', async () => {
    expect((await get('rules')).json()).toMatchObject({ revision: 1, rules: [{ source: { line: 2 } }] });
    const applied = await put('rules', { files });
    expect([applied.statusCode, applied.json()]).toMatchObject([200, { revision: 2, files }]);
    expect(plane.calls).toEqual([['applyRules', files]]);
  });

  it('that are wrong are refused with every finding: place, what is wrong, and what to do', async () => {
    const refused = await put('rules', { files: [{ name: 'a.yaml', text: 'wrong' }] });
    expect(refused.headers['content-type']).toBe('application/problem+json');
    expect(problemSchema.parse(refused.json())).toMatchObject({
      status: 422,
      code: 'invalid-rules',
      errors: [
        { field: 'a.yaml:3', detail: 'There is no playbook "cycle".', value: 'cycle', remedy: 'Declare it.' },
        { field: 'b.yaml', detail: 'The file is empty.', remedy: 'Write `rules: []`.' },
      ],
    });
  });

  it('may be more than other requests, but not without bound', async () => {
    const text = '#'.repeat(1024 * 1024);
    const large = await put('rules', { files: [1, 2, 3].map((number) => ({ name: `${number}.yaml`, text })) });
    expect(large.statusCode).toBe(200);
    const tooLarge = await put('rules', { files: [1, 2, 3, 4].map((number) => ({ name: `${number}.yaml`, text })) });
    expect([tooLarge.statusCode, problemSchema.parse(tooLarge.json()).code]).toEqual([413, 'invalid-input']);
    const badName = await put('rules', { files: [{ name: 'a\n.yaml', text: '' }] });
    expect(badName.statusCode).toBe(400);
  });
});

it('a credential is for IPMI with a user, or for VNC without one', async () => {
  const statuses = [];
  for (const body of [
    { protocol: 'vnc', password: 'x' },
    { protocol: 'vnc', username: 'root', password: 'x' },
    { protocol: 'ipmi', password: 'x' },
  ]) {
    statuses.push((await put('credentials/console', body)).statusCode);
  }
  expect(statuses).toEqual([200, 400, 400]);
  expect(plane.calls).toEqual([['setCredential', 'console', { protocol: 'vnc', username: '', password: 'x' }]]);
});

describe('the runs of a screen', () => {
  const cell = (character: string, foreground: number, background = 0) => ({ character, foreground, background });

  it('join neighbours of the same colours; an empty cell goes with its neighbour', () => {
    const cells = [
      [cell(' ', 0), cell('a', 0xff0000), cell(' ', 0), cell('b', 0xff0000)],
      [cell('c', 0xffffff), cell('d', 0xaaaaaa), cell(' ', 0xaa, 0xaa), cell('e', 1, 0xaa)],
    ].flat();
    expect(runsOf({ columns: 4, rows: 2, cells })).toEqual([
      [{ text: ' a b', foreground: '#ff0000', background: '#000000' }],
      [
        { text: 'c', foreground: '#ffffff', background: '#000000' },
        { text: 'd', foreground: '#aaaaaa', background: '#000000' },
        { text: ' e', foreground: '#000001', background: '#0000aa' },
      ],
    ]);
  });
});
