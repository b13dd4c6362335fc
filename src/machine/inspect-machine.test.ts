import { describe, expect, it } from 'vitest';
import { inventoryOf } from '../install/index.ts';
import { declareTied } from './testing/machine-bench.ts';
import { bootAnswer, netboot, type ScriptedRamdisk } from './testing/scripted-machine.ts';
import { hardware, type Rack, useRacks } from './testing/use-bench.ts';

const rack = useRacks();
const stranger = { mac: '52:54:00:00:00:02', address: '10.0.0.12', uuid: hardware.uuid };

/** Reports what it is and does as it is told: off. */
async function report(
  { bench, bmc }: Pick<Rack, 'bench' | 'bmc'>,
  ramdisk: ScriptedRamdisk | undefined,
): Promise<void> {
  await ramdisk?.inventory();
  expect(await ramdisk?.task()).toEqual({ task: 'power-off' });
  bmc.power = 'off';
  for (const { id } of await bench.store.db.selectFrom('machines').select('id').execute()) bench.wakeups.wake(id);
}

async function operationOn({ bench }: Pick<Rack, 'bench'>, kind = 'inspect-machine'): Promise<string> {
  const [operation] = await bench.operations.list({ kind });
  if (operation === undefined) throw new Error(`no ${kind} was begun`);
  return operation.id;
}

describe('inspect-machine', () => {
  it('finds out what a machine is that boots unasked, ties its BMC, and leaves it off and free', async () => {
    const opened = await rack({ withoutBmc: true, machine: { uuid: '0badcafe-0000-4000-8000-000000000001' } });
    const { bench, bmc } = opened;
    await declareTied(bench.store, 'bmc-1', null, bench.now());
    bmc.power = 'on';
    const ramdisk = await netboot(bench, stranger);
    expect(ramdisk).toBeDefined();
    const machineId = bench.directory.find(stranger.mac)?.machineId ?? '';
    await report(opened, ramdisk);
    const operation = await bench.ended(await operationOn(opened));
    expect(operation.failure).toBeUndefined();
    expect(bmc.changes).toEqual([]);
    expect(await bench.machine(machineId)).toMatchObject({ state: 'free', power: 'off' });
    const bmcRow = await bench.store.db.selectFrom('bmcs').selectAll().executeTakeFirstOrThrow();
    expect(bmcRow).toMatchObject({ machine_id: machineId, guid: bmc.guid });
    expect(await inventoryOf(bench.store, machineId)).toMatchObject({ uuid: hardware.uuid, firmware: 'uefi' });
    expect(bench.errors).toEqual([]);
  });

  it('boots a known machine through its BMC when somebody asks', async () => {
    const opened = await rack({ work: async (ramdisk) => await report(opened, ramdisk) });
    const { bench, bmc, machineId } = opened;
    const operation = await bench.ended(await bench.requests.inspect('r1'));
    expect(operation.failure).toBeUndefined();
    expect(bmc.changes).toEqual(['boot pxe untold', 'power on']);
    expect((await bench.machine(machineId)).state).toBe('free');
  });

  it('lets the BMC cut the power of a ramdisk that does not', async () => {
    const { bench, bmc, machineId } = await rack({
      work: async (ramdisk) => {
        await ramdisk.inventory();
        await ramdisk.task();
      },
    });
    const id = await bench.requests.inspect('r1');
    await bench.event(id, 'operation.step.started', 'power-off-ramdisk');
    await bench.event(id, 'machine.told-to-power-off');
    bench.skip(30_001);
    bench.wakeups.wake(machineId);
    const operation = await bench.ended(id);
    expect(operation.steps.at(-1)?.evidence).toMatchObject({ power: 'off', forced: true });
    expect(bmc.power).toBe('off');
    expect(operation.log.map(({ text }) => text).join()).toContain('the BMC does it');
  });

  it('is content with having told a machine without a BMC to power off', async () => {
    const opened = await rack({ withoutBmc: true, machine: { state: 'discovered' } });
    const { bench, machineId } = opened;
    await report(opened, await netboot(bench, hardware));
    const operation = await bench.ended(await operationOn(opened));
    expect(operation.steps.find((step) => step.name === 'tie-bmc')?.evidence).toMatchObject({ tied: false });
    expect(operation.steps.at(-1)?.evidence).toMatchObject({ power: 'unknown' });
    expect((await bench.machine(machineId)).state).toBe('free');
  });

  it('fails with a way out when the ramdisk never comes, and begins once more when asked', async () => {
    const opened = await rack({
      deadlines: { netbootMs: 200 },
      work: async (ramdisk) => await report(opened, ramdisk),
    });
    const { bench, bmc, machineId } = opened;
    const machine = bmc.onPower;
    bmc.onPower = () => undefined;
    const operation = await bench.ended(await bench.requests.inspect('r1'));
    expect(operation.failure).toMatchObject({ step: 'netboot', code: 'deadline-exceeded' });
    expect((await bench.machine(machineId)).state).toBe('failed');
    expect(bootAnswer(bench, hardware).kind).toBe('ramdisk');
    bmc.onPower = machine;
    expect((await bench.ended(await bench.requests.inspect('r1'))).state).toBe('succeeded');
  });
});
