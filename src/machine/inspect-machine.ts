/** Inspect: boot the ramdisk, learn the hardware, tie the BMC, and leave the machine powered off and free. */
import { z } from 'zod';
import { AthanorError } from '../errors/index.ts';
import { identifyBmc, tieBmc } from '../discovery/index.ts';
import { inventoryOf, inventoryTime, waitUntil } from '../install/index.ts';
import type { OperationDefinition, OperationStep } from '../operation/index.ts';
import type { MachineEnvironment } from './environment.ts';
import { bootFromNetworkStep, confirmBmcStep, powerOffStep, powerOnStep } from './power-steps.ts';
import { netbootStep, powerOffRamdiskStep } from './ramdisk-steps.ts';
import { stateTable } from './states.ts';
import { endingsOf } from './operation-endings.ts';

export const inspectMachineInput = z.strictObject({
  /** `netboot`: it is booting the ramdisk already. `request`: somebody asked, so it is to be booted. */
  because: z.enum(['netboot', 'request']),
});

export type InspectMachineInput = z.infer<typeof inspectMachineInput>;

export const INSPECT_MACHINE = 'inspect-machine';

/** A power step that a machine which is booting by itself does not need. */
function onlyOnRequest(step: OperationStep<InspectMachineInput>): OperationStep<InspectMachineInput> {
  return {
    ...step,
    run: async (context) =>
      context.input.because === 'netboot' ? { skipped: 'the machine boots already' } : await step.run(context),
  };
}

function inventoryStep({ store, attempts, wakeups }: MachineEnvironment): OperationStep<InspectMachineInput> {
  return {
    name: 'inventory',
    deadlineMs: 5 * 60_000,
    waitsFor: 'the inventory from the ramdisk',
    run: async ({ machineId, operationId, signal }) => {
      if (machineId === null) throw new AthanorError('internal', 'this operation has no machine');
      const report = await waitUntil(
        wakeups,
        machineId,
        async () => {
          const attempt = await attempts.newestOf(operationId);
          const time = await inventoryTime(store, machineId);
          if (attempt === undefined || time === undefined || time < attempt.created_at) return undefined;
          return await inventoryOf(store, machineId);
        },
        { everyMs: 1000, signal },
      );
      return {
        uuid: report.uuid,
        serial: report.serial,
        vendor: report.vendor,
        product: report.product,
        firmware: report.firmware,
        cpus: report.cpus.count,
        memoryBytes: report.memoryBytes,
        disks: report.disks.length,
        nics: report.nics.length,
      };
    },
  };
}

function tieBmcStep({ store, site, now }: MachineEnvironment): OperationStep<InspectMachineInput> {
  return {
    name: 'tie-bmc',
    deadlineMs: 2 * 60_000,
    waitsFor: 'the declared BMCs to tell who they are',
    run: async ({ machineId, operationId, signal }) => {
      if (machineId === null) throw new AthanorError('internal', 'this operation has no machine');
      const uuid = (await inventoryOf(store, machineId))?.uuid ?? '';
      if (uuid === '') return { tied: false, reason: 'the machine has no UUID' };
      const strangers = await store.db
        .selectFrom('bmcs')
        .select('name')
        .where('guid', 'is', null)
        .where('machine_id', 'is', null)
        .execute();
      await Promise.all(strangers.map(async ({ name }) => await identifyBmc(store, site, name, now, signal)));
      const result = await tieBmc(store, machineId, uuid, operationId);
      return 'bmc' in result ? { tied: true, bmc: result.bmc.name } : { tied: false, reason: result.reason };
    },
  };
}

export function inspectMachine(environment: MachineEnvironment): OperationDefinition<InspectMachineInput> {
  return {
    kind: INSPECT_MACHINE,
    parseInput: (value) => inspectMachineInput.parse(value),
    deadlineMs: stateTable.inspecting.waiting?.deadlineMs ?? 0,
    steps: [
      onlyOnRequest(confirmBmcStep(environment)),
      onlyOnRequest(powerOffStep(environment)),
      onlyOnRequest(bootFromNetworkStep(environment)),
      onlyOnRequest(powerOnStep(environment)),
      netbootStep(environment),
      inventoryStep(environment),
      tieBmcStep(environment),
      powerOffRamdiskStep(environment),
    ],
    ...endingsOf<InspectMachineInput>(environment, 'free', 'its hardware is known'),
  };
}
