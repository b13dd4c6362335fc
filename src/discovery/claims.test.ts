import { describe, expect, it } from 'vitest';
import { findMachine, machinesClaiming, recordClaims } from './index.ts';
import { useDiscoveryBench } from './testing/discovery-bench.ts';

const bench = useDiscoveryBench();
const uuid = 'a1234567-89ab-cdef-a123-456789abcdef';
const mac = '52:54:00:aa:bb:cc';

async function claimsOf(machineId: string): Promise<string[]> {
  const rows = await bench
    .store()
    .db.selectFrom('machine_claims')
    .selectAll()
    .where('machine_id', '=', machineId)
    .orderBy('value')
    .execute();
  return rows.map(({ kind, value }) => `${kind} ${value}`);
}

describe('claims', () => {
  it('leave out what identifies nothing', async () => {
    const id = await bench.addMachine([
      { kind: 'uuid', value: '03000200-0400-0500-0006-000700080009' },
      { kind: 'uuid', value: 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF' },
      { kind: 'uuid', value: 'Not Settable' },
      { kind: 'uuid', value: '' },
      { kind: 'serial', value: ' To Be Filled By O.E.M. ' },
      { kind: 'serial', value: 'System Serial Number' },
      { kind: 'mac', value: '00:00:00:00:00:00' },
      { kind: 'mac', value: 'FF:FF:FF:FF:FF:FF' },
    ]);
    expect(await claimsOf(id)).toEqual([]);
  });

  it('are kept in one spelling, a serial number as its maker wrote it', async () => {
    const id = await bench.addMachine([
      { kind: 'uuid', value: `{${uuid.toUpperCase()}}` },
      { kind: 'mac', value: '52-54-00-AA-BB-CC' },
      { kind: 'serial', value: ' CZ123 ' },
    ]);
    expect(await claimsOf(id)).toEqual([`mac ${mac}`, 'serial CZ123', `uuid ${uuid}`]);
    expect(await machinesClaiming(bench.store(), 'serial', 'CZ123')).toEqual([id]);
    expect(await machinesClaiming(bench.store(), 'mac', mac.toUpperCase())).toEqual([id]);
  });

  it('get a new time when they are made again, and stay beside those of another source', async () => {
    const store = bench.store();
    const id = await bench.addMachine([{ kind: 'mac', value: mac }]);
    const again = async (source: string, now: number): Promise<void> =>
      await store.transaction(
        async (trx) => await recordClaims(store, trx, id, [{ kind: 'mac', value: mac }], { source, now }),
      );
    await again('ramdisk', bench.now() + 1000);
    await again('dhcp/lab', bench.now() + 2000);
    const rows = await store.db.selectFrom('machine_claims').selectAll().orderBy('source').execute();
    expect(rows.map(({ source, first_seen_at, last_seen_at }) => [source, last_seen_at - first_seen_at])).toEqual([
      ['dhcp/lab', 0],
      ['ramdisk', 1000],
    ]);
  });
});

describe('the machine a person means', () => {
  it('is found by id, name, MAC in any spelling, UUID and serial number', async () => {
    const id = await bench.addMachine(
      [
        { kind: 'uuid', value: uuid },
        { kind: 'mac', value: mac },
        { kind: 'serial', value: 'CZ123' },
      ],
      'r1',
    );
    await bench.addMachine([{ kind: 'serial', value: 'CZ124' }], 'r2');
    for (const reference of [id, 'r1', mac, mac.toUpperCase(), '52-54-00-AA-BB-CC', uuid, uuid.toUpperCase(), 'cz123'])
      expect((await findMachine(bench.store(), reference)).id, reference).toBe(id);
  });

  it('is nobody when nobody claims it, and a conflict with both ids when two do', async () => {
    const one = await bench.addMachine([{ kind: 'uuid', value: uuid }]);
    const other = await bench.addMachine([{ kind: 'uuid', value: uuid }]);
    await expect(findMachine(bench.store(), 'r9')).rejects.toMatchObject({ code: 'not-found', value: 'r9' });
    const refusal = findMachine(bench.store(), uuid);
    await expect(refusal).rejects.toMatchObject({ code: 'conflict', field: 'machine' });
    await expect(refusal).rejects.toHaveProperty('remedy', expect.stringMatching(`${one}.*${other}|${other}.*${one}`));
    expect(await machinesClaiming(bench.store(), 'uuid', uuid)).toEqual([one, other]);
  });

  it('is never another one that bears an id as its name', async () => {
    const id = await bench.addMachine();
    const impostor = await bench.addMachine([], id);
    expect((await findMachine(bench.store(), id)).id).toBe(id);
    expect((await findMachine(bench.store(), impostor)).id).toBe(impostor);
  });
});
