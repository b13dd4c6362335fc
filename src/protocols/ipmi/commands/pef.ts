/** Platform event filtering and alerting (IPMI v2.0 §30); the configuration parameters are in ../pef/. */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noRequestData, noResponseData } from '../command.ts';

export * from '../pef/event-filter.ts';
export * from '../pef/parameters.ts';

export interface PefCapabilities {
  /** E.g. `1.5`. */
  version: string;
  /** Bits as in `pefActions`. */
  actions: number;
  eventFilterCount: number;
}

/** §30.1. The version is BCD with the digits swapped: 0x51 is 1.5. */
export const getPefCapabilities: IpmiCommand<NoData, PefCapabilities> = {
  name: 'Get PEF Capabilities',
  networkFunction: networkFunction.sensorEvent,
  command: 0x10,
  idempotent: true,
  ...noRequestData,
  encodeResponse({ version, actions, eventFilterCount }) {
    const [major = '1', minor = '5'] = version.split('.');
    return Buffer.of((Number(minor) << 4) | Number(major), actions, eventFilterCount);
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get PEF Capabilities response');
    const version = reader.byte();
    return { version: `${version & 0x0f}.${version >> 4}`, actions: reader.byte(), eventFilterCount: reader.byte() };
  },
};

export const postponeTimer = { disable: 0x00, temporarilyDisable: 0xfe, readOnly: 0xff } as const;

/** §30.2: 1–253 seconds, or one of `postponeTimer`; answers the present countdown. */
export const armPefPostponeTimer: IpmiCommand<{ timer: number }, { countdown: number }> = {
  name: 'Arm PEF Postpone Timer',
  networkFunction: networkFunction.sensorEvent,
  command: 0x11,
  idempotent: true,
  encodeRequest: ({ timer }) => Buffer.of(timer),
  decodeRequest: (bytes) => ({ timer: new ByteReader(bytes, 'Arm PEF Postpone Timer request').byte() }),
  encodeResponse: ({ countdown }) => Buffer.of(countdown),
  decodeResponse: (bytes) => ({ countdown: new ByteReader(bytes, 'Arm PEF Postpone Timer response').byte() }),
};

const parameterCodes = {
  0x80: 'Parameter not supported',
  0x81: "Attempt to set the 'set in progress' value when not in the 'set complete' state",
  0x82: 'Attempt to write read-only parameter',
  0x83: 'Attempt to read write-only parameter',
};

export interface SetPefParameterRequest {
  parameter: number;
  data: Uint8Array;
}

/** §30.3. */
export const setPefConfigurationParameters: IpmiCommand<SetPefParameterRequest, NoData> = {
  name: 'Set PEF Configuration Parameters',
  networkFunction: networkFunction.sensorEvent,
  command: 0x12,
  idempotent: true,
  completionCodes: parameterCodes,
  encodeRequest: ({ parameter, data }) => Buffer.concat([Buffer.of(parameter & 0x7f), data]),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Set PEF Configuration Parameters request');
    return { parameter: reader.byte() & 0x7f, data: reader.rest() };
  },
  ...noResponseData,
};

export interface GetPefParameterRequest {
  parameter: number;
  setSelector: number;
  blockSelector: number;
}

export interface PefParameterResponse {
  revision: number;
  data: Uint8Array;
}

/** §30.4. */
export const getPefConfigurationParameters: IpmiCommand<GetPefParameterRequest, PefParameterResponse> = {
  name: 'Get PEF Configuration Parameters',
  networkFunction: networkFunction.sensorEvent,
  command: 0x13,
  idempotent: true,
  completionCodes: parameterCodes,
  encodeRequest: ({ parameter, setSelector, blockSelector }) => Buffer.of(parameter & 0x7f, setSelector, blockSelector),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Get PEF Configuration Parameters request');
    return { parameter: reader.byte() & 0x7f, setSelector: reader.byte(), blockSelector: reader.byte() };
  },
  encodeResponse: ({ revision, data }) => Buffer.concat([Buffer.of(revision), data]),
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get PEF Configuration Parameters response');
    return { revision: reader.byte(), data: reader.rest() };
  },
};

const eraseCodes = { 0x81: 'Cannot execute command, SEL erase in progress' };

/** §30.5. */
export const setLastProcessedEventId: IpmiCommand<{ byBmc: boolean; recordId: number }, NoData> = {
  name: 'Set Last Processed Event ID',
  networkFunction: networkFunction.sensorEvent,
  command: 0x14,
  idempotent: true,
  completionCodes: eraseCodes,
  encodeRequest: ({ byBmc, recordId }) => Buffer.of(byBmc ? 1 : 0, recordId & 0xff, recordId >> 8),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Set Last Processed Event ID request');
    return { byBmc: (reader.byte() & 0x01) !== 0, recordId: reader.uint16LittleEndian() };
  },
  ...noResponseData,
};

export interface LastProcessedEvent {
  /** Of the newest addition to the SEL, as the SEL counts time. */
  lastAdditionTime: number;
  lastRecordId: number;
  lastBySoftware: number;
  lastByBmc: number;
}

/** §30.6. */
export const getLastProcessedEventId: IpmiCommand<NoData, LastProcessedEvent> = {
  name: 'Get Last Processed Event ID',
  networkFunction: networkFunction.sensorEvent,
  command: 0x15,
  idempotent: true,
  completionCodes: eraseCodes,
  ...noRequestData,
  encodeResponse(event) {
    const bytes = Buffer.alloc(10);
    bytes.writeUInt32LE(event.lastAdditionTime, 0);
    bytes.writeUInt16LE(event.lastRecordId, 4);
    bytes.writeUInt16LE(event.lastBySoftware, 6);
    bytes.writeUInt16LE(event.lastByBmc, 8);
    return bytes;
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Last Processed Event ID response');
    return {
      lastAdditionTime: reader.uint32LittleEndian(),
      lastRecordId: reader.uint16LittleEndian(),
      lastBySoftware: reader.uint16LittleEndian(),
      lastByBmc: reader.uint16LittleEndian(),
    };
  },
};

export interface AlertImmediateRequest {
  channel: number;
  destination: number;
  operation: 'send' | 'status' | 'clear-status' | 'reserved';
  /** The alert string to send, where the destination takes one. */
  stringSelector: number | undefined;
}

const operations = ['send', 'status', 'clear-status', 'reserved'] as const;

/** §30.7: sends an alert for the sake of trying it, or tells how the last one fared. A second `send` is a second alert. */
export const alertImmediate: IpmiCommand<AlertImmediateRequest, { status: number | undefined }> = {
  name: 'Alert Immediate',
  networkFunction: networkFunction.sensorEvent,
  command: 0x16,
  idempotent: false,
  completionCodes: {
    0x81: 'Alert Immediate rejected due to alert already in progress',
    0x82: 'Alert Immediate rejected due to IPMI messaging session active on this channel',
    0x83: 'Platform Event Parameters (4:11) not supported',
  },
  encodeRequest: ({ channel, destination, operation, stringSelector }) =>
    Buffer.of(
      channel & 0x0f,
      (operations.indexOf(operation) << 6) | (destination & 0x0f),
      stringSelector === undefined ? 0 : 0x80 | (stringSelector & 0x7f),
    ),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Alert Immediate request');
    const channel = reader.byte() & 0x0f;
    const second = reader.byte();
    const third = reader.remaining > 0 ? reader.byte() : 0;
    return {
      channel,
      destination: second & 0x0f,
      operation: operations[second >> 6] ?? 'reserved',
      stringSelector: (third & 0x80) === 0 ? undefined : third & 0x7f,
    };
  },
  encodeResponse: ({ status }) => (status === undefined ? Buffer.alloc(0) : Buffer.of(status)),
  decodeResponse: (bytes) => ({ status: bytes[0] }),
};

export interface PetAcknowledgement {
  /** The fields of the trap that is acknowledged: by all of them together the BMC knows it. */
  sequence: number;
  localTimestamp: number;
  eventSource: number;
  sensorDevice: number;
  sensorNumber: number;
  /** Three bytes. */
  eventData: Uint8Array;
}

/** §30.8: who got a trap says so, that the BMC does not send it again. Little-endian, unlike the trap. */
export const petAcknowledge: IpmiCommand<PetAcknowledgement, NoData> = {
  name: 'PET Acknowledge',
  networkFunction: networkFunction.sensorEvent,
  command: 0x17,
  idempotent: true,
  encodeRequest(trap) {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt16LE(trap.sequence, 0);
    bytes.writeUInt32LE(trap.localTimestamp, 2);
    Buffer.of(trap.eventSource, trap.sensorDevice, trap.sensorNumber).copy(bytes, 6);
    bytes.set(trap.eventData.subarray(0, 3), 9);
    return bytes;
  },
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'PET Acknowledge request');
    return {
      sequence: reader.uint16LittleEndian(),
      localTimestamp: reader.uint32LittleEndian(),
      eventSource: reader.byte(),
      sensorDevice: reader.byte(),
      sensorNumber: reader.byte(),
      eventData: reader.bytes(3),
    };
  },
  ...noResponseData,
};
