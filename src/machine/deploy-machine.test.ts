import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bootAnswer, goodWork, netboot } from './testing/scripted-machine.ts';
import { hardware, imageContent, useRacks } from './testing/use-bench.ts';

const rack = useRacks();
const sha256 = createHash('sha256').update(imageContent).digest('hex');

describe('deploy-machine', () => {
  it('takes a free machine to an installed system that runs, each step with what it saw', async () => {
    const { bench, bmc, machineId } = await rack();
    const id = await bench.requests.deploy('r1', { image: 'lab-os', hostname: 'web-1' });
    const operation = await bench.ended(id);
    expect(operation.failure).toBeUndefined();
    expect(operation.state).toBe('succeeded');
    expect(bmc.changes).toEqual(['boot pxe untold', 'power on']);
    const evidence = Object.fromEntries(operation.steps.map((step) => [step.name, step.evidence]));
    expect(evidence['check-image']).toMatchObject({ sha256, bytes: imageContent.length });
    expect(evidence['write-image']).toMatchObject({ disk: '/dev/sda', diskSerial: 'D1', sha256 });
    expect(evidence['boot-disk']).toMatchObject({ mac: hardware.mac, address: hardware.address });
    const machine = await bench.machine(machineId);
    expect(machine).toMatchObject({ state: 'active', failure: null, power: 'on' });
    const moves = (await bench.events('machine.state')).map(({ data }) => data);
    expect(moves).toMatchObject([
      { from: 'free', to: 'allocated' },
      { from: 'allocated', to: 'deploying' },
      { from: 'deploying', to: 'active' },
    ]);
    expect(bench.directory.find(hardware.mac)).toMatchObject({ hostname: 'web-1' });
    expect(bootAnswer(bench, hardware)).toEqual({ kind: 'local-disk' });
    expect(bench.errors).toEqual([]);
  });

  it('cuts the power of a machine that runs, and lets an active machine be deployed again', async () => {
    const { bench, bmc, plugged, machineId } = await rack({ machine: { state: 'active' } });
    bmc.power = 'on';
    expect((await bench.ended(await bench.requests.deploy('r1', { image: 'lab-os' }))).state).toBe('succeeded');
    expect(bmc.changes).toEqual(['power off', 'boot pxe untold', 'power on']);
    await plugged.quiet();
    expect((await bench.ended(await bench.requests.deploy('r1', { image: 'lab-os' }))).state).toBe('succeeded');
    expect(await bench.machine(machineId)).toMatchObject({ state: 'active' });
  });

  it('knows a system with a static address, which takes no lease, by its agent', async () => {
    const { bench, machineId } = await rack({
      work: async (ramdisk, boot) => {
        await goodWork(ramdisk, boot);
        return 'hang';
      },
    });
    const id = await bench.requests.deploy('r1', { image: 'lab-os' });
    await bench.event(id, 'operation.step.started', 'boot-disk');
    await bench.store.db
      .insertInto('agents')
      .values({
        machine_id: machineId,
        token_hash: 'x',
        address: '192.0.2.77',
        boot_id: 'b',
        interval_ms: 10_000,
        last_sequence: 0,
        enrolled_at: bench.now() + 1,
        last_heard_at: bench.now() + 1,
        stopping_at: null,
      })
      .execute();
    const operation = await bench.ended(id);
    expect(operation.state).toBe('succeeded');
    expect(operation.steps.find((step) => step.name === 'boot-disk')?.evidence).toMatchObject({
      address: '192.0.2.77',
      seen: expect.stringContaining('agent'),
    });
  });

  it('leaves a machine without a BMC to a person, and goes on when it boots', async () => {
    const { bench, plugged } = await rack({ withoutBmc: true });
    const id = await bench.requests.deploy('r1', { image: 'lab-os' });
    await bench.event(id, 'operation.step.started', 'netboot');
    await plugged.reset();
    const operation = await bench.ended(id);
    expect(operation.state).toBe('succeeded');
    expect(operation.steps.find((step) => step.name === 'power-on')?.evidence).toMatchObject({
      skipped: expect.stringContaining('a person'),
    });
  });

  it('writes nothing before the image was checked and the BMC confirmed', async () => {
    const { bench, machineId } = await rack();
    // Accepted, and not begun: the machine is quicker than its operation.
    await bench.store.transaction(
      async (trx) =>
        await bench.operations.startIn(trx, 'deploy-machine', machineId, { image: 'lab-os', disk: 'auto' }),
    );
    const ramdisk = await netboot(bench, hardware);
    expect(await ramdisk?.ask('GET', 'task')).toMatchObject({ status: 200, body: { task: 'wait' } });
    expect(await ramdisk?.ask('GET', 'image')).toMatchObject({ status: 409, body: { code: 'outdated-attempt' } });
  });

  it('does not take a boot from before the power was cut for the one it waits for', async () => {
    const { bench, bmc } = await rack();
    bmc.power = 'on';
    const machine = bmc.onPower;
    // In the moment its power is cut the machine identifies itself once more.
    bmc.onPower = async (power) => {
      if (power === 'on') return await machine(power);
      await netboot(bench, hardware);
      bench.skip(1000);
    };
    const operation = await bench.ended(await bench.requests.deploy('r1', { image: 'lab-os' }));
    expect(operation.state).toBe('succeeded');
    expect(operation.steps.find((step) => step.name === 'netboot')?.evidence).toMatchObject({ attempt: 2 });
  });
});
