/** What a machine in the ramdisk is told to do, from its state and from the operation that waits for it. */
import { AthanorError } from '../errors/index.ts';
import { recordClaims } from '../discovery/index.ts';
import { findImage, keepInventory, type RamdiskTask, type RamdiskWork } from '../install/index.ts';
import { fromJson, type Row, type Store } from '../store/index.ts';
import type { BootDirectory } from './boot-directory.ts';
import { DEPLOY_MACHINE, deployMachineInput } from './deploy-machine.ts';
import { INSPECT_MACHINE } from './inspect-machine.ts';

export function createRamdiskWork(store: Store, directory: BootDirectory, now: () => number): RamdiskWork {
  async function runningOperation(operationId: string | null): Promise<Row<'operations'> | undefined> {
    if (operationId === null) return undefined;
    const operation = await store.db
      .selectFrom('operations')
      .selectAll()
      .where('id', '=', operationId)
      .where('state', 'in', ['queued', 'running'])
      .executeTakeFirst();
    return operation?.abort_requested_at === null ? operation : undefined;
  }

  async function hasBegun(operationId: string, step: string): Promise<boolean> {
    const row = await store.db
      .selectFrom('operation_steps')
      .select('state')
      .where('operation_id', '=', operationId)
      .where('name', '=', step)
      .executeTakeFirst();
    return row !== undefined;
  }

  async function imageOf(operation: Row<'operations'>): Promise<{ image: Row<'images'>; disk: string }> {
    const { image, disk } = fromJson(deployMachineInput, operation.input, 'operations.input');
    return { image: await findImage(store, image), disk };
  }

  /** A machine that waits for work waits powered off; the operation that waits for it finds in the history that it was told. */
  async function powerOff(machineId: string, operationId: string | null): Promise<RamdiskTask> {
    await store.transaction(async (trx) => {
      await trx.updateTable('machines').set({ power: 'unknown' }).where('id', '=', machineId).execute();
      if (operationId === null) return;
      await store.events.appendEvent(trx, {
        kind: 'machine.told-to-power-off',
        subject: { kind: 'machine', id: machineId },
        operationId,
        data: {},
      });
    });
    return { task: 'power-off' };
  }

  return {
    inventory: async (attempt, report) => {
      await store.transaction(async (trx) => {
        await keepInventory(trx, attempt.machineId, report, { source: 'ramdisk', now: now() });
        const claims = [
          { kind: 'uuid' as const, value: report.uuid },
          { kind: 'serial' as const, value: report.serial },
          ...report.nics.map((nic) => ({ kind: 'mac' as const, value: nic.mac })),
        ];
        await recordClaims(store, trx, attempt.machineId, claims, { source: 'ramdisk', now: now() });
        await store.events.appendEvent(trx, {
          kind: 'machine.inventory',
          subject: { kind: 'machine', id: attempt.machineId },
          operationId: attempt.operationId,
          data: {
            vendor: report.vendor,
            product: report.product,
            serial: report.serial,
            uuid: report.uuid,
            firmware: report.firmware,
            cpus: report.cpus.count,
            memoryBytes: report.memoryBytes,
            disks: report.disks.map((disk) => ({ name: disk.name, sizeBytes: disk.sizeBytes })),
            nics: report.nics.map((nic) => nic.mac),
          },
        });
      });
      await directory.refresh(attempt.machineId);
    },

    task: async (attempt) => {
      const operation = await runningOperation(attempt.operationId);
      if (operation?.kind === INSPECT_MACHINE)
        return (await hasBegun(operation.id, 'power-off-ramdisk'))
          ? await powerOff(attempt.machineId, operation.id)
          : { task: 'wait' };
      if (operation?.kind === DEPLOY_MACHINE) {
        const finished = await store.db
          .selectFrom('boot_attempts')
          .select('number')
          .where('machine_id', '=', attempt.machineId)
          .where('number', '=', attempt.number)
          .where('state', '=', 'finished')
          .executeTakeFirst();
        // A machine that boots early writes nothing before the image was checked and the BMC confirmed.
        if (finished !== undefined || !(await hasBegun(operation.id, 'write-image'))) return { task: 'wait' };
        const { image, disk } = await imageOf(operation);
        return {
          task: 'write-image',
          image: image.name,
          path: '/ramdisk/v1/image',
          sizeBytes: image.size_bytes,
          sha256: image.sha256,
          disk,
        };
      }
      const machine = await store.db
        .selectFrom('machines')
        .select('state')
        .where('id', '=', attempt.machineId)
        .executeTakeFirst();
      const idle = machine?.state === 'free' || machine?.state === 'discovered';
      return idle ? await powerOff(attempt.machineId, null) : { task: 'wait' };
    },

    imageFile: async (attempt) => {
      const operation = await runningOperation(attempt.operationId);
      if (operation?.kind !== DEPLOY_MACHINE || !(await hasBegun(operation.id, 'write-image')))
        throw new AthanorError('outdated-attempt', 'no deployment waits for this machine');
      return (await imageOf(operation)).image.file;
    },

    next: async (attempt, result) => {
      await directory.refresh(attempt.machineId);
      return { next: result.outcome === 'complete' ? 'reboot' : 'wait' };
    },
  };
}
