import { describe, expect, it } from 'vitest';
import { createMachineRequests, machineStates, offeredVerbs, stateTable } from './index.ts';
import { hardware, useRacks } from './testing/use-bench.ts';

const rack = useRacks();

describe('deploy', () => {
  it.each(machineStates)('asked for in %s is what the state table says', async (state) => {
    const { bench, machineId } = await rack({ machine: { state } });
    const before = await bench.machine(machineId);
    const request = bench.requests.deploy('r1', { image: 'lab-os' });
    if (stateTable[state].verbs.includes('deploy')) {
      expect((await bench.ended(await request)).state).toBe('succeeded');
      return;
    }
    const verbs = offeredVerbs(state).join(', ');
    await expect(request).rejects.toMatchObject({ code: 'state-forbids', value: state });
    await expect(request).rejects.toHaveProperty('remedy', expect.stringContaining(verbs));
    expect(await bench.machine(machineId)).toEqual(before);
    expect(await bench.operations.list()).toEqual([]);
  });

  it.each([
    ['an unknown image', { image: 'nix' }, { code: 'not-found', field: 'image', value: 'nix' }],
    ['a host name that is none', { image: 'lab-os', hostname: 'a_b' }, { code: 'invalid-input', field: 'hostname' }],
    ['a name that is none', { image: 'lab-os', name: '-r' }, { code: 'invalid-input', field: 'name', value: '-r' }],
    ['a name that is taken', { image: 'lab-os', name: 'r2' }, { code: 'conflict', field: 'name', value: 'r2' }],
  ])('with %s changes nothing', async (_what, request, error) => {
    const { bench, machineId } = await rack();
    await bench.addMachine({ name: 'r2' });
    const before = [await bench.machine(machineId), await bench.events()];
    await expect(bench.requests.deploy('r1', request)).rejects.toMatchObject(error);
    expect([await bench.machine(machineId), await bench.events()]).toEqual(before);
    expect(await bench.operations.list()).toEqual([]);
    expect(await bench.store.db.selectFrom('deployments').selectAll().execute()).toEqual([]);
  });

  it('is won by one of many who ask at once', async () => {
    const { bench } = await rack();
    const asked = Array.from({ length: 5 }, async () => await bench.requests.deploy('r1', { image: 'lab-os' }));
    const answers = await Promise.allSettled(asked);
    const [won, ...more] = answers.filter((answer) => answer.status === 'fulfilled');
    expect(more).toEqual([]);
    for (const answer of answers)
      if (answer.status === 'rejected') expect(['operation-running', 'state-forbids']).toContain(answer.reason.code);
    expect((await bench.ended(won?.value ?? '')).state).toBe('succeeded');
    expect(await bench.operations.list()).toHaveLength(1);
  });

  it('gives one of two machines the name that both want at once', async () => {
    const { bench } = await rack();
    await bench.addMachine({ name: 'r2' });
    const asked = ['r1', 'r2'].map(async (one) => await bench.requests.deploy(one, { image: 'lab-os', name: 'web' }));
    const refused = (await Promise.allSettled(asked)).filter((answer) => answer.status === 'rejected');
    expect(refused.map(({ reason }) => reason.code)).toEqual(['conflict']);
    expect(await bench.events('machine.named')).toHaveLength(1);
  });

  it('changes nothing when its operation cannot be written down', async () => {
    const { bench, machineId } = await rack();
    const broken = { ...bench.operations, startIn: () => Promise.reject(new Error('the disk is full')) };
    const requests = createMachineRequests(bench.store, broken, bench.now);
    await expect(requests.deploy('r1', { image: 'lab-os', name: 'web' })).rejects.toThrow('the disk is full');
    expect(await bench.machine(machineId)).toMatchObject({ state: 'free', name: 'r1', revision: 1 });
    expect(await bench.events()).toEqual([]);
  });

  it('stands when the engine cannot take it at once', async () => {
    const { bench, machineId } = await rack();
    const broken = { ...bench.operations, dispatch: () => Promise.reject(new Error('the engine is away')) };
    const id = await createMachineRequests(bench.store, broken, bench.now).deploy('r1', { image: 'lab-os' });
    expect(await bench.operations.get(id)).toMatchObject({ state: 'queued', machineId });
    await bench.operations.dispatch(id);
    expect((await bench.ended(id)).state).toBe('succeeded');
  });
});

describe('other requests', () => {
  it('inspect only a machine that may be, and one that boots unasked only when it is new', async () => {
    const { bench, machineId } = await rack({ machine: { state: 'active' } });
    await expect(bench.requests.inspect('r1')).rejects.toMatchObject({ code: 'state-forbids' });
    expect(await bench.requests.inspectBooting(machineId)).toBeUndefined();
    const found = await bench.addMachine({ state: 'discovered', mac: '52:54:00:00:00:77' });
    const begun = await Promise.all([bench.requests.inspectBooting(found), bench.requests.inspectBooting(found)]);
    expect(begun.filter((id) => id !== undefined)).toHaveLength(1);
  });

  it('name a machine once, and say what it was called before', async () => {
    const { bench } = await rack();
    await bench.addMachine({ name: 'r2' });
    await expect(bench.requests.name('r1', 'r2')).rejects.toMatchObject({ code: 'conflict' });
    await bench.requests.name(hardware.mac, 'web');
    await bench.requests.name('web', 'web');
    expect((await bench.events('machine.named')).map(({ data }) => data)).toEqual([{ name: 'web', before: 'r1' }]);
  });
});

it('enters maintenance from every state, once, and leaves it again', async () => {
  const { bench, machineId } = await rack({ machine: { state: 'active' } });
  expect(await bench.requests.setMaintenance('r1', true, 'a new fan')).toBe(true);
  expect(await bench.requests.setMaintenance('r1', true)).toBe(false);
  expect(await bench.machine(machineId)).toMatchObject({ maintenance: 1, state: 'active' });
  expect(await bench.requests.setMaintenance('r1', false)).toBe(true);
  expect((await bench.events('machine.maintenance')).map(({ data }) => data)).toEqual([
    { maintenance: true, reason: 'a new fan' },
    { maintenance: false },
  ]);
});
