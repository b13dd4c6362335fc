import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { machineStates } from '../../machine/index.ts';
import { firstBoot, type HeartbeatsBench, openHeartbeatsBench, secondBoot } from './testing/heartbeats-bench.ts';

const here = '10.0.0.11';
const elsewhere = '10.0.0.12';
let bench: HeartbeatsBench;
let machine: string;
beforeEach(async () => {
  bench = await openHeartbeatsBench();
  machine = await bench.addMachine(here);
});
afterEach(() => bench.close());

const silence = (id = machine) => bench.heartbeats.watched().find(({ machineId }) => machineId === id);

describe('enrolment', () => {
  it('of a machine that somebody switched on by hand ends its being off on purpose', async () => {
    const { db } = bench.store;
    await db.updateTable('machines').set({ off_on_purpose: 1 }).where('id', '=', machine).execute();
    await bench.enrol(here);
    const row = await db.selectFrom('machines').select('off_on_purpose').where('id', '=', machine).executeTakeFirst();
    expect(row).toEqual({ off_on_purpose: 0 });
  });

  it('gives a token by which the machine is heard, and keeps only its hash', async () => {
    const heard: string[] = [];
    bench.heartbeats.onHeard((id) => heard.push(id));
    const enrolled = await bench.post('enrol', { address: here, body: { bootId: firstBoot, version: '1' } });
    expect(enrolled).toMatchObject({ status: 200, body: { intervalMs: 10_000 } });
    const token = String(enrolled.body['token']);
    expect(await bench.beat(here, token, 1)).toEqual({ status: 200, body: { intervalMs: 10_000 } });
    expect(heard).toEqual([machine, machine]);
    expect(await bench.events('machine.agent-enrolled')).toMatchObject([
      { subject: { kind: 'machine', id: machine }, data: { bootId: firstBoot, address: here, version: '1' } },
    ]);
    expect(JSON.stringify(await bench.rows())).not.toContain(token);
    expect(JSON.stringify(await bench.events('machine.agent-enrolled'))).not.toContain(token);
  });

  it('is for machines that may run what was deployed on them', async () => {
    const answers = new Map<string, unknown>();
    for (const [index, state] of machineStates.entries()) {
      const address = `10.0.1.${index + 1}`;
      await bench.addMachine(address, state);
      const { status, body } = await bench.post('enrol', { address, body: { bootId: firstBoot, version: '1' } });
      answers.set(state, status === 200 ? 'enrolled' : body['code']);
    }
    const enrolled = [...answers].filter(([, answer]) => answer === 'enrolled').map(([state]) => state);
    expect(enrolled).toEqual(['deploying', 'active', 'recovering', 'failed']);
    expect([...answers.values()].filter((answer) => answer === 'state-forbids')).toHaveLength(machineStates.length - 4);
  });

  it.each([
    ['an address that nobody has', () => undefined],
    ['a card that no machine has', () => '52:54:00:99:99:99'],
  ])('is refused from %s', async (_what, macOf) => {
    const other = await openHeartbeatsBench({ macOf });
    expect(await other.post('enrol', { address: here, body: { bootId: firstBoot, version: '1' } })).toMatchObject({
      status: 404,
      body: { code: 'not-found' },
    });
    await other.close();
  });

  it('again in the same boot makes the older token void, and begins a new count', async () => {
    const older = await bench.enrol(here);
    await bench.beat(here, older, 7);
    const newer = await bench.enrol(here);
    expect(await bench.beat(here, older, 8)).toMatchObject({ status: 401, body: { code: 'unauthorised' } });
    expect(await bench.beat(here, newer, 1)).toMatchObject({ status: 200 });
    expect(await bench.rows()).toHaveLength(1);
  });

  it('is told once for each boot, however often an agent enrols in it', async () => {
    for (const boot of [firstBoot, firstBoot, firstBoot, secondBoot, secondBoot]) await bench.enrol(here, boot);
    const told = await bench.events('machine.agent-enrolled');
    expect(told.map(({ data }) => Object(data)['bootId'])).toEqual([firstBoot, secondBoot]);
  });

  it('is bounded for each address, and the others do not wait for it', async () => {
    const another = await bench.addMachine(elsewhere);
    const statuses: number[] = [];
    for (let count = 0; count < 12; count += 1)
      statuses.push((await bench.post('enrol', { address: here, body: {} })).status);
    expect(statuses).toEqual([...Array<number>(10).fill(400), 429, 429]);
    await bench.enrol(elsewhere);
    expect(silence(another)).toBeDefined();
    bench.jump(1000);
    await bench.enrol(here);
  });
});

describe('a heartbeat', () => {
  it('is heard from the enrolled address only', async () => {
    const token = await bench.enrol(here);
    bench.jump(5000);
    expect(await bench.beat(elsewhere, token, 1)).toMatchObject({ status: 401 });
    expect(silence()?.silentForMs).toBe(5000);
  });

  it.each([
    ['none', {}],
    ['another scheme', { authorization: 'Basic abc' }],
    ['one that is too long', { authorization: `Bearer ${'x'.repeat(5000)}` }],
  ])('is refused with %s for a token', async (_what, headers) => {
    await bench.enrol(here);
    const response = await bench.heartbeats.service({
      method: 'POST',
      path: '/agent/v1/heartbeat',
      query: new URLSearchParams(),
      headers,
      remoteAddress: here,
      body: Buffer.from('{"sequence":1,"uptimeMs":1}'),
    });
    expect(response).toMatchObject({ status: 401 });
  });

  it('with a number that is not greater is refused, and the machine stays silent', async () => {
    const token = await bench.enrol(here);
    await bench.beat(here, token, 5);
    bench.jump(5000);
    for (const sequence of [5, 4, 1])
      expect(await bench.beat(here, token, sequence)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect(silence()?.silentForMs).toBe(5000);
    expect(await bench.beat(here, token, 6)).toMatchObject({ status: 200 });
    expect(silence()?.silentForMs).toBe(0);
  });

  it('is heard ten times a second, not more often', async () => {
    const token = await bench.enrol(here);
    const statuses: number[] = [];
    for (let sequence = 1; sequence <= 12; sequence += 1)
      statuses.push((await bench.beat(here, token, sequence)).status);
    expect(statuses).toEqual([...Array<number>(10).fill(200), 429, 429]);
    bench.jump(100);
    expect(await bench.beat(here, token, 13)).toMatchObject({ status: 200 });
  });

  it('tells of a farewell once, and leaves the machine a long time to come back', async () => {
    const token = await bench.enrol(here);
    expect(silence()).toMatchObject({ stopping: false, missedAfterMs: 30_000 });
    await bench.beat(here, token, 1, { stopping: true });
    expect(silence()).toMatchObject({ stopping: true, missedAfterMs: 600_000 });
    expect(bench.heartbeats.lastBeat(machine)).toMatchObject({ stopping: true });
    await bench.beat(here, token, 2);
    expect(silence()).toMatchObject({ stopping: false, missedAfterMs: 30_000 });
    await bench.beat(here, token, 3, { stopping: true });
    expect(await bench.events('machine.agent-stopping')).toHaveLength(1);
    await bench.enrol(here, secondBoot);
    expect(silence()).toMatchObject({ stopping: false, missedAfterMs: 30_000, bootId: secondBoot });
  });

  it('takes no clock for true: neither the uptime it tells nor our own wall clock', async () => {
    const token = await bench.enrol(here);
    bench.jump(4000);
    bench.setWallClock(0);
    expect(silence()?.silentForMs).toBe(4000);
    await bench.beat(here, token, 1, { uptimeMs: Number.MAX_SAFE_INTEGER });
    bench.setWallClock(4_000_000_000_000);
    await bench.beat(here, token, 2, { uptimeMs: 0 });
    expect(silence()?.silentForMs).toBe(0);
    expect(await bench.heartbeats.agentOf(machine)).toMatchObject({ uptimeMs: 0, sequence: 2, address: here });
  });

  it('goes on when a listener fails', async () => {
    bench.heartbeats.onHeard(() => {
      throw new Error('deaf');
    });
    const end = bench.heartbeats.onHeard(() => undefined);
    end();
    const token = await bench.enrol(here);
    expect(await bench.beat(here, token, 1)).toMatchObject({ status: 200 });
    expect(bench.errors).toMatchObject([{ message: 'deaf' }, { message: 'deaf' }]);
  });
});

it('an agent that still keeps a longer interval is not missed by a shorter one', async () => {
  const token = await bench.enrol(here);
  await bench.restart('stopped');
  const hasty = await openHeartbeatsBench({ settings: { intervalMs: 1000 } });
  const same = await hasty.addMachine(here);
  await hasty.store.db
    .insertInto('agents')
    .values((await bench.rows()).map((row) => ({ ...row, machine_id: same })))
    .execute();
  await hasty.restart('stopped');
  const watched = () => hasty.heartbeats.watched()[0];
  expect(watched()).toMatchObject({ intervalMs: 10_000, missedAfterMs: 30_000 });
  expect((await hasty.beat(here, token, 1, { intervalMs: 10_000 })).body).toEqual({ intervalMs: 1000 });
  expect(watched()).toMatchObject({ missedAfterMs: 30_000 });
  await hasty.beat(here, token, 2, { intervalMs: 1000 });
  expect(watched()).toMatchObject({ intervalMs: 1000, missedAfterMs: 3000 });
  await hasty.close();
});

it('leaves other paths to others', async () => {
  const request = { query: new URLSearchParams(), headers: {}, remoteAddress: here };
  for (const path of ['/', '/agent/v1', '/agent/v2/enrol', '/ramdisk/v1/exchange', '/agent/v1/other'])
    expect(await bench.heartbeats.service({ ...request, method: 'POST', path })).toBeUndefined();
  expect(await bench.heartbeats.service({ ...request, method: 'GET', path: '/agent/v1/enrol' })).toBeUndefined();
});

describe('whatever is sent', () => {
  const bodies = fc.oneof(
    fc.json(),
    fc.string(),
    fc.record({ sequence: fc.anything(), uptimeMs: fc.anything(), stopping: fc.anything() }).map((body) => {
      try {
        return JSON.stringify(body) ?? '';
      } catch {
        return '';
      }
    }),
    fc.constant('x'.repeat(5000)),
    fc.constant(`{"sequence":1e400,"uptimeMs":1}`),
    fc.constant(`{"sequence":${'9'.repeat(30)},"uptimeMs":1}`),
    fc.constant(`${'['.repeat(2000)}`),
  );

  it('is answered, and never with an error of ours', async () => {
    const token = await bench.enrol(here);
    await fc.assert(
      fc.asyncProperty(bodies, fc.constantFrom('enrol', 'heartbeat'), async (body, endpoint) => {
        bench.jump(1000);
        const { status } = await bench.post(endpoint, { address: here, token, body });
        expect([200, 400, 401, 409]).toContain(status);
      }),
      { numRuns: 300 },
    );
    expect(bench.errors.filter(({ code }) => code === 'internal')).toEqual([]);
  });

  it('and in whatever order: a number never falls, a void token stays void', async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('enrol' as const), boot: fc.constantFrom(firstBoot, secondBoot) }),
      fc.record({
        kind: fc.constant('beat' as const),
        token: fc.nat(5),
        sequence: fc.integer({ min: 1, max: 8 }),
        stopping: fc.boolean(),
      }),
      fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(10, 1000, 60_000) }),
      fc.record({ kind: fc.constant('restart' as const) }),
      fc.record({ kind: fc.constant('forget' as const) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const tokens: string[] = [];
        let valid: string | undefined;
        let highest = 0;
        await bench.heartbeats.forget(machine);
        for (const one of steps) {
          bench.jump(1000);
          if (one.kind === 'enrol') {
            valid = await bench.enrol(here, one.boot);
            expect(tokens).not.toContain(valid);
            tokens.push(valid);
            highest = 0;
          } else if (one.kind === 'forget') {
            await bench.heartbeats.forget(machine);
            valid = undefined;
          } else if (one.kind === 'pass') await bench.pass(one.ms);
          else if (one.kind === 'restart') await bench.restart('stopped');
          else {
            const token = tokens[one.token % Math.max(tokens.length, 1)] ?? 'x'.repeat(43);
            const { status } = await bench.beat(here, token, one.sequence, { stopping: one.stopping });
            expect(status).toBe(token !== valid ? 401 : one.sequence > highest ? 200 : 409);
            if (status === 200) highest = one.sequence;
          }
          const agent = await bench.heartbeats.agentOf(machine);
          expect(agent?.sequence).toBe(valid === undefined ? undefined : highest);
        }
      }),
      { numRuns: 60 },
    );
  });
});
