import { expect, it } from 'vitest';
import { unmanagedHost } from './testing/memory-bmc.ts';
import { useRacks } from './testing/use-bench.ts';

const rack = useRacks();

it('keeps nothing of a power that nobody could switch or see', async () => {
  const { bench, machineId } = await rack({ host: await unmanagedHost('bmc-1') });
  const id = await bench.requests.deploy('r1', { image: 'lab-os' });
  const done = await bench.event(id, 'operation.step.done', 'power-off');
  expect(done.data).toMatchObject({ evidence: { acted: false, skipped: expect.stringMatching(/\w/) } });
  // The magic packet cannot leave here: the step that sends it says so.
  expect((await bench.ended(id)).failure).toMatchObject({ step: 'power-on' });
  expect((await bench.machine(machineId)).power).toBe('unknown');
});

it('sets the boot device for the firmware that the inventory told', async () => {
  const { bench, bmc } = await rack();
  await bench.ended(await bench.requests.deploy('r1', { image: 'lab-os' }));
  await bench.ended(await bench.requests.deploy('r1', { image: 'lab-os' }));
  expect(bmc.changes.filter((change) => change.startsWith('boot'))).toEqual(['boot pxe untold', 'boot pxe uefi']);
});
