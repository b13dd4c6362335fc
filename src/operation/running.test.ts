import { describe, expect, test } from 'vitest';
import { definition, machineState, nothing, step, useBenches } from './testing/operations-fixture.ts';

const benches = useBenches();

describe('running', () => {
  test('steps run in order, each sees what the ones before it left, and the machine moves on in the end', async () => {
    const work = definition(
      [
        step('first', async ({ input }) => ({ input: JSON.stringify(input) })),
        step('second', async ({ evidenceOf }) => ({ saw: evidenceOf('first'), unknown: evidenceOf('second') ?? null })),
      ],
      {
        onSucceeded: async (trx, { machineId, evidenceOf }) => {
          const state = JSON.stringify(evidenceOf('second'));
          await trx.updateTable('machines').set({ state }).where('id', '=', machineId).execute();
        },
      },
    );
    const b = await benches.open([work]);
    const machine = await b.addMachine();
    await b.operations.startWorker();
    const id = await b.operations.start('test-work', machine, { disk: 'sda' });
    const operation = await b.ended(id);
    const left = { saw: { input: '{"disk":"sda"}' }, unknown: null };
    expect(operation).toMatchObject({ state: 'succeeded', machineId: machine, input: { disk: 'sda' }, result: left });
    expect(operation.steps).toMatchObject([
      { name: 'first', state: 'done', tries: 1, evidence: { input: '{"disk":"sda"}' } },
      { name: 'second', state: 'done', tries: 1, evidence: left },
    ]);
    expect(await machineState(b.store, machine)).toBe(JSON.stringify(left));
    expect((await b.events(id)).map(({ kind, subject }) => [kind, subject.id])).toEqual([
      ['operation.started', machine],
      ['operation.step.started', machine],
      ['operation.step.done', machine],
      ['operation.step.started', machine],
      ['operation.step.done', machine],
      ['operation.succeeded', machine],
    ]);
  });

  test('every enumerated checkpoint is passed once, in that order', async () => {
    const passed: string[] = [];
    const b = await benches.open([definition([nothing('one'), nothing('two')])], {
      reach: (point) => passed.push(point),
    });
    expect(b.operations.enumeratePoints('test-work')).toEqual([
      'test-work/one/begin',
      'test-work/one/intent',
      'test-work/one/effect',
      'test-work/one/done',
      'test-work/two/begin',
      'test-work/two/intent',
      'test-work/two/effect',
      'test-work/two/done',
      'test-work/end',
    ]);
    await b.operations.startWorker();
    await b.ended(await b.operations.start('test-work', null, {}));
    expect(passed).toEqual(b.operations.enumeratePoints('test-work'));
  });

  test('more operations than one wait at the same time', async () => {
    let waiters = 0;
    const all = Promise.withResolvers<void>();
    const meet = step('meet', async () => {
      waiters += 1;
      if (waiters === 40) all.resolve();
      await all.promise;
      return {};
    });
    const b = await benches.open([definition([meet])]);
    await b.operations.startWorker();
    const ids = await Promise.all(Array.from({ length: 40 }, () => b.operations.start('test-work', null, {})));
    for (const id of ids) expect((await b.ended(id)).state).toBe('succeeded');
  });

  test('an operation accepted before the worker starts is run by it', async () => {
    const b = await benches.open([definition([nothing('one')])]);
    const id = await b.operations.start('test-work', null, {});
    expect((await b.operations.get(id)).state).toBe('queued');
    expect((await b.operations.list({ states: ['queued'] })).map((operation) => operation.id)).toEqual([id]);
    await b.operations.startWorker();
    expect((await b.ended(id)).state).toBe('succeeded');
    expect(await b.operations.list({ states: ['queued'] })).toEqual([]);
  });

  test('progress and log are kept, at most one progress per interval and always the last', async () => {
    const talk = step('talk', async ({ progress, log }) => {
      for (let done = 1; done <= 100; done += 1) progress({ done, total: 100, unit: 'bytes' });
      log('half way');
      log('there');
      return {};
    });
    const b = await benches.open([definition([talk])], { progressEveryMs: 60_000 });
    await b.operations.startWorker();
    const id = await b.operations.start('test-work', null, {});
    const operation = await b.ended(id);
    expect(operation.progress).toMatchObject({ step: 'talk', done: 100, total: 100, unit: 'bytes' });
    expect(operation.log.map((line) => line.text)).toEqual(['talk: half way', 'talk: there']);
    const progress = (await b.events(id)).filter((event) => event.kind === 'operation.progress');
    expect(progress.map((event) => event.data)).toMatchObject([{ done: 1 }, { done: 100 }]);
  });
});
