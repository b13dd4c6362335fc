import { describe, expect, test } from 'vitest';
import { AthanorError } from '../errors/index.ts';
import { definition, nothing, step, useBenches } from './testing/operations-fixture.ts';

const benches = useBenches();

describe('accepting', () => {
  test('a second operation on the same machine is refused while the first has not ended', async () => {
    const b = await benches.open([definition([nothing('one')])]);
    const machine = await b.addMachine();
    const first = await b.operations.start('test-work', machine, {});
    const refusal = await b.operations.start('test-work', machine, {}).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(AthanorError);
    expect(refusal).toMatchObject({ code: 'operation-running', remedy: expect.stringContaining(first) });
    await b.operations.startWorker();
    await b.ended(first);
    expect((await b.ended(await b.operations.start('test-work', machine, {}))).state).toBe('succeeded');
  });

  test('of two at once exactly one is accepted', async () => {
    const b = await benches.open([definition([nothing('one')])]);
    const machine = await b.addMachine();
    const both = await Promise.allSettled([1, 2].map(() => b.operations.start('test-work', machine, {})));
    expect(both.map((one) => one.status).toSorted()).toEqual(['fulfilled', 'rejected']);
  });

  test('an input that does not parse and an unknown kind are refused and leave nothing', async () => {
    const picky = definition([nothing('one')], {
      parseInput() {
        throw new AthanorError('invalid-input', 'no disk named', { field: 'disk' });
      },
    });
    const b = await benches.open([picky]);
    await expect(b.operations.start('test-work', null, {})).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(b.operations.start('other-work', null, {})).rejects.toMatchObject({ code: 'not-found' });
    expect(await b.operations.list()).toEqual([]);
    expect(await b.store.events.newestSequence()).toBe(0);
  });

  test('an operation accepted in a transaction that rolls back does not exist', async () => {
    const b = await benches.open([definition([nothing('one')])]);
    const undone = b.store.transaction(async (trx) => {
      await b.operations.startIn(trx, 'test-work', null, {});
      throw new Error('changed my mind');
    });
    await expect(undone).rejects.toThrow('changed my mind');
    expect(await b.operations.list()).toEqual([]);
  });

  test.each([
    ['two steps of one name', [nothing('one'), nothing('one')], 60_000],
    ['no steps', [], 60_000],
    ['a step without a deadline', [step('one', async () => ({}), { deadlineMs: Number.POSITIVE_INFINITY })], 60_000],
    ['an operation without a deadline', [nothing('one')], 0],
  ])('a definition with %s is refused at start', async (_what, steps, deadlineMs) => {
    await expect(benches.open([definition(steps, { deadlineMs })])).rejects.toThrow('operation definition test-work');
  });
});
