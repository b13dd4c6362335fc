import { describe, expect, test } from 'vitest';
import { OperationInterruption } from './index.ts';
import { definition, machineState, nothing, step, untilAborted, useBenches } from './testing/operations-fixture.ts';

const benches = useBenches();

describe('aborting', () => {
  test('a running step sees the signal and the operation ends as aborted', async () => {
    const reasons: unknown[] = [];
    const wait = step('wait', async ({ signal }) => {
      signal.addEventListener('abort', () => reasons.push(signal.reason));
      return await untilAborted(signal);
    });
    const b = await benches.open([definition([wait, nothing('after')])]);
    const machine = await b.addMachine();
    await b.operations.startWorker();
    const id = await b.operations.start('test-work', machine, {});
    await b.event(id, 'operation.step.started');
    await b.operations.abort(id, 'wrong machine');
    const operation = await b.ended(id);
    expect(operation).toMatchObject({ state: 'aborted', abortReason: 'wrong machine', failure: undefined });
    expect(operation.steps.map((one) => one.state)).toEqual(['intent', 'pending']);
    expect(await machineState(b.store, machine)).toBe('aborted');
    expect(reasons).toMatchObject([{ reason: 'abort', message: 'wrong machine' }]);
    expect(reasons[0]).toBeInstanceOf(OperationInterruption);
    await expect(b.operations.abort(id, 'again')).rejects.toMatchObject({ code: 'conflict' });
  });

  test('a step that ignores its signal does not stop the abort, and what it does later is not heard', async () => {
    const late = Promise.withResolvers<void>();
    const deaf = step('deaf', async ({ log }) => {
      await late.promise;
      log('too late');
      return { done: true };
    });
    const b = await benches.open([definition([deaf])], { graceMs: 10 });
    await b.operations.startWorker();
    const id = await b.operations.start('test-work', null, {});
    await b.event(id, 'operation.step.started');
    await b.operations.abort(id, 'enough');
    expect((await b.ended(id)).state).toBe('aborted');
    late.resolve();
    await new Promise(setImmediate);
    const operation = await b.operations.get(id);
    expect(operation.steps[0]?.state).toBe('intent');
    expect(operation.log).toEqual([]);
  });

  test('a step that finishes in its grace keeps its evidence, and the operation still ends as aborted', async () => {
    const careful = step('careful', async ({ signal }) => {
      await untilAborted(signal).catch(() => undefined);
      return { cleaned: true };
    });
    const b = await benches.open([definition([careful])]);
    await b.operations.startWorker();
    const id = await b.operations.start('test-work', null, {});
    await b.event(id, 'operation.step.started');
    await b.operations.abort(id, 'enough');
    const operation = await b.ended(id);
    expect(operation.state).toBe('aborted');
    expect(operation.steps[0]).toMatchObject({ state: 'done', evidence: { cleaned: true } });
  });

  test('a queued one ends at once, without any worker', async () => {
    const b = await benches.open([definition([nothing('one')])]);
    const machine = await b.addMachine();
    const id = await b.operations.start('test-work', machine, {});
    await b.operations.abort(id, 'not today');
    expect(await b.operations.get(id)).toMatchObject({ state: 'aborted', abortReason: 'not today' });
    expect(await machineState(b.store, machine)).toBe('aborted');
    await b.operations.startWorker();
    const next = await b.operations.start('test-work', machine, {});
    await b.ended(next);
    expect((await b.events(id)).map((event) => event.kind)).not.toContain('operation.step.started');
  });

  test('an abort asked for while nothing runs holds across the restart, and no step acts again', async () => {
    let runs = 0;
    const wait = step('wait', ({ signal }) => {
      runs += 1;
      return untilAborted(signal);
    });
    const work = [definition([wait])];
    const first = await benches.open(work);
    await first.operations.startWorker();
    const id = await first.operations.start('test-work', null, {});
    await first.event(id, 'operation.step.started');
    await first.operations.stop();
    await first.operations.abort(id, 'while down');
    expect((await first.operations.get(id)).state).toBe('running');
    const second = await benches.restart(first, work);
    await second.operations.startWorker();
    expect(await second.ended(id)).toMatchObject({ state: 'aborted', abortReason: 'while down' });
    expect(runs).toBe(1);
  });

  test('an unknown operation cannot be aborted', async () => {
    const b = await benches.open([definition([nothing('one')])]);
    await expect(b.operations.abort('nobody', 'x')).rejects.toMatchObject({ code: 'not-found' });
  });
});
