import { describe, expect, it } from 'vitest';
import { AthanorError } from '../errors/index.ts';
import { identifyBmc, tieBmc } from './index.ts';
import { useDiscoveryBench } from './testing/discovery-bench.ts';

const bench = useDiscoveryBench();
const uuid = 'a1234567-89ab-cdef-a123-456789abcdef';
const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
const reordered = (order: readonly number[]): string =>
  Buffer.from(order.map((from) => bytes[from] ?? 0)).toString('hex');
const orders = {
  'as the machine writes it': bytes.toString('hex'),
  'in the order of SMBIOS': reordered([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]),
  'reversed, as IPMI asks for': Buffer.from(bytes).reverse().toString('hex'),
};

async function newMachine(): Promise<string> {
  return await bench.addMachine([{ kind: 'uuid', value: uuid }]);
}

describe('a BMC is tied to its machine', () => {
  it.each(Object.entries(orders))('by its GUID %s', async (_order, guid) => {
    const machineId = await newMachine();
    await bench.addBmc('other', { guid: '0badcafe00004000800000000000000a' });
    await bench.addBmc('own', { guid });
    expect(await tieBmc(bench.store(), machineId, uuid, 'op')).toMatchObject({
      bmc: { name: 'own', machine_id: machineId },
    });
    expect((await bench.bmc('own')).machine_id).toBe(machineId);
    expect((await bench.bmc('other')).machine_id).toBeNull();
    expect((await bench.events('machine.bmc-tied')).map(({ data }) => data)).toEqual([{ bmc: 'own', guid, uuid }]);
    // Asked again, it says the same and writes nothing.
    expect(await tieBmc(bench.store(), machineId, uuid, 'op')).toMatchObject({ bmc: { name: 'own' } });
    expect(await bench.events('machine.bmc-tied')).toHaveLength(1);
  });

  it('not when two BMCs tell the GUID', async () => {
    const machineId = await newMachine();
    await bench.addBmc('one', { guid: orders['as the machine writes it'] });
    await bench.addBmc('two', { guid: orders['in the order of SMBIOS'] });
    expect(await tieBmc(bench.store(), machineId, uuid, 'op')).toEqual({ reason: expect.stringContaining('one, two') });
    expect((await bench.bmc('one')).machine_id).toBeNull();
  });

  it('not when two machines claim the UUID, in whatever order each writes it', async () => {
    const machineId = await newMachine();
    const twin = await bench.addMachine([{ kind: 'uuid', value: orders['in the order of SMBIOS'] }]);
    await bench.addBmc('own', { guid: orders['as the machine writes it'] });
    expect(await tieBmc(bench.store(), machineId, uuid, 'op')).toEqual({ reason: expect.stringContaining(twin) });
    expect((await bench.bmc('own')).machine_id).toBeNull();
  });

  it('not when it belongs to another machine, or nobody tells the GUID, or the UUID means nothing', async () => {
    const owner = await bench.addMachine();
    const machineId = await newMachine();
    expect(await tieBmc(bench.store(), machineId, uuid, 'op')).toEqual({
      reason: expect.stringContaining('no declared BMC'),
    });
    await bench.addBmc('own', { guid: uuid, machineId: owner });
    expect(await tieBmc(bench.store(), machineId, uuid, 'op')).toEqual({ reason: expect.stringContaining(owner) });
    const junk = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
    await bench.addBmc('junk', { guid: junk });
    expect(await tieBmc(bench.store(), machineId, junk, 'op')).toEqual({
      reason: expect.stringContaining('no declared BMC'),
    });
  });
});

describe('a BMC that is asked who it is', () => {
  const deaf = new AthanorError('bmc-unreachable', 'no answer');

  it('is kept with its answer; a declared GUID wins over what it tells', async () => {
    await bench.addBmc('new');
    await bench.addBmc('declared', { guid: uuid });
    const site = await bench.siteOf({ guid: 'c'.repeat(31) + '1' });
    for (const name of ['new', 'declared'])
      expect(await identifyBmc(bench.store(), site, name, bench.now)).toBeUndefined();
    expect(await bench.bmc('new')).toMatchObject({
      guid: 'c'.repeat(31) + '1',
      last_seen_at: bench.now(),
      last_error: null,
    });
    expect((await bench.bmc('declared')).guid).toBe(uuid);
    expect((await bench.bmc('new')).device).toContain('"firmwareVersion":"2.30"');
  });

  it('keeps what it told when it falls deaf, and is news only when it changes', async () => {
    await bench.addBmc('one');
    const ask = async (answering: Parameters<typeof bench.siteOf>[0]): Promise<void> =>
      void (await identifyBmc(bench.store(), await bench.siteOf(answering), 'one', bench.now));
    for (let rounds = 0; rounds < 3; rounds += 1) await ask({ error: deaf });
    expect(await bench.events('bmc.failing')).toHaveLength(1);
    for (let rounds = 0; rounds < 3; rounds += 1) await ask({ guid: uuid });
    expect(await bench.events('bmc.identified')).toHaveLength(1);
    await ask({ error: deaf });
    expect(await bench.bmc('one')).toMatchObject({
      guid: uuid,
      last_error: expect.stringContaining('bmc-unreachable'),
    });
    await ask({ guid: uuid });
    expect([(await bench.events('bmc.failing')).length, (await bench.events('bmc.identified')).length]).toEqual([2, 2]);
  });

  it('is not judged by a call that was cut short', async () => {
    await bench.addBmc('one');
    const before = await bench.bmc('one');
    const site = await bench.siteOf({ error: new AthanorError('aborted', 'the call was cut short') });
    await identifyBmc(bench.store(), site, 'one', bench.now, AbortSignal.abort());
    expect(await bench.bmc('one')).toEqual(before);
  });

  it('finds the machine that was inspected before it was declared, and no machine that it may not be of', async () => {
    const site = await bench.siteOf({ guid: orders['in the order of SMBIOS'] });
    await bench.addBmc('late');
    await identifyBmc(bench.store(), site, 'late', bench.now);
    expect((await bench.bmc('late')).machine_id).toBeNull();
    const machineId = await newMachine();
    await identifyBmc(bench.store(), site, 'late', bench.now);
    expect((await bench.bmc('late')).machine_id).toBe(machineId);
    expect((await bench.events('machine.bmc-tied')).map(({ subject }) => subject.id)).toEqual([machineId]);
    // A second BMC with the same GUID ties nothing, nor does any once two machines claim the UUID.
    await bench.addBmc('double');
    await identifyBmc(bench.store(), site, 'double', bench.now);
    expect((await bench.bmc('double')).machine_id).toBeNull();
    await bench.store().db.updateTable('bmcs').set({ machine_id: null, guid: null }).execute();
    await newMachine();
    await identifyBmc(bench.store(), site, 'late', bench.now);
    expect((await bench.bmc('late')).machine_id).toBeNull();
  });

  it('is no news when it cannot be asked at all', async () => {
    await bench.addBmc('unmanaged');
    const site = await bench.siteOf('unmanaged');
    for (let rounds = 0; rounds < 3; rounds += 1) await identifyBmc(bench.store(), site, 'unmanaged', bench.now);
    expect(await bench.store().events.listEvents({ after: 0, limit: 10 })).toEqual([]);
  });
});
