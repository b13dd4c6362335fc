import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../store/index.ts';
import { type Credentials, createCredentials, type NewCredential } from './credentials.ts';
import { createRefusedCredentials } from './declarations.ts';

let directory: string;
let store: Store;
let changes: string[];
let credentials: Credentials;
const canary = 'canary-secret';
const lab: NewCredential = { protocol: 'ipmi', username: 'admin', password: canary };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'athanor-serve-'));
  const database = { kind: 'sqlite', file: join(directory, 'athanor.db') } as const;
  store = await openStore({ database, keyFile: join(directory, 'key'), clock: Date, random: randomBytes });
  changes = [];
  credentials = createCredentials(
    store,
    () => 5,
    (name) => Promise.resolve(void changes.push(name)),
  );
});
afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true, force: true });
});

const eventsSeen = async () => await store.events.listEvents({ after: 0, limit: 100 });

describe('a credential', () => {
  it('is sealed in the store and opened only by its name', async () => {
    await credentials.set('lab', lab);
    expect(await credentials.open('lab')).toMatchObject({ name: 'lab', username: 'admin', password: canary });
    expect(await credentials.open('other')).toBeUndefined();
    const rows = await store.db.selectFrom('credentials').selectAll().execute();
    const kept = JSON.stringify([rows, await eventsSeen()]);
    const files = await Promise.all(
      ['athanor.db', 'athanor.db-wal'].map(async (name) => (await readFile(join(directory, name))).toString('latin1')),
    );
    for (const text of [canary, Buffer.from(canary).toString('base64'), Buffer.from(canary).toString('hex')])
      for (const place of [kept, ...files]) expect(place).not.toContain(text);
  });

  it('that BMCs refused is tried again once it is set again, the same or after another', async () => {
    const refused = createRefusedCredentials(store, () => 5);
    const refuse = async (): Promise<string> => {
      const { fingerprint = '' } = (await credentials.open('lab')) ?? {};
      await refused.remember('bmc-1', fingerprint);
      return fingerprint;
    };
    await credentials.set('lab', lab);
    const fingerprint = await refuse();
    expect(await refused.isRefused('bmc-1', fingerprint)).toBe(true);
    await credentials.set('lab', lab);
    expect(await refused.isRefused('bmc-1', fingerprint)).toBe(false);
    await refuse();
    await credentials.set('lab', { ...lab, password: 'another' });
    expect(await refused.isRefused('bmc-1', fingerprint)).toBe(true);
    await credentials.set('lab', lab);
    expect(await refused.isRefused('bmc-1', fingerprint)).toBe(false);
  });

  it("keeps a BMC's own key as well as the password, and is another one when that changes", async () => {
    const systemKey = 'canary-key';
    await credentials.set('lab', lab);
    const without = await credentials.open('lab');
    await credentials.set('lab', { ...lab, systemKey });
    const withKey = await credentials.open('lab');
    expect(withKey).toMatchObject({ password: canary, systemKey });
    expect(withKey?.fingerprint).not.toBe(without?.fingerprint);
    const kept = JSON.stringify([await store.db.selectFrom('credentials').selectAll().execute(), await eventsSeen()]);
    expect(kept).not.toContain(systemKey);
    await credentials.set('lab', lab);
    expect(await credentials.open('lab')).toEqual(without);
    await expect(credentials.set('lab', { ...lab, systemKey: 'x'.repeat(21) })).rejects.toMatchObject({
      field: 'credentials[lab].kg',
    });
    const vnc: NewCredential = { protocol: 'vnc', username: '', password: 'short', systemKey };
    await expect(credentials.set('screen', vnc)).rejects.toMatchObject({ field: 'credentials[screen].kg' });
  });

  it('does not open in the place of another', async () => {
    await credentials.set('lab', lab);
    await credentials.set('other', { ...lab, password: 'another' });
    const [one, other] = await store.db.selectFrom('credentials').selectAll().orderBy('name').execute();
    const swapped = { password_sealed: one?.password_sealed ?? '' };
    await store.db
      .updateTable('credentials')
      .set(swapped)
      .where('id', '=', other?.id ?? '')
      .execute();
    await expect(credentials.open('other')).rejects.toMatchObject({ code: 'secret-unreadable' });
  });

  it('is changed, and told as changed, only when it is another one', async () => {
    await credentials.set('lab', lab);
    const first = await credentials.open('lab');
    await credentials.set('lab', { ...lab });
    expect(await credentials.open('lab')).toEqual(first);
    await credentials.set('lab', { ...lab, password: 'new' });
    expect((await credentials.open('lab'))?.fingerprint).not.toBe(first?.fingerprint);
    await credentials.set('lab', { ...lab, username: 'root', password: 'new' });
    expect(changes).toEqual(['lab', 'lab', 'lab']);
    expect((await eventsSeen()).map(({ kind }) => kind)).toEqual([
      'credential.added',
      'credential.changed',
      'credential.changed',
    ]);
  });

  it.each([
    ['username', { ...lab, username: 'x'.repeat(17) }, '17 bytes'],
    ['password', { ...lab, password: 'x'.repeat(21) }, '21 bytes'],
    ['password', { ...lab, password: 'ü'.repeat(11) }, '22 bytes'],
  ])('whose %s IPMI cannot carry is refused, without saying what it was', async (field, credential, value) => {
    const refused = credentials.set('lab', credential);
    await expect(refused).rejects.toMatchObject({ code: 'invalid-input', field: `credentials[lab].${field}`, value });
    await expect(refused).rejects.toHaveProperty('message', expect.not.stringContaining(credential.password));
    expect(await credentials.open('lab')).toBeUndefined();
    await credentials.set('lab', { ...lab, username: 'x'.repeat(16), password: 'x'.repeat(20) });
    expect(changes).toEqual(['lab']);
  });

  it('of the configuration does not undo what was set since, until its file changes', async () => {
    expect(await credentials.declare('lab', lab)).toBe(true);
    await credentials.set('lab', { ...lab, password: 'by-the-api' });
    expect(await credentials.declare('lab', lab)).toBe(false);
    expect((await credentials.open('lab'))?.password).toBe('by-the-api');
    expect(await credentials.declare('lab', { ...lab, password: 'new-file' })).toBe(true);
    expect((await credentials.open('lab'))?.password).toBe('new-file');
    expect(JSON.stringify(await store.db.selectFrom('settings').selectAll().execute())).not.toContain('new-file');
  });
});
