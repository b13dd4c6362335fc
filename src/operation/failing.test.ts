import { describe, expect, test } from 'vitest';
import { AthanorError } from '../errors/index.ts';
import { definition, machineState, nothing, step, useBenches, waiting } from './testing/operations-fixture.ts';

const benches = useBenches();

describe('failing', () => {
  test('a step that throws fails the operation at once, saying what and what to do', async () => {
    const broken = step('power-on', async () => {
      throw new AthanorError('bmc-unreachable', 'no answer from 10.0.0.5', { remedy: 'Plug it in.' });
    });
    const b = await benches.open([definition([nothing('before'), broken, nothing('after')])]);
    const machine = await b.addMachine();
    await b.operations.startWorker();
    const id = await b.operations.start('test-work', machine, {});
    const operation = await b.ended(id);
    const failure = {
      step: 'power-on',
      code: 'bmc-unreachable',
      message: 'no answer from 10.0.0.5',
      remedy: 'Plug it in.',
    };
    expect(operation).toMatchObject({ state: 'failed', failure });
    expect(operation.steps.map(({ name, state, tries }) => [name, state, tries])).toEqual([
      ['before', 'done', 1],
      ['power-on', 'failed', 1],
      ['after', 'pending', 0],
    ]);
    expect(operation.steps[1]?.failure).toEqual(failure);
    expect(await machineState(b.store, machine)).toBe('failed');
    const kinds = (await b.events(id)).map((event) => event.kind);
    expect(kinds.slice(-2)).toEqual(['operation.step.failed', 'operation.failed']);
  });

  test('a step past its deadline fails, naming what it waited for, even when it ignores its signal', async () => {
    const deaf = step('wait-for-boot', () => new Promise(() => {}), {
      deadlineMs: 50,
      waitsFor: 'the ramdisk to report',
    });
    const b = await benches.open([definition([deaf])], { graceMs: 10 });
    await b.operations.startWorker();
    const operation = await b.ended(await b.operations.start('test-work', null, {}));
    expect(operation.failure).toMatchObject({ step: 'wait-for-boot', code: 'deadline-exceeded' });
    expect(operation.failure?.message).toContain('the ramdisk to report');
    expect(operation.steps[0]?.waitsFor).toBe('the ramdisk to report');
  });

  test("the operation's own deadline ends a step that still had time", async () => {
    const b = await benches.open([definition([waiting('wait')], { deadlineMs: 50 })]);
    await b.operations.startWorker();
    const operation = await b.ended(await b.operations.start('test-work', null, {}));
    expect(operation.failure).toMatchObject({ step: 'wait', code: 'deadline-exceeded' });
    expect(operation.failure?.message).toContain("operation's deadline");
  });

  test('when the hook of success refuses, nothing of it remains and the operation ends as failed', async () => {
    const work = definition([nothing('one')], {
      async onSucceeded(trx, { machineId }) {
        await trx.updateTable('machines').set({ state: 'half' }).where('id', '=', machineId).execute();
        throw new AthanorError('state-forbids', 'somebody retired it');
      },
    });
    const b = await benches.open([work]);
    const machine = await b.addMachine();
    await b.operations.startWorker();
    const operation = await b.ended(await b.operations.start('test-work', machine, {}));
    expect(operation).toMatchObject({ state: 'failed', failure: { step: 'end', code: 'state-forbids' } });
    expect(await machineState(b.store, machine)).toBe('failed');
  });

  test('a refusing hook of failure does not keep the operation open', async () => {
    const broken = step('one', async () => {
      throw new AthanorError('bmc-refused', 'no');
    });
    const work = definition([broken], {
      async onFailed() {
        throw new AthanorError('state-forbids', 'somebody retired it');
      },
    });
    const b = await benches.open([work]);
    await b.operations.startWorker();
    const operation = await b.ended(await b.operations.start('test-work', null, {}));
    expect(operation).toMatchObject({ state: 'failed', failure: { step: 'one', code: 'bmc-refused' } });
    expect(operation.log.map((line) => line.text).join()).toContain('somebody retired it');
  });

  test('an end that stumbles is tried again without running any step again', async () => {
    let ends = 0;
    let runs = 0;
    const once = step('once', async () => {
      runs += 1;
      return {};
    });
    const work = definition([once], {
      async onSucceeded() {
        ends += 1;
        if (ends === 1) throw new Error('database connection lost');
      },
    });
    const b = await benches.open([work]);
    await b.operations.startWorker();
    expect((await b.ended(await b.operations.start('test-work', null, {}))).state).toBe('succeeded');
    expect([ends, runs]).toEqual([2, 1]);
    expect(b.logged.join()).toContain('database connection lost');
  });
});
