/** Payloads beside commands, above all serial over LAN: who has them, switching them on and off (IPMI v2.0 §24). */
import { ByteReader, hexByte } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noResponseData } from '../command.ts';

/** One of the up to 16 instances of a payload type. */
export interface PayloadInstance {
  payloadType: number;
  /** 1–15. */
  instance: number;
}

export interface ActivatePayloadRequest extends PayloadInstance {
  encrypted: boolean;
  authenticated: boolean;
  testMode: boolean;
  /** What becomes of alerts by modem while the payload holds the serial port. */
  serialAlerts: 'fail' | 'deferred' | 'succeed';
  /** Clear to send and carrier stay deasserted until a packet asserts them. */
  holdHandshake: boolean;
}

export interface ActivatedPayload {
  /** The auxiliary data's first bit. */
  testMode: boolean;
  /** The largest payload, header included, that the BMC takes and sends, as it says: some say it byte-swapped. */
  inboundPayloadSize: number;
  outboundPayloadSize: number;
  /** Where the payload is to be sent; some BMCs say it byte-swapped, others say nonsense. */
  udpPort: number;
  /** 0xFFFF: none. */
  vlan: number;
}

const alertBehaviours: readonly (ActivatePayloadRequest['serialAlerts'] | undefined)[] = [
  'fail',
  'deferred',
  'succeed',
  undefined,
];

/** What Activate Payload may refuse with (§24.1). */
export const activationRefusal = {
  alreadyActive: 0x80,
  disabled: 0x81,
  limitReached: 0x82,
  cannotEncrypt: 0x83,
  mustEncrypt: 0x84,
} as const;

/** §24.1. The auxiliary data is read as that of serial over LAN. A BMC may refuse the second of two. */
export const activatePayload: IpmiCommand<ActivatePayloadRequest, ActivatedPayload> = {
  name: 'Activate Payload',
  networkFunction: networkFunction.application,
  command: 0x48,
  idempotent: false,
  completionCodes: {
    0x80: 'Payload already active on another session',
    0x81: 'Payload type is disabled',
    0x82: 'Payload activation limit reached',
    0x83: 'Cannot activate payload with encryption',
    0x84: 'Cannot activate payload without encryption',
  },
  encodeRequest(request) {
    const alerts = alertBehaviours.indexOf(request.serialAlerts);
    const first =
      (request.encrypted ? 0x80 : 0) |
      (request.authenticated ? 0x40 : 0) |
      (request.testMode ? 0x20 : 0) |
      (alerts << 2) |
      (request.holdHandshake ? 0x02 : 0);
    return Buffer.concat([encodeInstance(request), Buffer.of(first, 0, 0, 0)]);
  },
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Activate Payload request');
    const instance = decodeInstance(reader);
    const first = reader.byte();
    const serialAlerts = alertBehaviours[(first >> 2) & 0x03];
    if (serialAlerts === undefined) return reader.fail('the behaviour of serial alerts is the reserved value');
    return {
      ...instance,
      encrypted: (first & 0x80) !== 0,
      authenticated: (first & 0x40) !== 0,
      testMode: (first & 0x20) !== 0,
      serialAlerts,
      holdHandshake: (first & 0x02) !== 0,
    };
  },
  encodeResponse(response) {
    const bytes = Buffer.alloc(12);
    bytes[0] = response.testMode ? 0x01 : 0;
    bytes.writeUInt16LE(response.inboundPayloadSize, 4);
    bytes.writeUInt16LE(response.outboundPayloadSize, 6);
    bytes.writeUInt16LE(response.udpPort, 8);
    bytes.writeUInt16LE(response.vlan, 10);
    return bytes;
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Activate Payload response');
    const testMode = (reader.byte() & 0x01) !== 0;
    reader.skip(3);
    const inboundPayloadSize = reader.uint16LittleEndian();
    const outboundPayloadSize = reader.uint16LittleEndian();
    const udpPort = reader.uint16LittleEndian();
    // Left out by some BMCs that have no VLAN.
    const vlan = reader.remaining >= 2 ? reader.uint16LittleEndian() : 0xffff;
    return { testMode, inboundPayloadSize, outboundPayloadSize, udpPort, vlan };
  },
};

/** §24.2. Refused with 0x80 when it is not active, which is as good as done. */
export const deactivatePayload: IpmiCommand<PayloadInstance, NoData> = {
  name: 'Deactivate Payload',
  networkFunction: networkFunction.application,
  command: 0x49,
  idempotent: true,
  completionCodes: { 0x80: 'Payload already deactivated', 0x81: 'Payload type is disabled' },
  encodeRequest: (request) => Buffer.concat([encodeInstance(request), Buffer.alloc(4)]),
  decodeRequest: (bytes) => decodeInstance(new ByteReader(bytes, 'Deactivate Payload request')),
  ...noResponseData,
};

export interface PayloadActivationStatus {
  /** How many instances can be active at once. */
  capacity: number;
  /** Those that are, from 1, ascending. */
  active: readonly number[];
}

/** §24.4. */
export const getPayloadActivationStatus: IpmiCommand<{ payloadType: number }, PayloadActivationStatus> = {
  name: 'Get Payload Activation Status',
  networkFunction: networkFunction.application,
  command: 0x4a,
  idempotent: true,
  encodeRequest: ({ payloadType }) => Buffer.of(payloadType),
  decodeRequest: (bytes) => ({
    payloadType: new ByteReader(bytes, 'Get Payload Activation Status request').byte(),
  }),
  encodeResponse({ capacity, active }) {
    const bits = active.reduce((all, instance) => all | (1 << (instance - 1)), 0);
    return Buffer.of(capacity & 0x0f, bits & 0xff, (bits >> 8) & 0xff);
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Payload Activation Status response');
    const capacity = reader.byte() & 0x0f;
    const bits = reader.byte() | ((reader.remaining > 0 ? reader.byte() : 0) << 8);
    return { capacity, active: bitNumbers(bits).map((bit) => bit + 1) };
  },
};

export interface PayloadInstanceInfo {
  /** The managed system's id of the session that it is active on; 0: not active. */
  sessionId: number;
  /** Serial over LAN: the number of the machine's serial port; 0: not said. */
  serialPort: number;
}

/** §24.5. */
export const getPayloadInstanceInfo: IpmiCommand<PayloadInstance, PayloadInstanceInfo> = {
  name: 'Get Payload Instance Info',
  networkFunction: networkFunction.application,
  command: 0x4b,
  idempotent: true,
  encodeRequest: encodeInstance,
  decodeRequest: (bytes) => decodeInstance(new ByteReader(bytes, 'Get Payload Instance Info request')),
  encodeResponse({ sessionId, serialPort }) {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt32LE(sessionId);
    bytes[4] = serialPort;
    return bytes;
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Payload Instance Info response');
    return { sessionId: reader.uint32LittleEndian(), serialPort: reader.remaining > 0 ? reader.byte() : 0 };
  },
};

export interface ChannelPayloadSupport {
  /** Payload types 0–15. */
  standard: readonly number[];
  /** Payload types 0x10–0x1F: session set-up. */
  sessionSetup: readonly number[];
  /** Payload types 0x20–0x2F: vendors' own. */
  oem: readonly number[];
}

/** §24.8. */
export const getChannelPayloadSupport: IpmiCommand<{ channel: number }, ChannelPayloadSupport> = {
  name: 'Get Channel Payload Support',
  networkFunction: networkFunction.application,
  command: 0x4e,
  idempotent: true,
  encodeRequest: ({ channel }) => Buffer.of(channel & 0x0f),
  decodeRequest: (bytes) => ({
    channel: new ByteReader(bytes, 'Get Channel Payload Support request').byte() & 0x0f,
  }),
  encodeResponse({ standard, sessionSetup, oem }) {
    const bytes = Buffer.alloc(8);
    const starts = [standard, sessionSetup.map((type) => type - 0x10), oem.map((type) => type - 0x20)];
    for (const [index, types] of starts.entries()) {
      bytes.writeUInt16LE(
        types.reduce((bits, type) => bits | (1 << type), 0),
        index * 2,
      );
    }
    return bytes;
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Channel Payload Support response');
    const standard = bitNumbers(reader.uint16LittleEndian());
    const sessionSetup = bitNumbers(reader.uint16LittleEndian()).map((bit) => bit + 0x10);
    const oem = bitNumbers(reader.remaining >= 2 ? reader.uint16LittleEndian() : 0).map((bit) => bit + 0x20);
    return { standard, sessionSetup, oem };
  },
};

/** §24.9: the version of a payload type's format, e.g. `1.0`. */
export const getChannelPayloadVersion: IpmiCommand<{ channel: number; payloadType: number }, { version: string }> = {
  name: 'Get Channel Payload Version',
  networkFunction: networkFunction.application,
  command: 0x4f,
  idempotent: true,
  completionCodes: { 0x80: 'Payload type not available on given channel' },
  encodeRequest: ({ channel, payloadType }) => Buffer.of(channel & 0x0f, payloadType),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Get Channel Payload Version request');
    return { channel: reader.byte() & 0x0f, payloadType: reader.byte() };
  },
  encodeResponse({ version }) {
    const [major = 0, minor = 0] = version.split('.').map(Number);
    return Buffer.of(((major & 0x0f) << 4) | (minor & 0x0f));
  },
  decodeResponse(bytes) {
    const version = new ByteReader(bytes, 'Get Channel Payload Version response').byte();
    return { version: `${version >> 4}.${version & 0x0f}` };
  },
};

export type PayloadEncryption = 'suspend' | 'resume' | 'regenerate-vector';
const encryptionOperations: readonly PayloadEncryption[] = ['suspend', 'resume', 'regenerate-vector'];

/** §24.3. Athanor never suspends encryption; the codec is here to be whole. */
export const suspendResumePayloadEncryption: IpmiCommand<PayloadInstance & { operation: PayloadEncryption }, NoData> = {
  name: 'Suspend/Resume Payload Encryption',
  networkFunction: networkFunction.application,
  command: 0x55,
  idempotent: true,
  completionCodes: {
    0x80: 'Operation not supported for given payload type',
    0x81: 'Operation not allowed under present configuration for given payload type',
    0x82: 'Encryption is not available for session that payload type is active under',
    0x83: 'The payload instance is not presently active',
  },
  encodeRequest: (request) =>
    Buffer.concat([encodeInstance(request), Buffer.of(encryptionOperations.indexOf(request.operation))]),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Suspend/Resume Payload Encryption request');
    const instance = decodeInstance(reader);
    const code = reader.byte() & 0x1f;
    const operation = encryptionOperations[code];
    if (operation === undefined) return reader.fail(`operation ${hexByte(code)} is reserved`);
    return { ...instance, operation };
  },
  ...noResponseData,
};

function encodeInstance({ payloadType, instance }: PayloadInstance): Buffer {
  return Buffer.of(payloadType & 0x3f, instance & 0x0f);
}

function decodeInstance(reader: ByteReader): PayloadInstance {
  return { payloadType: reader.byte() & 0x3f, instance: reader.byte() & 0x0f };
}

function bitNumbers(bits: number): number[] {
  return Array.from({ length: 16 }, (_, bit) => bit).filter((bit) => (bits & (1 << bit)) !== 0);
}
