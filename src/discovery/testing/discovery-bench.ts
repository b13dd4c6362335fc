/** For a test file: a store with machines and BMCs, and BMCs that answer as told. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { type AthanorError, asAthanorError } from '../../errors/index.ts';
import { type Bmc, type BmcResult, createBmcHost, type Site } from '../../site/index.ts';
import { type Event, openStore, type Row, type Store } from '../../store/index.ts';
import { type Claim, recordClaims } from '../index.ts';

/** What a BMC answers when it is asked who it is. */
export type Answering = { guid: string } | { error: AthanorError } | 'unmanaged';

export interface DiscoveryBench {
  store(): Store;
  now(): number;
  addMachine(claims?: readonly Claim[], name?: string): Promise<string>;
  addBmc(name: string, known?: { guid?: string; machineId?: string }): Promise<void>;
  bmc(name: string): Promise<Row<'bmcs'>>;
  /** A site in which every BMC answers so. */
  siteOf(answering: Answering): Promise<Pick<Site, 'bmc'>>;
  events(kind: string): Promise<Event[]>;
}

export function useDiscoveryBench(): DiscoveryBench {
  let directory = '';
  let opened: Store | undefined;
  let time = 1_800_000_000_000;
  const now = (): number => time;
  const store = (): Store => {
    if (opened === undefined) throw new Error('no test runs');
    return opened;
  };
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'athanor-discovery-'));
    const database = { kind: 'sqlite', file: join(directory, 'athanor.db') } as const;
    opened = await openStore({ database, keyFile: join(directory, 'key'), clock: { now }, random: randomBytes });
  });
  afterEach(async () => {
    await opened?.close();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    store,
    now,
    addMachine: async (claims = [], name) => {
      const id = store().newId();
      time += 1;
      const times = { state_since: time, created_at: time, updated_at: time };
      await store().transaction(async (trx) => {
        const row = { id, name: name ?? null, state: 'free', maintenance: 0 as const, power: 'unknown' as const };
        await trx
          .insertInto('machines')
          .values({ ...row, ...times, failure: null, revision: 1 })
          .execute();
        await recordClaims(store(), trx, id, claims, { source: 'ramdisk', now: time });
      });
      return id;
    },
    addBmc: async (name, { guid, machineId } = {}) => {
      const row = { site: 'here', address: '192.0.2.1', port: 623, driver: 'ipmi', credential_name: null, mac: null };
      const learned = { guid: guid ?? null, device: null, last_seen_at: null, last_error: null };
      await store()
        .db.insertInto('bmcs')
        .values({ id: store().newId(), name, ...row, ...learned, machine_id: machineId ?? null, declared_at: time })
        .execute();
    },
    bmc: async (name) =>
      await store().db.selectFrom('bmcs').selectAll().where('name', '=', name).executeTakeFirstOrThrow(),
    siteOf: async (answering) => {
      const base = await unmanagedBmc();
      return { bmc: () => (answering === 'unmanaged' ? base : answeringBmc(base, answering)) };
    },
    events: async (kind) =>
      (await store().events.listEvents({ after: 0, limit: 1000 })).filter((event) => event.kind === kind),
  };
}

function answeringBmc(base: Bmc, answering: Exclude<Answering, string>): Bmc {
  const driver = 'ipmi';
  function answer<T>(value: T): Promise<BmcResult<T>> {
    if (!('error' in answering)) return Promise.resolve({ outcome: 'done', driver, value, evidence: [] });
    return Promise.resolve({ outcome: 'failed', driver, error: asAthanorError(answering.error), evidence: [] });
  }
  const versions = { deviceRevision: 1, firmwareVersion: '2.30', auxiliaryFirmware: '', protocolVersion: 'IPMI 2.0' };
  const device = { deviceId: 0x20, ...versions, manufacturerId: 0, productId: 0, available: true };
  const raw = 'guid' in answering ? answering.guid : '';
  const identity = { deviceId: () => answer(device), guid: () => answer({ raw, candidates: [] }) };
  return { ...base, identity: { ...base.identity, ...identity } };
}

/** A real driver that cannot be asked anything. */
async function unmanagedBmc(): Promise<Bmc> {
  const host = createBmcHost({
    udp: { open: () => Promise.reject(new Error('no packet is to be sent here')) },
    clock: { now: () => Date.now(), monotonic: () => performance.now(), after: () => () => undefined },
    randomBytes: (length) => new Uint8Array(length),
    refusedCredentials: { isRefused: () => Promise.resolve(false), remember: () => Promise.resolve() },
  });
  await host.declare([{ name: 'base', driver: 'unmanaged', address: '', macAddress: '52:54:00:00:00:01' }]);
  return host.bmc('base');
}
