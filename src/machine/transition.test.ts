import { describe, expect, it } from 'vitest';
import { failureOf, leadsTo, machineStates, stateOf } from './index.ts';
import { moveMachine } from './transition.ts';
import { useRacks } from './testing/use-bench.ts';

const rack = useRacks();

describe('a machine moves', () => {
  it('along the edges of the table and no others, with one event each', async () => {
    const { bench } = await rack();
    const { store } = bench;
    for (const from of machineStates) {
      const machineId = await bench.addMachine({ state: from });
      for (const to of machineStates) {
        await store.db.updateTable('machines').set({ state: from }).where('id', '=', machineId).execute();
        const before = await bench.machine(machineId);
        const seen = await store.events.newestSequence();
        const move = store.transaction(
          async (trx) =>
            await moveMachine(store, trx, bench.now(), { machineId, to, operationId: null, reason: 'a test' }),
        );
        if (leadsTo(from, to)) {
          await move;
          expect(await bench.machine(machineId)).toMatchObject({ state: to, revision: before.revision + 1 });
          const events = await store.events.listEvents({ after: seen, limit: 10 });
          expect(events).toMatchObject([{ kind: 'machine.state', subject: { id: machineId }, data: { from, to } }]);
        } else {
          await expect(move).rejects.toMatchObject({ code: 'state-forbids', value: from });
          expect(await bench.machine(machineId)).toEqual(before);
          expect(await store.events.newestSequence()).toBe(seen);
        }
      }
    }
  });

  it('with its failure, which the next move takes away', async () => {
    const { bench, machineId } = await rack({ machine: { state: 'active' } });
    const { store } = bench;
    const failure = { step: 'boot-disk', code: 'internal', message: 'it broke', remedy: 'Mend it.' } as const;
    await store.transaction(async (trx) => {
      const move = { machineId, to: 'failed', operationId: null, reason: 'it broke', failure } as const;
      await moveMachine(store, trx, bench.now(), move);
    });
    expect(failureOf(await bench.machine(machineId))).toMatchObject({
      ...failure,
      verbs: expect.arrayContaining(['deploy']),
    });
    await store.transaction(async (trx) => {
      await moveMachine(store, trx, bench.now(), { machineId, to: 'inspecting', operationId: null, reason: 'again' });
    });
    expect(failureOf(await bench.machine(machineId))).toBeNull();
  });

  it('not when there is none, and not from a state that this program does not know', async () => {
    const { bench } = await rack();
    const { store } = bench;
    const move = store.transaction(
      async (trx) =>
        await moveMachine(store, trx, 0, { machineId: 'nobody', to: 'free', operationId: null, reason: '' }),
    );
    await expect(move).rejects.toMatchObject({ code: 'not-found' });
    expect(() => stateOf({ id: 'x', state: 'melted' })).toThrow('melted');
  });
});
