/** Abort at each step: the operation ends, the machine has a way out, and its ramdisk hears that it must stop. */
import { describe, expect, it } from 'vitest';
import { deployMachine, failureOf } from './index.ts';
import { goodWork, type ScriptedRamdisk } from './testing/scripted-machine.ts';
import { useRacks } from './testing/use-bench.ts';

const rack = useRacks();

/** The names are those of the definition; the list here keeps the definition from losing one unseen. */
const steps = [
  'check-image',
  'confirm-bmc',
  'power-off',
  'boot-device',
  'power-on',
  'netboot',
  'write-image',
  'boot-disk',
];

describe('abort of deploy-machine', () => {
  it('is tested at every step', async () => {
    const { bench } = await rack();
    expect(deployMachine(bench.environment).steps.map((step) => step.name)).toEqual(steps);
  });

  it.each(steps)('during %s leads to failed and on to a second deployment', async (step) => {
    let aborting: Promise<void> | undefined;
    let operation = '';
    const asked = Promise.withResolvers<void>();
    const { bench, machineId, plugged } = await rack({
      reach: (point) => {
        if (point !== `deploy-machine/${step}/intent` || aborting !== undefined) return;
        aborting = asked.promise.then(() => bench.operations.abort(operation, 'wrong machine'));
      },
      // The first boot hangs where the abort finds it; the second does all of it.
      work: async (ramdisk, boot) => {
        const first = boot === 1 && steps.indexOf(step) >= steps.indexOf('power-on');
        if (!first || step === 'boot-disk') await goodWork(ramdisk, boot);
        return first ? 'hang' : undefined;
      },
    });
    operation = await bench.requests.deploy('r1', { image: 'lab-os' });
    asked.resolve();
    const ended = await bench.ended(operation);
    await aborting;
    expect(ended.state).toBe('aborted');
    const machine = await bench.machine(machineId);
    expect(machine.state).toBe('failed');
    expect(failureOf(machine)).toMatchObject({
      operation,
      step: 'abort',
      code: 'aborted',
      verbs: expect.arrayContaining(['deploy']),
    });
    await plugged.quiet();

    const second = await bench.ended(await bench.requests.deploy('r1', { image: 'lab-os' }));
    expect(second.failure).toBeUndefined();
    expect((await bench.machine(machineId)).state).toBe('active');
  });

  it('reaches a BMC call that is under way', async () => {
    const { bench, bmc } = await rack();
    const asked = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    bmc.onPower = async () => {
      asked.resolve();
      await held.promise;
    };
    const id = await bench.requests.deploy('r1', { image: 'lab-os' });
    await asked.promise;
    await bench.operations.abort(id, 'wrong machine');
    expect(bmc.interrupted).toEqual(['power on']);
    held.resolve();
    expect((await bench.ended(id)).state).toBe('aborted');
  });

  it('makes every report of the ramdisk an outdated attempt, and gives it no further byte', async () => {
    const writing = Promise.withResolvers<ScriptedRamdisk>();
    const { bench } = await rack({
      work: async (ramdisk) => {
        await ramdisk.task();
        await ramdisk.progress(10);
        writing.resolve(ramdisk);
      },
    });
    const id = await bench.requests.deploy('r1', { image: 'lab-os' });
    const ramdisk = await writing.promise;
    expect((await ramdisk.ask('GET', 'image')).status).toBe(200);
    await bench.operations.abort(id, 'wrong machine');
    await bench.ended(id);
    const outdated = { status: 409, body: { code: 'outdated-attempt' } };
    expect(await ramdisk.progress(20)).toMatchObject(outdated);
    expect(await ramdisk.ask('GET', 'image')).toMatchObject(outdated);
    const digest = 'a'.repeat(64);
    const report = { task: 'write-image', sha256ReadBack: digest, bytes: 1, disk: '/dev/sda' };
    expect(await ramdisk.ask('POST', 'complete', report)).toMatchObject(outdated);
    const failure = { task: 'write-image', step: 'write', code: 'write-failed', message: 'ENOSPC' };
    expect(await ramdisk.ask('POST', 'failed', failure)).toMatchObject(outdated);
    expect(await ramdisk.ask('GET', 'task')).toMatchObject({ status: 200, body: { task: 'wait' } });
    const attempt = await bench.attempts.newestOf(id);
    expect(attempt).toMatchObject({ state: 'exchanged', result: null });
  });

  it('takes the same report again after the answer was lost, while the operation goes on', async () => {
    const completed = Promise.withResolvers<ScriptedRamdisk>();
    const { bench } = await rack({
      work: async (ramdisk) => {
        await ramdisk.task();
        await ramdisk.write();
        completed.resolve(ramdisk);
        return 'hang';
      },
    });
    const id = await bench.requests.deploy('r1', { image: 'lab-os' });
    const ramdisk = await completed.promise;
    const before = await bench.attempts.newestOf(id);
    bench.skip(5);
    expect(await ramdisk.write()).toMatchObject({ status: 200, body: { next: 'reboot' } });
    expect(await ramdisk.write({ sha256ReadBack: 'b'.repeat(64) })).toMatchObject({ status: 200 });
    expect(await bench.attempts.newestOf(id)).toEqual(before);
  });
});
