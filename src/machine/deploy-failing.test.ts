/** Every way in which a deployment may fail ends in `failed` with the step, the cause and a way out that works. */
import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { failureOf } from './index.ts';
import { bootAnswer, goodWork, plugIn, type Work } from './testing/scripted-machine.ts';
import { hardware, imageContent, type Rack, type RackOptions, useRacks } from './testing/use-bench.ts';

const rack = useRacks();

interface Case {
  what: string;
  options?: RackOptions;
  /** Before the deployment is asked for. */
  before?: (rack: Rack) => Promise<void> | void;
  /** While it runs. */
  during?: (rack: Rack, operationId: string) => Promise<void> | void;
  /** What has to be mended before the second deployment. */
  mend?: (rack: Rack) => Promise<void> | void;
  step: string;
  code: string;
  message: RegExp;
}

const firstBoot =
  (work: Work): Work =>
  async (ramdisk, boot) =>
    await (boot === 1 ? work(ramdisk, boot) : goodWork(ramdisk, boot));

/** Reports progress as the task is begun, then is never heard again. */
const fallSilent: Work = async (ramdisk) => {
  await ramdisk.inventory();
  await ramdisk.task();
  await ramdisk.progress(500);
};

const reporting = (changes: Record<string, unknown>): Work =>
  firstBoot(async (ramdisk) => {
    await ramdisk.task();
    await ramdisk.write(changes);
  });

const cases: Case[] = [
  {
    what: 'the disk gives back something else',
    options: { work: reporting({ sha256ReadBack: 'b'.repeat(64) }) },
    step: 'write-image',
    code: 'digest-mismatch',
    message: /read back has the SHA-256 b{64}/,
  },
  {
    what: 'fewer bytes were written',
    options: { work: reporting({ bytes: 10 }) },
    step: 'write-image',
    code: 'image-failed',
    message: /10 of 100000 bytes/,
  },
  {
    what: 'the ramdisk reports a full disk',
    options: {
      work: firstBoot(async (ramdisk) => {
        await ramdisk.task();
        const report = { task: 'write-image', step: 'choose-disk', code: 'no-disk', message: 'no disk is big enough' };
        await ramdisk.ask('POST', 'failed', report);
      }),
    },
    step: 'write-image',
    code: 'image-failed',
    message: /no disk is big enough \(step choose-disk\)/,
  },
  {
    what: 'the ramdisk falls silent',
    options: { work: firstBoot(fallSilent) },
    during: async ({ bench, machineId }, id) => {
      await bench.event(id, 'operation.progress');
      bench.skip(120_001);
      bench.wakeups.wake(machineId);
    },
    step: 'write-image',
    code: 'image-failed',
    message: /stopped after 500 of 100000 bytes and was silent for 120 s/,
  },
  {
    what: 'the machine begins anew for the fourth time',
    options: {
      work: async (ramdisk, boot) => {
        if (boot === 1) await fallSilent(ramdisk, boot);
        if (boot > 4) await goodWork(ramdisk, boot);
      },
    },
    during: async ({ bench, plugged, machineId }, id) => {
      await bench.event(id, 'operation.progress');
      for (let resets = 1; resets <= 3; resets += 1) await plugged.reset();
      bench.wakeups.wake(machineId);
    },
    step: 'write-image',
    code: 'image-failed',
    message: /began anew 3 times/,
  },
  {
    what: 'the BMC is deaf',
    before: ({ bmc }) => {
      bmc.deaf = true;
    },
    mend: ({ bmc }) => {
      bmc.deaf = false;
    },
    step: 'confirm-bmc',
    code: 'bmc-unreachable',
    message: /does not answer/,
  },
  {
    what: 'the BMC falls deaf before the power is switched on',
    options: {
      reach: (point) => {
        if (point === 'deploy-machine/power-on/intent') deafen();
      },
    },
    before: ({ bmc }) => {
      deafen = () => {
        bmc.deaf = true;
      };
    },
    mend: ({ bmc }) => {
      deafen = () => undefined;
      bmc.deaf = false;
    },
    step: 'power-on',
    code: 'bmc-unreachable',
    message: /does not answer/,
  },
  {
    what: 'the BMC tells the GUID of another machine',
    before: ({ bmc }) => {
      bmc.guid = 'b'.repeat(31) + '0';
    },
    mend: ({ bmc }) => {
      bmc.guid = hardware.uuid;
    },
    step: 'confirm-bmc',
    code: 'conflict',
    message: /not this machine's/,
  },
  {
    what: 'the image file is not what was declared',
    before: async ({ bench }) => {
      const image = await bench.store.db.selectFrom('images').selectAll().executeTakeFirstOrThrow();
      await writeFile(image.file, 'swapped');
    },
    mend: async ({ bench }) => void (await bench.addImage('lab-os', imageContent)),
    step: 'check-image',
    code: 'digest-mismatch',
    message: /lab-os has the SHA-256 [0-9a-f]{64}/,
  },
  {
    what: 'the machine never boots from the network',
    options: { deadlines: { netbootMs: 300 } },
    before: ({ bmc }) => {
      bmc.onPower = () => undefined;
    },
    mend: ({ bench, bmc }) => void plugIn(bench, bmc, hardware),
    step: 'netboot',
    code: 'deadline-exceeded',
    message: /waited for the machine to boot the ramdisk/,
  },
  {
    what: 'the system on the disk never comes up',
    options: {
      deadlines: { bootMs: 300 },
      work: async (ramdisk, boot) => {
        await goodWork(ramdisk, boot);
        return boot === 1 ? 'hang' : undefined;
      },
    },
    step: 'boot-disk',
    code: 'deadline-exceeded',
    message: /waited for the operating system on the disk/,
  },
];
let deafen: () => void = () => undefined;

describe('a deployment fails when', () => {
  it.each(cases)('$what', async ({ options, before, during, mend, step, code, message }) => {
    const opened = await rack(options);
    const { bench, machineId } = opened;
    await before?.(opened);
    const id = await bench.requests.deploy('r1', { image: 'lab-os' });
    await during?.(opened, id);
    const operation = await bench.ended(id);
    expect(operation.failure).toMatchObject({ step, code, message: expect.stringMatching(message) });

    const machine = await bench.machine(machineId);
    expect(machine.state).toBe('failed');
    const failure = failureOf(machine);
    expect(failure).toMatchObject({ operation: id, step, code, remedy: expect.stringMatching(/\w{4}/) });
    expect(failure?.verbs).toContain('deploy');
    // What boots now is the ramdisk, which is told to wait; never the half-written disk.
    expect(bootAnswer(bench, hardware).kind).toBe('ramdisk');

    await mend?.(opened);
    const second = await bench.ended(await bench.requests.deploy('r1', { image: 'lab-os' }));
    expect(second.failure).toBeUndefined();
    expect(await bench.machine(machineId)).toMatchObject({ state: 'active', failure: null });
  });
});
