/** What a chassis can do, remembers and is set to (IPMI v2.0 §28.1, §28.5–28.10, §28.14). */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noRequestData, noResponseData } from '../command.ts';

export interface ChassisCapabilities {
  providesIntrusion: boolean;
  providesFrontPanelLockout: boolean;
  providesDiagnosticInterrupt: boolean;
  providesPowerInterlock: boolean;
  fruDeviceAddress: number;
  sdrDeviceAddress: number;
  selDeviceAddress: number;
  systemManagementDeviceAddress: number;
  /** 0x20, the BMC itself, where the answer ends before it. */
  bridgeDeviceAddress: number;
}

/** §28.1. */
export const getChassisCapabilities: IpmiCommand<NoData, ChassisCapabilities> = {
  name: 'Get Chassis Capabilities',
  networkFunction: networkFunction.chassis,
  command: 0x00,
  idempotent: true,
  ...noRequestData,
  encodeResponse: (chassis) =>
    Buffer.of(
      (chassis.providesPowerInterlock ? 0x08 : 0) |
        (chassis.providesDiagnosticInterrupt ? 0x04 : 0) |
        (chassis.providesFrontPanelLockout ? 0x02 : 0) |
        (chassis.providesIntrusion ? 0x01 : 0),
      chassis.fruDeviceAddress,
      chassis.sdrDeviceAddress,
      chassis.selDeviceAddress,
      chassis.systemManagementDeviceAddress,
      chassis.bridgeDeviceAddress,
    ),
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Chassis Capabilities response');
    const flags = reader.byte();
    return {
      providesIntrusion: (flags & 0x01) !== 0,
      providesFrontPanelLockout: (flags & 0x02) !== 0,
      providesDiagnosticInterrupt: (flags & 0x04) !== 0,
      providesPowerInterlock: (flags & 0x08) !== 0,
      fruDeviceAddress: reader.byte(),
      sdrDeviceAddress: reader.byte(),
      selDeviceAddress: reader.byte(),
      systemManagementDeviceAddress: reader.byte(),
      bridgeDeviceAddress: reader.remaining > 0 ? reader.byte() : 0x20,
    };
  },
};

export interface ChassisIdentifyRequest {
  /** 0 puts the lamp out; 15 s by the specification when undefined. */
  seconds: number | undefined;
  /** Until told otherwise; `seconds` then means nothing. */
  indefinitely: boolean;
}

/** §28.5. Not idempotent only in that the time begins anew, which is what the caller means. */
export const chassisIdentify: IpmiCommand<ChassisIdentifyRequest, NoData> = {
  name: 'Chassis Identify',
  networkFunction: networkFunction.chassis,
  command: 0x04,
  idempotent: true,
  encodeRequest({ seconds, indefinitely }) {
    if (indefinitely) return Buffer.of(seconds ?? 0, 0x01);
    // One byte alone: BMCs of the IPMI 1.5 days refuse a second.
    return seconds === undefined ? Buffer.alloc(0) : Buffer.of(seconds);
  },
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Chassis Identify request');
    const seconds = reader.remaining > 0 ? reader.byte() : undefined;
    return { seconds, indefinitely: reader.remaining > 0 && (reader.byte() & 0x01) !== 0 };
  },
  ...noResponseData,
};

/** §28.6: each true disables the button. */
export interface FrontPanelButtons {
  standbyDisabled: boolean;
  diagnosticInterruptDisabled: boolean;
  resetDisabled: boolean;
  powerOffDisabled: boolean;
}

export const setFrontPanelEnables: IpmiCommand<FrontPanelButtons, NoData> = {
  name: 'Set Front Panel Enables',
  networkFunction: networkFunction.chassis,
  command: 0x0a,
  idempotent: true,
  encodeRequest: (buttons) =>
    Buffer.of(
      (buttons.standbyDisabled ? 0x08 : 0) |
        (buttons.diagnosticInterruptDisabled ? 0x04 : 0) |
        (buttons.resetDisabled ? 0x02 : 0) |
        (buttons.powerOffDisabled ? 0x01 : 0),
    ),
  decodeRequest(bytes) {
    const flags = new ByteReader(bytes, 'Set Front Panel Enables request').byte();
    return {
      standbyDisabled: (flags & 0x08) !== 0,
      diagnosticInterruptDisabled: (flags & 0x04) !== 0,
      resetDisabled: (flags & 0x02) !== 0,
      powerOffDisabled: (flags & 0x01) !== 0,
    };
  },
  ...noResponseData,
};

/** §28.8, data 1; `no-change` only asks what is supported. */
export const restorePolicyCodes = { 'always-off': 0, previous: 1, 'always-on': 2, 'no-change': 3 } as const;

export type RestorePolicyRequest = keyof typeof restorePolicyCodes;

export interface SupportedRestorePolicies {
  alwaysOff: boolean;
  previous: boolean;
  alwaysOn: boolean;
}

export const setPowerRestorePolicy: IpmiCommand<{ policy: RestorePolicyRequest }, SupportedRestorePolicies> = {
  name: 'Set Power Restore Policy',
  networkFunction: networkFunction.chassis,
  command: 0x06,
  idempotent: true,
  encodeRequest: ({ policy }) => Buffer.of(restorePolicyCodes[policy]),
  decodeRequest(bytes) {
    const code = new ByteReader(bytes, 'Set Power Restore Policy request').byte() & 0x07;
    const found = requests.find((name) => restorePolicyCodes[name] === code);
    return { policy: found ?? 'no-change' };
  },
  encodeResponse: (supported) =>
    Buffer.of((supported.alwaysOn ? 0x04 : 0) | (supported.previous ? 0x02 : 0) | (supported.alwaysOff ? 0x01 : 0)),
  decodeResponse(bytes) {
    const flags = new ByteReader(bytes, 'Set Power Restore Policy response').byte();
    return { alwaysOff: (flags & 0x01) !== 0, previous: (flags & 0x02) !== 0, alwaysOn: (flags & 0x04) !== 0 };
  },
};

const requests = ['always-off', 'previous', 'always-on', 'no-change'] as const;

/** §28.9: how long the power stays off in a cycle. */
export const setPowerCycleInterval: IpmiCommand<{ seconds: number }, NoData> = {
  name: 'Set Power Cycle Interval',
  networkFunction: networkFunction.chassis,
  command: 0x0b,
  idempotent: true,
  encodeRequest: ({ seconds }) => Buffer.of(seconds & 0xff),
  decodeRequest: (bytes) => ({ seconds: new ByteReader(bytes, 'Set Power Cycle Interval request').byte() }),
  ...noResponseData,
};

/** §28.11, Table 28-11, by number. */
export const restartCauses = [
  'unknown',
  'chassis control command',
  'reset by push button',
  'power up by push button',
  'watchdog expiration',
  'OEM',
  'automatic power up by the restore policy always on',
  'automatic power up by the restore policy previous',
  'reset by a platform event filter',
  'power cycle by a platform event filter',
  'soft reset',
  'power up by the real time clock',
] as const;

export interface RestartCause {
  /** 0–15; its name in `restartCauses`. */
  cause: number;
  /** The channel the command came by. */
  channel: number;
}

export const getSystemRestartCause: IpmiCommand<NoData, RestartCause> = {
  name: 'Get System Restart Cause',
  networkFunction: networkFunction.chassis,
  command: 0x07,
  idempotent: true,
  ...noRequestData,
  encodeResponse: ({ cause, channel }) => Buffer.of(cause & 0x0f, channel),
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get System Restart Cause response');
    return { cause: reader.byte() & 0x0f, channel: reader.byte() };
  },
};

export interface PowerOnHours {
  /** How many minutes one count stands for; 60 by habit. */
  minutesPerCount: number;
  count: number;
}

/** §28.14. */
export const getPowerOnHours: IpmiCommand<NoData, PowerOnHours> = {
  name: 'Get POH Counter',
  networkFunction: networkFunction.chassis,
  command: 0x0f,
  idempotent: true,
  ...noRequestData,
  encodeResponse({ minutesPerCount, count }) {
    const bytes = Buffer.alloc(5);
    bytes.writeUInt8(minutesPerCount, 0);
    bytes.writeUInt32LE(count, 1);
    return bytes;
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get POH Counter response');
    return { minutesPerCount: reader.byte(), count: reader.uint32LittleEndian() };
  },
};
