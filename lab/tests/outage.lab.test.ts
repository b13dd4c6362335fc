/** Many machines fall silent at one moment: one outage, automation held, and all of it over when they are back. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { hashToken, openStore } from '../../src/store/index.ts';
import type { LifeEvent } from '../life/athanor.ts';
import { type EventWatch, watchEvents } from '../life/event-watch.ts';
import { describeIncident, listIncidents } from '../life/incident-film.ts';
import type { BeatOrders } from './beat-many.ts';
import { setStage, type TestStage } from './stage.ts';

const COUNT = 200;
const intervalMs = 1_000;
let stage: TestStage;
let watch: EventWatch;
let tokens: string[];
const beating = new Set<ChildProcess>();

beforeAll(async () => {
  stage = await setStage([{ name: 'rack-1', firmware: 'bios' }], { recovery: { heartbeatInterval: '1s' } });
  // The first start makes the database; the machines are put into it while nobody has it open.
  await stage.athanor.start();
  await stage.athanor.login();
  await stage.athanor.stop();
  tokens = await deployOnPaper();
});
afterAll(async () => {
  watch?.stop();
  for (const child of beating) child.kill('SIGKILL');
  await stage.close();
});

/** Machines as deployments leave them: active, with an agent that enrolled from the control host's own address. */
async function deployOnPaper(): Promise<string[]> {
  const { dataDirectory } = stage.athanor;
  const store = await openStore({
    database: { kind: 'sqlite', file: path.join(dataDirectory, 'athanor.db') },
    keyFile: path.join(dataDirectory, 'key'),
    clock: Date,
    random: randomBytes,
  });
  try {
    const now = Date.now();
    const machines = Array.from({ length: COUNT }, (_, index) => ({
      id: store.newId(),
      index,
      token: store.secrets.newToken(),
    }));
    await store.transaction(async (trx) => {
      for (const { id, index, token } of machines) {
        await trx
          .insertInto('machines')
          .values({
            id,
            name: `sim-${String(index).padStart(3, '0')}`,
            state: 'active',
            state_since: now,
            maintenance: 0,
            power: 'unknown',
            failure: null,
            revision: 1,
            created_at: now,
            updated_at: now,
          })
          .execute();
        await trx
          .insertInto('agents')
          .values({
            machine_id: id,
            token_hash: hashToken(token),
            address: stage.rack.provisioningAddress,
            boot_id: `boot-${index}-of-the-simulation`,
            interval_ms: intervalMs,
            last_sequence: 0,
            enrolled_at: now,
            last_heard_at: now,
            stopping_at: null,
          })
          .execute();
      }
    });
    return machines.map(({ token }) => token);
  } finally {
    await store.close();
  }
}

interface Beats {
  /** Resolves once every machine was heard. */
  heard: Promise<void>;
  /** All of them fall silent at one moment; resolves with it. */
  silence(): Promise<number>;
}

function beatFrom(firstSequence: number): Beats {
  const program = path.join(import.meta.dirname, 'beat-many.ts');
  const { file, args } = stage.rack.inControl([process.execPath, program]);
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  beating.add(child);
  const orders: BeatOrders = { url: `http://${stage.rack.provisioningAddress}`, intervalMs, firstSequence, tokens };
  child.stdin.end(JSON.stringify(orders));
  const ended = once(child, 'exit');
  const heard = Promise.race([
    once(child.stdout, 'data').then(() => undefined),
    ended.then(() => {
      throw new Error('the beats ended');
    }),
  ]);
  heard.catch(() => undefined);
  return {
    heard,
    silence: async () => {
      const time = Date.now();
      child.kill('SIGKILL');
      await ended;
      beating.delete(child);
      return time;
    },
  };
}

async function eventsOf(kind: string, count: number, since: number): Promise<LifeEvent[]> {
  const fitting = (): LifeEvent[] =>
    watch.seen.filter((event) => event.kind === kind && Date.parse(event.time) >= since);
  await watch.waitFor(() => fitting().length >= count, { timeoutMs: 60_000, what: `${count} times ${kind}` });
  return fitting();
}

it(`${COUNT} machines that fall silent at once are one outage: held, shown, and over when they are back`, async () => {
  const { athanor } = stage;
  const first = beatFrom(1);
  await athanor.start();
  watch = watchEvents(athanor);
  await first.heard;

  const silentAt = await first.silence();
  const held = await eventsOf('incident.held', COUNT, 0);
  expect(new Set(held.map(({ subjectId }) => subjectId)).size).toBe(COUNT);
  const [outage, ...more] = await eventsOf('outage.opened', 1, 0);
  expect(more).toEqual([]);
  // Nobody was missed while they beat.
  expect(Date.parse(outage?.time ?? '')).toBeGreaterThanOrEqual(silentAt);
  expect(watch.seen.filter(({ kind, time }) => kind === 'incident.opened' && Date.parse(time) < silentAt)).toEqual([]);

  const incidents = await listIncidents(athanor);
  expect(incidents).toHaveLength(COUNT);
  expect(new Set(incidents.map(({ state }) => state))).toEqual(new Set(['held']));
  expect(new Set(incidents.map(({ outage: id }) => id))).toEqual(new Set([outage?.subjectId]));
  expect(await outages()).toMatchObject([{ id: outage?.subjectId, resolvedAt: null, watched: COUNT }]);
  const shown = await athanor.command(['incident', 'list']);
  expect(shown.output).toMatch(/outage/i);
  expect(shown.output.match(/\bheld\b/g)?.length).toBeGreaterThanOrEqual(COUNT);
  // Nothing was done, and nothing was begun.
  expect(watch.seen.filter(({ kind }) => /^incident\.(matched|acting)|^operation\./.test(kind))).toEqual([]);

  const second = beatFrom(1_000_000);
  await second.heard;
  const resolved = await eventsOf('incident.resolved', COUNT, silentAt);
  expect(new Set(resolved.map(({ data }) => data['outcome']))).toEqual(new Set(['returned']));
  await eventsOf('outage.resolved', 1, silentAt);
  expect(await listIncidents(athanor)).toEqual([]);
  expect((await outages())[0]?.resolvedAt).not.toBeNull();
  const [one] = incidents;
  const film = await describeIncident(athanor, one?.id ?? '');
  expect(film.timeline.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['incident.opened', 'incident.held', 'incident.resolved']),
  );
  await second.silence();
});

async function outages(): Promise<{ id: string; resolvedAt: string | null; watched: number }[]> {
  const shape = z.array(z.object({ id: z.string(), resolvedAt: z.string().nullable(), watched: z.number() }));
  return shape.parse(await stage.athanor.ask(['outage', 'list']));
}
