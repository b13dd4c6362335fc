/** Who the BMC is, over IPMI: Get Device ID, Get System GUID, Get Device GUID (IPMI v2.0 §20.1, §22.14, §20.8). */
import {
  acpiDeviceStates,
  acpiSystemStates,
  getAcpiPowerState,
  getDeviceGuid,
  getDeviceId,
  getSelfTestResults,
  getSystemGuid,
  noData,
  selfTestCorrupted,
  selfTestFaults,
  selfTestNotImplemented,
  selfTestPassed,
} from '../../../protocols/ipmi/index.ts';
import type { BmcDeviceId, BmcGuid, IdentityCapability, SelfTestReading } from '../../capabilities/identity.ts';
import { guidCandidates } from '../../guid.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';

export function ipmiIdentity(context: IpmiContext): IdentityCapability {
  const about = { driver: 'ipmi', capability: 'identity', clock: context.clock } as const;
  return {
    deviceId: (options = {}) => settle(about, (note) => readDeviceId(context, note, options.signal)),
    guid: (options = {}) => settle(about, (note) => readGuid(context, note, options.signal)),
    selfTest: (options = {}) => settle(about, (note) => readSelfTest(context, note, options.signal)),
    acpiPowerState: (options = {}) =>
      settle(about, async (note) => {
        const { system, device } = await context.client.run(getAcpiPowerState, noData, options.signal);
        const inWords = {
          system: acpiSystemStates[system] ?? `reserved state ${system}`,
          device: acpiDeviceStates[device] ?? `reserved state ${device}`,
        };
        note(getAcpiPowerState.name, `${inWords.system}, ${inWords.device}`);
        return inWords;
      }),
  };
}

async function readDeviceId(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<BmcDeviceId> {
  const device = await context.client.run(getDeviceId, noData, signal);
  const firmwareVersion = `${device.firmwareMajor}.${device.firmwareMinor.toString(16).padStart(2, '0')}`;
  note(getDeviceId.name, `manufacturer ${device.manufacturerId}, product ${device.productId}, ${firmwareVersion}`);
  return {
    deviceId: device.deviceId,
    deviceRevision: device.deviceRevision,
    firmwareVersion,
    auxiliaryFirmware: Buffer.from(device.auxiliaryFirmware).toString('hex'),
    protocolVersion: `IPMI ${device.ipmiVersion}`,
    manufacturerId: device.manufacturerId,
    productId: device.productId,
    available: device.available,
  };
}

/** The system's GUID; where the BMC does not know that command, its own, which vendors commonly set to the same. */
async function readGuid(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<BmcGuid> {
  for (const command of [getSystemGuid, getDeviceGuid]) {
    const answer = await context.client.ask(command, noData, signal);
    if ('refused' in answer) {
      note(command.name, answer.refused.text);
      if (command === getDeviceGuid) throw refusedError(context.peer, command.name, answer.refused);
      continue;
    }
    const raw = Buffer.from(answer.value.guid).toString('hex');
    const candidates = guidCandidates(answer.value.guid);
    note(command.name, candidates.length === 0 ? `${raw} identifies nothing` : raw);
    return { raw, candidates };
  }
  throw new Error('unreachable: the last command returns or throws');
}

async function readSelfTest(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<SelfTestReading> {
  const { result, detail } = await context.client.run(getSelfTestResults, noData, signal);
  const raw = Buffer.of(result, detail).toString('hex');
  note(getSelfTestResults.name, raw);
  if (result === selfTestPassed) return { result: 'passed', raw, faults: [] };
  if (result === selfTestNotImplemented) return { result: 'not-implemented', raw, faults: [] };
  const faults =
    result === selfTestCorrupted
      ? selfTestFaults.filter((_, bit) => (detail & (1 << bit)) !== 0)
      : [`${result === 0x58 ? 'fatal hardware error' : 'device-specific failure'}, detail ${detail}`];
  return { result: 'failed', raw, faults: [...faults] };
}
