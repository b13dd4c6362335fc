/**
 * The steps that move a machine's power through its BMC. Each looks before it acts, so that running one again after a
 * crash acts at most once: power off and power on can be seen, and setting the boot device twice is the same as once.
 * A reset can be neither seen nor repeated and is therefore no step.
 */
import { AthanorError } from '../errors/index.ts';
import { type BmcResult, type Evidence, sameGuid } from '../site/index.ts';
import type { OperationStep, StepContext, StepEvidence } from '../operation/index.ts';
import { inventoryOf } from '../install/index.ts';
import { bmcOfMachine, keepPower, type MachineEnvironment, uuidOfMachine } from './environment.ts';

const noBmc: StepEvidence = { skipped: 'no BMC is tied to this machine; a person has to do it' };

function plain(evidence: readonly Evidence[]): { source: string; detail: string; at: number }[] {
  return evidence.map(({ source, detail, at }) => ({ source, detail, at }));
}

/** What a BMC call proved, or the error it ended with. A driver that cannot do it leaves it to a person. */
export function evidenceOrThrow<T>(what: string, result: BmcResult<T>): StepEvidence {
  switch (result.outcome) {
    case 'done':
      return { outcome: 'done', driver: result.driver, evidence: plain(result.evidence) };
    case 'unsupported':
      return { skipped: `${what}: ${result.reason}`, driver: result.driver };
    case 'outcome unknown':
      if (result.driver === 'unmanaged')
        return { outcome: result.outcome, driver: result.driver, evidence: plain(result.evidence) };
      throw result.error;
    case 'failed':
      throw result.error;
  }
}

function requireMachine(machineId: string | null): string {
  if (machineId === null) throw new AthanorError('internal', 'this operation has no machine');
  return machineId;
}

/** Make sure that the BMC still is this machine's: an address may have changed hands since it was tied. */
export function confirmBmcStep<Input>(environment: MachineEnvironment): OperationStep<Input> {
  return {
    name: 'confirm-bmc',
    deadlineMs: 60_000,
    waitsFor: 'the BMC to tell its GUID',
    run: async (context) => {
      const machineId = requireMachine(context.machineId);
      const bmc = await bmcOfMachine(environment, machineId);
      if (bmc === undefined) return noBmc;
      const result = await bmc.identity.guid({ signal: context.signal });
      if (result.outcome === 'unsupported') return { skipped: result.reason, bmc: bmc.settings.name };
      if (result.outcome !== 'done') throw result.error;
      const uuid = await uuidOfMachine(environment.store, machineId);
      if (uuid !== undefined && !sameGuid(result.value.raw, uuid))
        throw new AthanorError(
          'conflict',
          `BMC ${bmc.settings.name} tells the GUID ${result.value.raw}, which is not this machine's`,
          {
            field: 'bmc',
            value: bmc.settings.address,
            remedy: 'Another BMC may answer at this address now: correct the declared address.',
          },
        );
      return { bmc: bmc.settings.name, guid: result.value.raw };
    },
  };
}

async function reachPower(
  environment: MachineEnvironment,
  { machineId: id, signal }: Pick<StepContext, 'machineId' | 'signal'>,
  power: 'on' | 'off',
): Promise<StepEvidence> {
  const machineId = requireMachine(id);
  const bmc = await bmcOfMachine(environment, machineId);
  if (bmc === undefined) return noBmc;
  const before = await bmc.power.get({ signal });
  if (before.outcome === 'done' && before.value.state === power) {
    await keepPower(environment, machineId, power);
    return { acted: false, power };
  }
  const since = environment.now();
  const result = await bmc.power.set(power, { signal });
  const evidence = evidenceOrThrow(`power ${power}`, result);
  if (result.outcome !== 'done') return { acted: result.outcome !== 'unsupported', ...evidence };
  await keepPower(environment, machineId, power);
  return { acted: true, since, ...evidence };
}

export function powerOffStep<Input>(environment: MachineEnvironment): OperationStep<Input> {
  return {
    name: 'power-off',
    deadlineMs: 2 * 60_000,
    waitsFor: 'the BMC to say that the power is off',
    run: (context) => reachPower(environment, context, 'off'),
  };
}

export function bootFromNetworkStep<Input>(environment: MachineEnvironment): OperationStep<Input> {
  return {
    name: 'boot-device',
    deadlineMs: 60_000,
    waitsFor: 'the BMC to take the boot device',
    run: async (context) => {
      const machineId = requireMachine(context.machineId);
      const bmc = await bmcOfMachine(environment, machineId);
      if (bmc === undefined) return noBmc;
      const firmware = await firmwareOf(environment, machineId);
      const result = await bmc.bootDevice.set(
        { device: 'pxe', once: true, ...(firmware === undefined ? {} : { firmware }) },
        { signal: context.signal },
      );
      return { device: 'pxe', ...evidenceOrThrow('boot device', result) };
    },
  };
}

export function powerOnStep<Input>(environment: MachineEnvironment): OperationStep<Input> {
  return {
    name: 'power-on',
    deadlineMs: 2 * 60_000,
    waitsFor: 'the BMC to say that the power is on',
    run: (context) => reachPower(environment, context, 'on'),
  };
}

async function firmwareOf(environment: MachineEnvironment, machineId: string): Promise<'bios' | 'uefi' | undefined> {
  return (await inventoryOf(environment.store, machineId))?.firmware;
}
