/** Chassis, device, watchdog, DCMI and PEF: what was encoded comes back, and any bytes make an IpmiDecodeError at most. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IpmiCommand } from '../command.ts';
import { IpmiDecodeError } from '../decode-error.ts';
import * as settings from './chassis-settings.ts';
import * as dcmi from './dcmi.ts';
import * as device from './device.ts';
import * as pef from './pef.ts';
import * as watchdog from './watchdog.ts';

const byte = fc.integer({ min: 0, max: 0xff });
const bits = (count: number) => fc.integer({ min: 0, max: 2 ** count - 1 });
const uint16 = bits(16);
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const flag = fc.boolean();
const data = (maximum: number) => fc.uint8Array({ maxLength: maximum }).map((bytes) => Buffer.from(bytes));
const nothing = fc.constant({});
const timer = {
  dontLog: flag,
  use: fc.oneof(fc.constantFrom(...watchdog.watchdogUses), fc.constantFrom(6, 7)),
  preTimeoutInterrupt: fc.oneof(fc.constantFrom(...watchdog.watchdogPreTimeoutInterrupts), fc.constantFrom(4, 7)),
  action: fc.oneof(fc.constantFrom(...watchdog.watchdogActions), fc.constantFrom(4, 7)),
  preTimeoutSeconds: byte,
  expiredUses: byte,
  initialCount: uint16,
};
const limit = fc.record({ exception: byte, watts: uint16, correctionMs: uint32, samplingSeconds: uint16 });
const range = fc.record({ offset: byte, count: byte });
const part = fc.record({ totalLength: byte, data: data(16) });
const written = fc.record({ offset: byte, data: data(16) });
const length = fc.record({ totalLength: byte });
const entities = fc.record({ sensorType: byte, entity: byte, instance: byte, firstInstance: byte });
const thermal = { powerOff: flag, log: flag, celsius: byte, exceptionSeconds: uint16 };
const match = fc.record({ andMask: byte, compare1: byte, compare2: byte });

interface Case {
  name: string;
  request: () => void;
  response: () => void;
  decoders: ((bytes: Uint8Array) => unknown)[];
}

function roundTrip<Value>(
  values: fc.Arbitrary<Value>,
  encode: (value: Value) => Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
): void {
  fc.assert(
    fc.property(values, (value) => {
      expect(decode(encode(value))).toEqual(value);
    }),
  );
}

function both<Request, Response>(
  command: IpmiCommand<Request, Response>,
  requests: fc.Arbitrary<Request>,
  responses: fc.Arbitrary<Response>,
): Case {
  return {
    name: command.name,
    request: () => roundTrip(requests, command.encodeRequest, command.decodeRequest),
    response: () => roundTrip(responses, command.encodeResponse, command.decodeResponse),
    decoders: [command.decodeRequest, command.decodeResponse],
  };
}

function parameter<Value>(
  name: string,
  values: fc.Arbitrary<Value>,
  encode: (value: Value) => Uint8Array,
  decode: (bytes: Uint8Array) => Value,
): Case {
  return { name, request: () => roundTrip(values, encode, decode), response: () => undefined, decoders: [decode] };
}

const cases: Case[] = [
  both(
    settings.getChassisCapabilities,
    nothing,
    fc.record({
      providesIntrusion: flag,
      providesFrontPanelLockout: flag,
      providesDiagnosticInterrupt: flag,
      providesPowerInterlock: flag,
      fruDeviceAddress: byte,
      sdrDeviceAddress: byte,
      selDeviceAddress: byte,
      systemManagementDeviceAddress: byte,
      bridgeDeviceAddress: byte,
    }),
  ),
  both(
    settings.chassisIdentify,
    fc.oneof(
      fc.record({ seconds: fc.option(byte, { nil: undefined }), indefinitely: fc.constant(false) }),
      fc.record({ seconds: byte, indefinitely: fc.constant(true) }),
    ),
    nothing,
  ),
  both(
    settings.setFrontPanelEnables,
    fc.record({
      standbyDisabled: flag,
      diagnosticInterruptDisabled: flag,
      resetDisabled: flag,
      powerOffDisabled: flag,
    }),
    nothing,
  ),
  both(
    settings.setPowerRestorePolicy,
    fc.record({ policy: fc.constantFrom('always-off', 'previous', 'always-on', 'no-change') }),
    fc.record({ alwaysOff: flag, previous: flag, alwaysOn: flag }),
  ),
  both(settings.setPowerCycleInterval, fc.record({ seconds: byte }), nothing),
  both(settings.getSystemRestartCause, nothing, fc.record({ cause: bits(4), channel: byte })),
  both(settings.getPowerOnHours, nothing, fc.record({ minutesPerCount: byte, count: uint32 })),
  both(device.getSelfTestResults, nothing, fc.record({ result: byte, detail: byte })),
  both(device.coldReset, nothing, nothing),
  both(device.warmReset, nothing, nothing),
  both(device.getAcpiPowerState, nothing, fc.record({ system: bits(7), device: bits(7) })),
  both(watchdog.resetWatchdogTimer, nothing, nothing),
  both(watchdog.setWatchdogTimer, fc.record({ ...timer, keepRunning: flag }), nothing),
  both(watchdog.getWatchdogTimer, nothing, fc.record({ ...timer, running: flag, presentCount: uint16 })),
  both(
    dcmi.getDcmiCapabilities,
    fc.record({ parameter: byte }),
    fc.record({ conformance: fc.tuple(byte, byte).map((pair) => pair.join('.')), revision: byte, data: data(20) }),
  ),
  both(
    dcmi.getPowerReading,
    fc.record({ mode: byte, period: byte }),
    fc.record({
      currentWatts: uint16,
      minimumWatts: uint16,
      maximumWatts: uint16,
      averageWatts: uint16,
      timestamp: uint32,
      periodMs: uint32,
      active: flag,
    }),
  ),
  both(dcmi.getPowerLimit, nothing, limit),
  both(dcmi.setPowerLimit, limit, nothing),
  both(dcmi.activatePowerLimit, fc.record({ active: flag }), nothing),
  both(dcmi.getAssetTag, range, part),
  both(dcmi.setAssetTag, written, length),
  both(dcmi.getManagementControllerIdentifier, range, part),
  both(dcmi.setManagementControllerIdentifier, written, length),
  both(
    dcmi.getDcmiSensorInfo,
    entities,
    fc.record({ totalInstances: byte, recordIds: fc.array(uint16, { maxLength: 8 }) }),
  ),
  both(
    dcmi.getDcmiTemperatures,
    entities,
    fc.record({
      totalInstances: byte,
      temperatures: fc.array(fc.record({ celsius: fc.integer({ min: -127, max: 127 }), instance: byte }), {
        maxLength: 8,
      }),
    }),
  ),
  both(dcmi.getThermalLimit, fc.record({ entity: byte, instance: byte }), fc.record(thermal)),
  both(dcmi.setThermalLimit, fc.record({ entity: byte, instance: byte, ...thermal }), nothing),
  parameter(
    'DCMI supported capabilities',
    fc.record({ platform: byte, optional: byte, access: byte }),
    dcmi.encodeDcmiSupported,
    dcmi.decodeDcmiSupported,
  ),
  parameter(
    'enhanced power statistics',
    fc.array(fc.constantFrom(1, 5, 63, 120, 900, 3_600, 86_400), { maxLength: 6 }),
    dcmi.encodeEnhancedPowerStatistics,
    dcmi.decodeEnhancedPowerStatistics,
  ),
  both(
    pef.getPefCapabilities,
    nothing,
    fc.record({
      version: fc.tuple(bits(4), bits(4)).map((pair) => pair.join('.')),
      actions: byte,
      eventFilterCount: byte,
    }),
  ),
  both(pef.armPefPostponeTimer, fc.record({ timer: byte }), fc.record({ countdown: byte })),
  both(pef.setPefConfigurationParameters, fc.record({ parameter: bits(7), data: data(21) }), nothing),
  both(
    pef.getPefConfigurationParameters,
    fc.record({ parameter: bits(7), setSelector: byte, blockSelector: byte }),
    fc.record({ revision: byte, data: data(21) }),
  ),
  both(pef.setLastProcessedEventId, fc.record({ byBmc: flag, recordId: uint16 }), nothing),
  both(
    pef.getLastProcessedEventId,
    nothing,
    fc.record({ lastAdditionTime: uint32, lastRecordId: uint16, lastBySoftware: uint16, lastByBmc: uint16 }),
  ),
  both(
    pef.petAcknowledge,
    fc.record({
      sequence: uint16,
      localTimestamp: fc.integer({ min: 0, max: 0xffff_ffff }),
      eventSource: byte,
      sensorDevice: byte,
      sensorNumber: byte,
      eventData: fc.uint8Array({ minLength: 3, maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
    }),
    nothing,
  ),
  both(
    pef.alertImmediate,
    fc.record({
      channel: bits(4),
      destination: bits(4),
      operation: fc.constantFrom('send', 'status', 'clear-status', 'reserved'),
      stringSelector: fc.option(bits(7), { nil: undefined }),
    }),
    fc.record({ status: fc.option(byte, { nil: undefined }) }),
  ),
  parameter(
    'event filter',
    fc.record({
      number: bits(7),
      enabled: flag,
      type: bits(2),
      actions: bits(7),
      groupControl: bits(3),
      alertPolicy: bits(4),
      severity: byte,
      generatorId: uint16,
      sensorType: byte,
      sensorNumber: byte,
      eventTrigger: byte,
      offsetMask: uint16,
      eventData: fc.tuple(match, match, match),
    }),
    pef.encodeEventFilter,
    pef.decodeEventFilter,
  ),
  parameter(
    'alert policy',
    fc.record({
      number: bits(7),
      policySet: bits(4),
      enabled: flag,
      rule: bits(3),
      channel: bits(4),
      destination: bits(4),
      eventSpecificString: flag,
      stringSelector: bits(7),
    }),
    pef.encodeAlertPolicy,
    pef.decodeAlertPolicy,
  ),
  parameter(
    'PEF control',
    fc.record({ alertStartupDelay: flag, startupDelay: flag, eventMessages: flag, enabled: flag }),
    pef.encodePefControl,
    pef.decodePefControl,
  ),
  parameter(
    'PEF system GUID',
    fc.record({
      used: flag,
      guid: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes)),
    }),
    pef.encodePefSystemGuid,
    pef.decodePefSystemGuid,
  ),
  parameter(
    'alert string keys',
    fc.record({ selector: bits(7), eventFilter: bits(7), stringSet: bits(7) }),
    pef.encodeAlertStringKeys,
    pef.decodeAlertStringKeys,
  ),
  parameter(
    'alert string block',
    fc.record({ selector: bits(7), block: byte, data: data(16) }),
    pef.encodeAlertStringBlock,
    pef.decodeAlertStringBlock,
  ),
];

describe.each(cases)('$name', ({ request, response, decoders }) => {
  it('comes back both ways as it was encoded', () => {
    request();
    response();
  });

  it('refuses any bytes with an IpmiDecodeError at most', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 32 }), (bytes) => {
        for (const decode of decoders) {
          try {
            decode(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(IpmiDecodeError);
          }
        }
      }),
    );
  });
});

describe('the bytes of the specification', () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

  it('holds for identify, restart cause, DCMI and the watchdog', () => {
    expect(hex(settings.chassisIdentify.encodeRequest({ seconds: undefined, indefinitely: true }))).toBe('0001');
    expect(hex(settings.chassisIdentify.encodeRequest({ seconds: 0, indefinitely: false }))).toBe('00');
    expect(hex(dcmi.getPowerReading.encodeRequest({ mode: 1, period: 0 }))).toBe('dc010000');
    expect(
      hex(dcmi.setPowerLimit.encodeRequest({ exception: 0x11, watts: 400, correctionMs: 6_000, samplingSeconds: 5 })),
    ).toBe('dc000000119001701700000000' + '0500');
    expect(dcmi.decodePeriod(0x41)).toBe(60);
    expect(hex(pef.getPefCapabilities.encodeResponse({ version: '1.5', actions: 0x3f, eventFilterCount: 40 }))).toBe(
      '513f28',
    );
    expect(() => dcmi.getPowerReading.decodeResponse(Buffer.alloc(18))).toThrow(IpmiDecodeError);
  });
});
