/** Payload commands and the serial over LAN packet: round trips, the specification's bytes, and bytes of anybody. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  activatePayload,
  deactivatePayload,
  decodeSolFromBmc,
  decodeSolToBmc,
  encodeSolFromBmc,
  encodeSolToBmc,
  getChannelPayloadSupport,
  getChannelPayloadVersion,
  getPayloadActivationStatus,
  getPayloadInstanceInfo,
  IpmiDecodeError,
  nextSolSequence,
  suspendResumePayloadEncryption,
} from '../index.ts';

const flag = fc.boolean();
const byte = fc.integer({ min: 0, max: 0xff });
const nibble = fc.integer({ min: 0, max: 0x0f });
const uint16 = fc.integer({ min: 0, max: 0xffff });
const instance = { payloadType: fc.integer({ min: 0, max: 0x3f }), instance: nibble };
const numbers = {
  sequence: nibble,
  acknowledges: nibble,
  acceptedCharacters: byte,
  negative: flag,
  characters: fc.uint8Array({ maxLength: 255 }).map((characters) => Buffer.from(characters)),
};
const bits = (from: number) => fc.uniqueArray(fc.integer({ min: from, max: from + 15 })).map(ascending);

function ascending(values: number[]): number[] {
  return values.toSorted((a, b) => a - b);
}

/** One codec: the values it takes, and its two directions. */
function codec<Value>(
  values: fc.Arbitrary<Value>,
  encode: (value: Value) => Uint8Array,
  decode: (bytes: Uint8Array) => unknown,
) {
  return {
    roundTrip: () =>
      fc.assert(
        fc.property(values, (value) => {
          expect(decode(encode(value))).toEqual(value);
        }),
        { numRuns: 300 },
      ),
    anyBytes: () =>
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => onlyDecodeErrors(() => decode(bytes))),
        { numRuns: 2000 },
      ),
  };
}

function onlyDecodeErrors(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof IpmiDecodeError)) throw error;
  }
}

const activate = fc.record({
  ...instance,
  encrypted: flag,
  authenticated: flag,
  testMode: flag,
  serialAlerts: fc.constantFrom('fail' as const, 'deferred' as const, 'succeed' as const),
  holdHandshake: flag,
});
const activated = fc.record({
  testMode: flag,
  inboundPayloadSize: uint16,
  outboundPayloadSize: uint16,
  udpPort: uint16,
  vlan: uint16,
});
const operation = fc.constantFrom('suspend' as const, 'resume' as const, 'regenerate-vector' as const);
const version = fc.record({ version: fc.tuple(nibble, nibble).map((parts) => parts.join('.')) });
const status = fc.record({ capacity: nibble, active: bits(1) });
const info = fc.record({ sessionId: fc.integer({ min: 0, max: 0xffff_ffff }), serialPort: byte });
const support = fc.record({ standard: bits(0), sessionSetup: bits(0x10), oem: bits(0x20) });
const toBmc = fc.record({
  ...numbers,
  assertRing: flag,
  generateBreak: flag,
  pause: flag,
  deassertCarrier: flag,
  flushToPort: flag,
  flushFromPort: flag,
});
const fromBmc = fc.record({
  ...numbers,
  transferUnavailable: flag,
  deactivating: flag,
  transmitOverrun: flag,
  breakDetected: flag,
});

const codecs = {
  'Activate Payload request': codec(activate, activatePayload.encodeRequest, activatePayload.decodeRequest),
  'Activate Payload response': codec(activated, activatePayload.encodeResponse, activatePayload.decodeResponse),
  'Deactivate Payload request': codec(
    fc.record(instance),
    deactivatePayload.encodeRequest,
    deactivatePayload.decodeRequest,
  ),
  'Get Payload Activation Status request': codec(
    fc.record({ payloadType: byte }),
    getPayloadActivationStatus.encodeRequest,
    getPayloadActivationStatus.decodeRequest,
  ),
  'Get Payload Activation Status response': codec(
    status,
    getPayloadActivationStatus.encodeResponse,
    getPayloadActivationStatus.decodeResponse,
  ),
  'Get Payload Instance Info request': codec(
    fc.record(instance),
    getPayloadInstanceInfo.encodeRequest,
    getPayloadInstanceInfo.decodeRequest,
  ),
  'Get Payload Instance Info response': codec(
    info,
    getPayloadInstanceInfo.encodeResponse,
    getPayloadInstanceInfo.decodeResponse,
  ),
  'Get Channel Payload Support request': codec(
    fc.record({ channel: nibble }),
    getChannelPayloadSupport.encodeRequest,
    getChannelPayloadSupport.decodeRequest,
  ),
  'Get Channel Payload Support response': codec(
    support,
    getChannelPayloadSupport.encodeResponse,
    getChannelPayloadSupport.decodeResponse,
  ),
  'Get Channel Payload Version request': codec(
    fc.record({ channel: nibble, payloadType: byte }),
    getChannelPayloadVersion.encodeRequest,
    getChannelPayloadVersion.decodeRequest,
  ),
  'Get Channel Payload Version response': codec(
    version,
    getChannelPayloadVersion.encodeResponse,
    getChannelPayloadVersion.decodeResponse,
  ),
  'Suspend/Resume Payload Encryption request': codec(
    fc.record({ ...instance, operation }),
    suspendResumePayloadEncryption.encodeRequest,
    suspendResumePayloadEncryption.decodeRequest,
  ),
  'serial over LAN to the BMC': codec(toBmc, encodeSolToBmc, decodeSolToBmc),
  'serial over LAN from the BMC': codec(fromBmc, encodeSolFromBmc, decodeSolFromBmc),
};

describe.each(Object.entries(codecs))('%s', (_name, { roundTrip, anyBytes }) => {
  it('gives back what was encoded', roundTrip);
  it('fails by IpmiDecodeError alone, whatever the bytes', anyBytes);
});

describe("the specification's bytes", () => {
  it('activates serial over LAN encrypted and authenticated, alerts deferred', () => {
    const request = {
      payloadType: 1,
      instance: 1,
      encrypted: true,
      authenticated: true,
      testMode: false,
      serialAlerts: 'deferred',
      holdHandshake: false,
    } as const;
    expect(Buffer.from(activatePayload.encodeRequest(request)).toString('hex')).toBe('0101c4000000');
  });

  it('reads the sizes and the port of an activated payload, with and without a VLAN', () => {
    const bytes = Buffer.from('00000000030103016f02ffff', 'hex');
    const expected = { inboundPayloadSize: 259, outboundPayloadSize: 259, udpPort: 623, vlan: 0xffff };
    expect(activatePayload.decodeResponse(bytes)).toMatchObject(expected);
    expect(activatePayload.decodeResponse(bytes.subarray(0, 10))).toMatchObject(expected);
  });

  it('reads which instances are active', () => {
    expect(getPayloadActivationStatus.decodeResponse(Buffer.of(0x01, 0x01, 0x00))).toEqual({
      capacity: 1,
      active: [1],
    });
    expect(getPayloadActivationStatus.decodeResponse(Buffer.of(0x0f, 0x00, 0x81)).active).toEqual([9, 16]);
  });

  it('knows the bits of both fourth bytes', () => {
    const packet = decodeSolFromBmc(Buffer.from('0305027c6869', 'hex'));
    expect(packet).toEqual({
      sequence: 3,
      acknowledges: 5,
      acceptedCharacters: 2,
      negative: true,
      transferUnavailable: true,
      deactivating: true,
      transmitOverrun: true,
      breakDetected: true,
      characters: Buffer.from('hi'),
    });
    const breakAndPause = decodeSolToBmc(Buffer.from('01000018', 'hex'));
    expect(breakAndPause).toMatchObject({ sequence: 1, generateBreak: true, pause: true, negative: false });
  });

  it('counts from 1 to 15 and never to 0', () => {
    let sequence = 0;
    const seen = Array.from({ length: 17 }, () => (sequence = nextSolSequence(sequence)));
    expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 1, 2]);
  });

  it('refuses more characters than can be acknowledged', () => {
    expect(() => decodeSolFromBmc(Buffer.alloc(4 + 256))).toThrow(IpmiDecodeError);
  });
});
