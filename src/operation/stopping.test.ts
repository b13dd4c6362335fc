import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openEngine } from './engine/engine.ts';
import { type OperationStep, createOperations } from './index.ts';
import { definition, nothing, step, untilAborted, useBenches, waiting } from './testing/operations-fixture.ts';

const benches = useBenches();
const logger = { info() {}, warn() {}, error() {} };

describe('stopping and going on', () => {
  test('a stop interrupts the step without failing anything; the next start asks it whether it had acted', async () => {
    const reasons: unknown[] = [];
    let asked = 0;
    const wait = waiting('wait', {
      async recover({ interrupted, signal }) {
        asked += 1;
        return { interrupted, aborted: signal.aborted };
      },
    });
    const spy = step('spy', async () => ({}));
    const noted: OperationStep = {
      ...wait,
      run: (context) => {
        context.signal.addEventListener('abort', () => reasons.push(context.signal.reason));
        return wait.run(context);
      },
    };
    const work = [definition([noted, spy])];
    const first = await benches.open(work);
    await first.operations.startWorker();
    const id = await first.operations.start('test-work', null, {});
    await first.event(id, 'operation.step.started');
    await first.operations.stop();
    expect(reasons).toMatchObject([{ reason: 'shutdown' }]);
    expect(await first.operations.get(id)).toMatchObject({ state: 'running', failure: undefined });
    const second = await benches.restart(first, work);
    await second.operations.startWorker();
    const operation = await second.ended(id);
    expect(operation.state).toBe('succeeded');
    expect(asked).toBe(1);
    expect(operation.steps[0]).toMatchObject({ tries: 1, evidence: { interrupted: true, aborted: false } });
    const events = await second.events(id);
    expect(events.map((event) => event.kind)).toContain('operation.resumed');
    expect(events.find((event) => event.kind === 'operation.step.done')?.data).toMatchObject({ recovered: true });
  });

  test('without evidence of the effect the step runs again, knowing that it was interrupted', async () => {
    const first = await benches.open([definition([waiting('wait')])]);
    await first.operations.startWorker();
    const id = await first.operations.start('test-work', null, {});
    await first.event(id, 'operation.step.started');
    const again = step('wait', async ({ interrupted }) => ({ interrupted }), { recover: async () => undefined });
    const second = await benches.restart(first, [definition([again])]);
    await second.operations.startWorker();
    const operation = await second.ended(id);
    expect(operation.steps[0]).toMatchObject({ state: 'done', tries: 2, evidence: { interrupted: true } });
  });

  test('the same process may stop and start its worker', async () => {
    let tries = 0;
    const second = step('second', async ({ signal }) => {
      tries += 1;
      return tries === 1 ? await untilAborted(signal) : { tries };
    });
    const b = await benches.open([definition([nothing('first'), second])]);
    await b.operations.startWorker();
    const id = await b.operations.start('test-work', null, {});
    await b.event(id, 'operation.step.done');
    await b.operations.stop();
    await b.operations.startWorker();
    expect((await b.ended(id)).state).toBe('succeeded');
  });

  test('an operation of a kind that this version does not have is ended, not kept forever', async () => {
    const first = await benches.open([definition([nothing('one')])]);
    const id = await first.operations.start('test-work', null, {});
    const second = await benches.restart(first, [definition([nothing('one')], { kind: 'other-work' })]);
    await second.operations.startWorker();
    expect(await second.ended(id)).toMatchObject({ state: 'failed', failure: { step: 'start', code: 'unsupported' } });
  });

  test('a second worker on the same engine waits until the first lets go, and then goes on with its work', async () => {
    const work = [definition([waiting('wait', { recover: async () => ({ found: true }) })])];
    const b = await benches.open(work);
    await b.operations.startWorker();
    const id = await b.operations.start('test-work', null, {});
    await b.event(id, 'operation.step.started');
    const engine = { kind: 'sqlite', file: join(benches.directory(), 'engine.db') } as const;
    const second = createOperations({ store: b.store, engine, definitions: work, clock: Date, logger });
    let started = false;
    const starting = second.startWorker().then(() => {
      started = true;
    });
    await new Promise(setImmediate);
    expect([started, (await b.operations.get(id)).state]).toEqual([false, 'running']);
    await b.operations.stop();
    await starting;
    expect((await b.ended(id)).state).toBe('succeeded');
    await second.stop();
  });

  test('runs of the engine that belong to no operation are cancelled', async () => {
    const work = [definition([waiting('wait')])];
    const first = await benches.open(work);
    await first.operations.startWorker();
    const id = await first.operations.start('test-work', null, {});
    await first.event(id, 'operation.step.started');
    await first.operations.stop();
    const engineRuns = async () => {
      const storage = { kind: 'sqlite', file: join(benches.directory(), 'engine.db') } as const;
      const engine = await openEngine({ storage, concurrency: 1, logger, execute: async () => {} });
      const runs = await engine.liveRuns();
      await engine.close(1_000);
      return runs.map((run) => run.operationId);
    };
    expect(await engineRuns()).toEqual([id]);
    await first.store.db.deleteFrom('operation_steps').execute();
    await first.store.db.deleteFrom('operations').execute();
    const second = await benches.restart(first, work);
    await second.operations.startWorker();
    await second.operations.stop();
    expect(await engineRuns()).toEqual([]);
  });
});
