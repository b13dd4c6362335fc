import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BmcSettings, ConsoleSettings } from '../site/index.ts';
import { openStore, type Row, type Store } from '../store/index.ts';
import type { BmcConfiguration, Configuration } from './configuration/index.ts';
import { createRefusedCredentials, declareBmcs, declareToSite } from './declarations.ts';

let directory: string;
let store: Store;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'athanor-serve-'));
  const database = { kind: 'sqlite', file: join(directory, 'athanor.db') } as const;
  store = await openStore({ database, keyFile: join(directory, 'key'), clock: Date, random: randomBytes });
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

function bmc(name: string, changes: Partial<BmcConfiguration> = {}): BmcConfiguration {
  const none = { guid: undefined, mac: undefined, cipherSuites: undefined, console: undefined };
  return { name, driver: 'ipmi', address: '192.0.2.1', port: 623, credential: 'lab', ...none, ...changes };
}

function configurationOf(bmcs: BmcConfiguration[]): Configuration {
  return {
    site: 'here',
    dataDirectory: directory,
    database: { kind: 'sqlite' },
    api: { listen: [] },
    loaders: '',
    ramdisk: undefined,
    networks: [],
    credentials: [],
    bmcs,
    images: [],
    deployment: { netbootTimeoutMs: undefined, writeStallTimeoutMs: undefined, bootTimeoutMs: undefined },
    recovery: {
      heartbeatIntervalMs: undefined,
      missedBeats: undefined,
      stoppedGraceMs: undefined,
      concurrentHeals: undefined,
      outageAtOnce: undefined,
      keepFilmsMs: undefined,
    },
  };
}

const declare = async (...bmcs: BmcConfiguration[]): Promise<void> =>
  await declareBmcs(store, configurationOf(bmcs), 1);
const rows = async (): Promise<Row<'bmcs'>[]> =>
  await store.db.selectFrom('bmcs').selectAll().orderBy('name').execute();

/** What a BMC told, and the machine that it was tied to. */
async function learn(name: string): Promise<void> {
  const machine = {
    id: 'm1',
    name: null,
    state: 'free',
    maintenance: 0 as const,
    power: 'off' as const,
    failure: null,
  };
  const times = { state_since: 1, created_at: 1, updated_at: 1, revision: 1 };
  await store.db
    .insertInto('machines')
    .values({ ...machine, ...times })
    .execute();
  const learned = { guid: 'a'.repeat(31) + '1', machine_id: 'm1', device: '{}', last_seen_at: 7, last_error: null };
  await store.db.updateTable('bmcs').set(learned).where('name', '=', name).execute();
}

describe('declared BMCs', () => {
  it('are taken in once, and those no longer declared are gone', async () => {
    await declare(bmc('a'), bmc('b', { driver: 'unmanaged', address: undefined, credential: undefined }));
    await declare(bmc('a'), bmc('b', { driver: 'unmanaged', address: undefined, credential: undefined }));
    expect(await rows()).toMatchObject([
      { name: 'a', address: '192.0.2.1', credential_name: 'lab', guid: null },
      { name: 'b', driver: 'unmanaged', address: '', credential_name: null },
    ]);
    const events = await store.events.listEvents({ after: 0, limit: 10 });
    expect(events.map(({ kind, data }) => [kind, Object(data).name])).toEqual([
      ['bmc.declared', 'a'],
      ['bmc.declared', 'b'],
    ]);
    await declare(bmc('b'));
    expect((await rows()).map(({ name }) => name)).toEqual(['b']);
  });

  it('keep what was learned of them while their address stays', async () => {
    await declare(bmc('a'));
    await learn('a');
    const [before] = await rows();
    await declare(bmc('a', { credential: 'other' }));
    expect(await rows()).toEqual([{ ...before, credential_name: 'other' }]);
  });

  it.each([{ address: '192.0.2.2' }, { port: 624 }])('forget what was learned at another place: %o', async (place) => {
    await declare(bmc('a'));
    await learn('a');
    await declare(bmc('a', place));
    const forgotten = { guid: null, machine_id: null, device: null, last_seen_at: null, last_error: null };
    expect(await rows()).toMatchObject([{ name: 'a', ...place, ...forgotten }]);
  });

  it('have the GUID that was declared, wherever they are', async () => {
    const guid = 'b'.repeat(31) + '2';
    await declare(bmc('a'));
    await learn('a');
    await declare(bmc('a', { guid, address: '192.0.2.2' }));
    expect(await rows()).toMatchObject([{ guid, last_seen_at: null }]);
  });

  it('are given to the site with their credential in clear, and not without it', async () => {
    const given: BmcSettings[] = [];
    const consoles: ConsoleSettings[] = [];
    const site = {
      declareBmcs: (list: readonly BmcSettings[]) => Promise.resolve(void given.push(...list)),
      declareConsoles: (list: readonly ConsoleSettings[]) => void consoles.push(...list),
    };
    const credential = { name: 'lab', username: 'admin', password: 'p', fingerprint: 'f' };
    const open = (name: string) => Promise.resolve(name === 'lab' ? credential : undefined);
    const unmanaged = bmc('u', {
      driver: 'unmanaged',
      address: undefined,
      credential: undefined,
      mac: '52:54:00:00:00:01',
    });
    const seen = { address: { path: '/run/u' }, credential: 'lab' };
    await declareToSite(site, [bmc('a', { cipherSuites: [17] }), { ...unmanaged, console: seen }], { open });
    expect(consoles).toEqual([{ name: 'u', address: { path: '/run/u' }, password: 'p' }]);
    expect(given).toEqual([
      { name: 'a', driver: 'ipmi', address: '192.0.2.1', port: 623, cipherSuites: [17], credential },
      { name: 'u', driver: 'unmanaged', address: '', port: 623, macAddress: '52:54:00:00:00:01' },
    ]);
    await expect(declareToSite(site, [bmc('a', { credential: 'gone' })], { open })).rejects.toMatchObject({
      code: 'invalid-configuration',
      field: 'bmcs[a].credential',
      value: 'gone',
    });
  });

  it('remember a refused credential over a restart, until it changes', async () => {
    const refused = createRefusedCredentials(store, () => 5);
    await refused.remember('a', 'one');
    await refused.remember('a', 'one');
    const again = createRefusedCredentials(store, () => 6);
    expect(await again.isRefused('a', 'one')).toBe(true);
    expect(await again.isRefused('a', 'two')).toBe(false);
    expect(await again.isRefused('b', 'one')).toBe(false);
  });
});
