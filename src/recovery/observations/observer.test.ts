/** Looking at a machine: nothing deaf hides the rest, and the film stays within its bounds. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { AthanorError } from '../../errors/index.ts';
import { decodeImage, type Frame, type GraphicalConsole } from '../../console/index.ts';
import { openStore, type Store } from '../../store/index.ts';
import { createIncidents } from '../incidents/transition.ts';

import { frameOfScreen, readScripted, type Screen } from '../heal/testing/scripted-server.ts';
import {
  actionEvent,
  dropOldFilms,
  frameOf,
  mostPerIncident,
  mostPerMachine,
  observationsOf,
} from './observation-store.ts';
import { createObserver, type Observer } from './observer.ts';

interface Scene {
  store: Store;
  observer: Observer;
  machineId: string;
  incidentId: string;
  screen: Screen;
  frame: (signal?: AbortSignal) => Promise<Frame>;
  power: (signal: AbortSignal) => Promise<'on' | 'off' | 'unknown'>;
  console: boolean;
  skip(ms: number): void;
}

const opened: { store: Store; directory: string }[] = [];
afterEach(async () => {
  for (const { store, directory } of opened.splice(0)) {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  }
});

async function openScene(boundMs?: number): Promise<Scene> {
  const directory = await mkdtemp(join(tmpdir(), 'athanor-observer-'));
  const database = { kind: 'sqlite', file: join(directory, 'athanor.db') } as const;
  let skipped = 0;
  const now = (): number => Date.now() + skipped;
  const store = await openStore({ database, keyFile: join(directory, 'key'), clock: { now }, random: randomBytes });
  opened.push({ store, directory });
  const machineId = store.newId();
  const row = { id: machineId, name: 'r1', state: 'active', maintenance: 0, power: 'on', failure: null } as const;
  await store.db
    .insertInto('machines')
    .values({ ...row, revision: 1, state_since: 1, created_at: 1, updated_at: 1 })
    .execute();
  const incident = await store.transaction((trx) =>
    createIncidents(store, now).open(trx, { machineId, silentSince: 1 }),
  );
  if (incident === undefined) throw new Error('no incident');
  const console: GraphicalConsole = {
    name: 'r1',
    frame: (signal) => scene.frame(signal),
    withSession: () => Promise.reject(new Error('nobody types here')),
  };
  const scene: Scene = {
    store,
    machineId,
    incidentId: incident.id,
    screen: { lines: ['hello'] },
    frame: () => Promise.resolve(frameOfScreen(scene.screen)),
    power: () => Promise.resolve('on'),
    console: true,
    skip: (ms) => {
      skipped += ms;
    },
    observer: createObserver({
      store,
      read: readScripted,
      consoleOf: () => Promise.resolve(scene.console ? console : undefined),
      powerOf: (_machineId, signal) => scene.power(signal),
      now,
      boundMs,
    }),
  };
  return scene;
}

const calm = new AbortController().signal;
const never = (): Promise<never> => new Promise(() => undefined);

describe('an observation', () => {
  it('keeps power, picture and text', async () => {
    const { observer, store, machineId, incidentId, screen } = await openScene();
    const { observation, reading } = await observer.observe(machineId, incidentId, calm);
    expect(observation).toMatchObject({ power: 'on', problem: null, reading: { lines: ['hello'], cursor: null } });
    expect(reading?.lines).toEqual(['hello']);
    expect(await observationsOf(store, incidentId)).toEqual([observation]);
    const kept = await frameOf(store, observation.frameId ?? '');
    expect(decodeImage(kept?.png ?? new Uint8Array())).toEqual(frameOfScreen(screen));
  });

  it('of a screen that stands still keeps one picture, and the look again nothing', async () => {
    const { observer, store, machineId, incidentId } = await openScene();
    const { observation } = await observer.observe(machineId, incidentId, calm);
    await observer.observe(machineId, incidentId, calm);
    const again = await observer.observeAgain(observation, machineId, incidentId, calm);
    expect(again).toMatchObject({ changed: false, observation });
    expect(await store.db.selectFrom('frames').select('id').execute()).toHaveLength(1);
    expect(await observationsOf(store, incidentId)).toHaveLength(2);
  });

  it.each<[string, (scene: Scene) => void]>([
    ['text', (scene) => void (scene.screen = { lines: ['other'] })],
    ['power', (scene) => void (scene.power = () => Promise.resolve('off'))],
    ['console', (scene) => void (scene.console = false)],
  ])('is kept again when its %s is another', async (_what, change) => {
    const scene = await openScene();
    const { observer, machineId, incidentId } = scene;
    const { observation } = await observer.observe(machineId, incidentId, calm);
    change(scene);
    const again = await observer.observeAgain(observation, machineId, incidentId, calm);
    expect(again.changed).toBe(true);
    expect(again.observation.id).not.toBe(observation.id);
  });

  it('is not kept again for a cursor that blinks', async () => {
    const scene = await openScene();
    const { observation } = await scene.observer.observe(scene.machineId, scene.incidentId, calm);
    scene.screen = { lines: ['hello'], cursor: { row: 0, column: 3 } };
    const again = await scene.observer.observeAgain(observation, scene.machineId, scene.incidentId, calm);
    expect(again.changed).toBe(false);
  });

  it.each<[string, (scene: Scene) => void, object]>([
    [
      'a console that never answers',
      (scene) => void (scene.frame = never),
      { power: 'on', frameId: null, reading: null, problem: expect.stringContaining('within 0.05 s') },
    ],
    [
      'a console that refuses',
      (scene) => void (scene.frame = () => Promise.reject(new AthanorError('console-refused', 'wrong password'))),
      { power: 'on', frameId: null, problem: expect.stringContaining('wrong password') },
    ],
    [
      'no console',
      (scene) => void (scene.console = false),
      { power: 'on', problem: expect.stringContaining('no console') },
    ],
    [
      'a BMC that never answers',
      (scene) => void (scene.power = never),
      { power: 'unknown', reading: { lines: ['hello'] }, problem: expect.stringContaining('power') },
    ],
    [
      'a screen without text',
      (scene) => void (scene.screen = { lines: ['NO TEXT'] }),
      { reading: null, frameId: expect.any(String), problem: expect.stringContaining('no known grid') },
    ],
    [
      'pixels that make the reader stumble',
      (scene) => void (scene.frame = () => Promise.resolve({ width: 1, height: 1, rgb: new Uint8Array([0, 200, 0]) })),
      { reading: null, frameId: expect.any(String), problem: expect.any(String) },
    ],
  ])('says in words what %s kept from it', async (_what, change, expected) => {
    const scene = await openScene(50);
    change(scene);
    const { observation } = await scene.observer.observe(scene.machineId, null, calm);
    expect(observation).toMatchObject(expected);
  });

  it('ends at once, and keeps nothing, when its operation is told to stop', async () => {
    const scene = await openScene(60_000);
    const control = new AbortController();
    scene.frame = never;
    const looking = scene.observer.observe(scene.machineId, scene.incidentId, control.signal);
    control.abort(new Error('told to stop'));
    await expect(looking).rejects.toThrow('told to stop');
    expect(await observationsOf(scene.store, scene.incidentId)).toEqual([]);
  });
});

it('keeps at most so many observations of an incident: its beginning, its newest, and what was acted on', async () => {
  const scene = await openScene();
  const { observer, store, machineId, incidentId } = scene;
  const ids: string[] = [];
  for (let count = 0; count < mostPerIncident + 20; count += 1) {
    scene.screen = { lines: [`screen ${count}`] };
    scene.skip(10);
    const { observation } = await observer.observe(machineId, incidentId, calm);
    ids.push(observation.id);
    if (count !== 110) continue;
    await store.events.appendEvent(store.db, {
      kind: actionEvent,
      subject: { kind: 'incident', id: incidentId },
      data: { observation: observation.id },
    });
  }
  const kept = (await observationsOf(store, incidentId)).map(({ id }) => id);
  expect(kept).toHaveLength(mostPerIncident);
  expect(kept.slice(0, 100)).toEqual(ids.slice(0, 100));
  expect(kept).toContain(ids[110]);
  expect(kept.at(-1)).toBe(ids.at(-1));
  // The pictures of what gave way are gone with it.
  expect(await store.db.selectFrom('frames').select('id').execute()).toHaveLength(mostPerIncident);
});

it('keeps the newest looks that people asked for, and pictures that an incident shows as well', async () => {
  const scene = await openScene();
  const { observer, store, machineId, incidentId } = scene;
  scene.screen = { lines: ['screen 0'] };
  const filmed = await observer.observe(machineId, incidentId, calm);
  const ids: string[] = [];
  for (let count = 0; count < mostPerMachine + 5; count += 1) {
    scene.screen = { lines: [`screen ${count}`] };
    scene.skip(10);
    ids.push((await observer.observe(machineId, null, calm)).observation.id);
  }
  const kept = await store.db
    .selectFrom('observations')
    .select('id')
    .where('incident_id', 'is', null)
    .orderBy('time')
    .execute();
  expect(kept.map(({ id }) => id)).toEqual(ids.slice(-mostPerMachine));
  expect(await frameOf(store, filmed.observation.frameId ?? '')).toBeDefined();
  expect(await store.db.selectFrom('frames').select('id').execute()).toHaveLength(mostPerMachine + 1);
});

it('drops the films of incidents that ended long ago, not the incidents, and no picture that is shown elsewhere', async () => {
  const scene = await openScene();
  const { observer, store, machineId, incidentId } = scene;
  scene.screen = { lines: ['shown twice'] };
  await observer.observe(machineId, incidentId, calm);
  const elsewhere = await observer.observe(machineId, null, calm);
  scene.screen = { lines: ['shown once'] };
  await observer.observe(machineId, incidentId, calm);
  expect(await dropOldFilms(store, Number.MAX_SAFE_INTEGER)).toBe(0);
  await store.db.updateTable('incidents').set({ state: 'resolved', resolved_at: 5 }).execute();
  expect(await dropOldFilms(store, 5)).toBe(0);
  expect(await observationsOf(store, incidentId)).toHaveLength(2);
  expect(await dropOldFilms(store, 6)).toBe(1);
  expect(await dropOldFilms(store, 6)).toBe(0);
  expect(await observationsOf(store, incidentId)).toEqual([]);
  const frames = await store.db.selectFrom('frames').select('id').execute();
  expect(frames).toEqual([{ id: elsewhere.observation.frameId }]);
  expect(await store.db.selectFrom('incidents').select('id').execute()).toHaveLength(1);
});
