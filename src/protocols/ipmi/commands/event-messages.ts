/** Message flags, event message buffer and Platform Event Message (IPMI v2.0 §22.1–§22.8, §29.3). */
import { ByteReader, hexByte } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noRequestData, noResponseData } from '../command.ts';
import type { EventFields } from '../sel/record.ts';
import { decodeEventFields, encodeEventFields, selRecordLength } from '../sel/record.ts';

export * from '../events/platform-event-trap.ts';
export * from '../events/snmp-trap.ts';
export * from '../sel/event-data.ts';

/** §22.1, §22.2; the bits of one byte. */
export interface GlobalEnables {
  /** Bits 7:5. */
  oem2: boolean;
  oem1: boolean;
  oem0: boolean;
  /** Bit 3. */
  systemEventLogging: boolean;
  /** Bit 2: events go to the buffer too, where system software reads them. */
  eventMessageBuffer: boolean;
  eventMessageBufferInterrupt: boolean;
  receiveMessageQueueInterrupt: boolean;
}

const enableBits: Record<keyof GlobalEnables, number> = {
  oem2: 0x80,
  oem1: 0x40,
  oem0: 0x20,
  systemEventLogging: 0x08,
  eventMessageBuffer: 0x04,
  eventMessageBufferInterrupt: 0x02,
  receiveMessageQueueInterrupt: 0x01,
};

/** Through the system interface alone, by the specification; over LAN most BMCs refuse it. */
export const setBmcGlobalEnables: IpmiCommand<GlobalEnables, NoData> = {
  name: 'Set BMC Global Enables',
  networkFunction: networkFunction.application,
  command: 0x2e,
  idempotent: true,
  encodeRequest: (enables) => Buffer.of(packBits(enables, enableBits)),
  decodeRequest: (bytes) => unpackEnables(new ByteReader(bytes, 'Set BMC Global Enables request').byte()),
  ...noResponseData,
};

export const getBmcGlobalEnables: IpmiCommand<NoData, GlobalEnables> = {
  name: 'Get BMC Global Enables',
  networkFunction: networkFunction.application,
  command: 0x2f,
  idempotent: true,
  ...noRequestData,
  encodeResponse: (enables) => Buffer.of(packBits(enables, enableBits)),
  decodeResponse: (bytes) => unpackEnables(new ByteReader(bytes, 'Get BMC Global Enables response').byte()),
};

/** §22.3, §22.4; the bits of one byte. */
export interface MessageFlags {
  oem2: boolean;
  oem1: boolean;
  oem0: boolean;
  watchdogPreTimeout: boolean;
  eventMessageBufferFull: boolean;
  receiveMessageAvailable: boolean;
}

const flagBits: Record<keyof MessageFlags, number> = {
  oem2: 0x80,
  oem1: 0x40,
  oem0: 0x20,
  watchdogPreTimeout: 0x08,
  eventMessageBufferFull: 0x02,
  receiveMessageAvailable: 0x01,
};

/** Flags that are true are cleared; what they stood for is flushed. Sent late it would flush what came meanwhile. */
export const clearMessageFlags: IpmiCommand<MessageFlags, NoData> = {
  name: 'Clear Message Flags',
  networkFunction: networkFunction.application,
  command: 0x30,
  idempotent: false,
  encodeRequest: (flags) => Buffer.of(packBits(flags, flagBits)),
  decodeRequest: (bytes) => unpackFlags(new ByteReader(bytes, 'Clear Message Flags request').byte()),
  ...noResponseData,
};

export const getMessageFlags: IpmiCommand<NoData, MessageFlags> = {
  name: 'Get Message Flags',
  networkFunction: networkFunction.application,
  command: 0x31,
  idempotent: true,
  ...noRequestData,
  encodeResponse: (flags) => Buffer.of(packBits(flags, flagBits)),
  decodeResponse: (bytes) => unpackFlags(new ByteReader(bytes, 'Get Message Flags response').byte()),
};

export type ChannelReceiveState = 'disable' | 'enable' | 'get';

const receiveStates: readonly ChannelReceiveState[] = ['disable', 'enable', 'get'];

/** §22.5. */
export const enableMessageChannelReceive: IpmiCommand<
  { channel: number; state: ChannelReceiveState },
  { channel: number; enabled: boolean }
> = {
  name: 'Enable Message Channel Receive',
  networkFunction: networkFunction.application,
  command: 0x32,
  idempotent: true,
  encodeRequest: ({ channel, state }) => Buffer.of(channel & 0x0f, receiveStates.indexOf(state)),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Enable Message Channel Receive request');
    const channel = reader.byte() & 0x0f;
    const code = reader.byte() & 0x03;
    return { channel, state: receiveStates[code] ?? reader.fail(`unknown state ${hexByte(code)}`) };
  },
  encodeResponse: ({ channel, enabled }) => Buffer.of(channel & 0x0f, enabled ? 1 : 0),
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Enable Message Channel Receive response');
    return { channel: reader.byte() & 0x0f, enabled: (reader.byte() & 0x01) !== 0 };
  },
};

/** §22.6: takes the message out of the queue. */
export const getMessage: IpmiCommand<NoData, { channel: number; privilege: number; data: Uint8Array }> = {
  name: 'Get Message',
  networkFunction: networkFunction.application,
  command: 0x33,
  idempotent: false,
  completionCodes: { 0x80: 'data not available (queue / buffer empty)' },
  ...noRequestData,
  encodeResponse: ({ channel, privilege, data }) =>
    Buffer.concat([Buffer.of(((privilege & 0x0f) << 4) | (channel & 0x0f)), data]),
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Message response');
    const first = reader.byte();
    return { channel: first & 0x0f, privilege: first >> 4, data: reader.rest() };
  },
};

/** The completion code of an empty queue or buffer. */
export const bufferEmpty = 0x80;

/** §22.8: 16 bytes in the form of a SEL record; reading empties the buffer. */
export const readEventMessageBuffer: IpmiCommand<NoData, { record: Uint8Array }> = {
  name: 'Read Event Message Buffer',
  networkFunction: networkFunction.application,
  command: 0x35,
  idempotent: false,
  completionCodes: { [bufferEmpty]: 'data not available (queue / buffer empty)' },
  ...noRequestData,
  encodeResponse: ({ record }) => Buffer.from(record),
  decodeResponse: (bytes) => ({
    record: new ByteReader(bytes, 'Read Event Message Buffer response').bytes(selRecordLength),
  }),
};

export interface PlatformEvent {
  /** Of messages through the system interface alone; over LAN and IPMB the requester's address stands for it. */
  generatorId: number | undefined;
  event: EventFields;
}

/** §29.3: an event for the BMC to log and to act on. */
export const platformEventMessage: IpmiCommand<PlatformEvent, NoData> = {
  name: 'Platform Event Message',
  networkFunction: networkFunction.sensorEvent,
  command: 0x02,
  idempotent: false,
  encodeRequest: ({ generatorId, event }) =>
    Buffer.concat([generatorId === undefined ? Buffer.alloc(0) : Buffer.of(generatorId), encodeEventFields(event)]),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Platform Event Message request');
    const generatorId = reader.remaining > 7 ? reader.byte() : undefined;
    return { generatorId, event: decodeEventFields(reader.bytes(7)) };
  },
  ...noResponseData,
};

function packBits<Name extends string>(values: Record<Name, boolean>, bits: Record<Name, number>): number {
  let byte = 0;
  for (const name in bits) if (values[name]) byte |= bits[name];
  return byte;
}

function unpackEnables(byte: number): GlobalEnables {
  const has = (bit: number): boolean => (byte & bit) !== 0;
  return {
    oem2: has(enableBits.oem2),
    oem1: has(enableBits.oem1),
    oem0: has(enableBits.oem0),
    systemEventLogging: has(enableBits.systemEventLogging),
    eventMessageBuffer: has(enableBits.eventMessageBuffer),
    eventMessageBufferInterrupt: has(enableBits.eventMessageBufferInterrupt),
    receiveMessageQueueInterrupt: has(enableBits.receiveMessageQueueInterrupt),
  };
}

function unpackFlags(byte: number): MessageFlags {
  const has = (bit: number): boolean => (byte & bit) !== 0;
  return {
    oem2: has(flagBits.oem2),
    oem1: has(flagBits.oem1),
    oem0: has(flagBits.oem0),
    watchdogPreTimeout: has(flagBits.watchdogPreTimeout),
    eventMessageBufferFull: has(flagBits.eventMessageBufferFull),
    receiveMessageAvailable: has(flagBits.receiveMessageAvailable),
  };
}
