/** For every codec: decoding what was encoded gives it back, and no bytes at all make a decoder fail otherwise than by IpmiDecodeError. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chassisControl,
  chassisControls,
  cipherSuites,
  closeSession,
  decodeLanRequest,
  decodeLanResponse,
  decodeOpenSessionRequest,
  decodeOpenSessionResponse,
  decodePresencePing,
  decodePresencePong,
  decodeRakpMessage1,
  decodeRakpMessage2,
  decodeRakpMessage3,
  decodeRakpMessage4,
  decodeRmcp,
  decodeSessionPacket,
  encodeLanRequest,
  encodeLanResponse,
  encodeOpenSessionRequest,
  encodeOpenSessionResponse,
  encodePresencePing,
  encodePresencePong,
  encodeRakpMessage1,
  encodeRakpMessage2,
  encodeRakpMessage3,
  encodeRakpMessage4,
  encodeRmcp,
  encodeSessionless,
  encodeSessionSetup,
  getChannelAuthenticationCapabilities,
  getChassisStatus,
  getDeviceGuid,
  getDeviceId,
  getSystemBootOptions,
  getSystemGuid,
  IpmiDecodeError,
  openPacket,
  sealPacket,
  setSessionPrivilegeLevel,
  setSystemBootOptions,
} from './index.ts';

const byte = fc.integer({ min: 0, max: 0xff });
const nibble = fc.integer({ min: 0, max: 0x0f });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const flag = fc.boolean();
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const data = fc.uint8Array({ maxLength: 60 });
const algorithms = fc.record({
  authentication: fc.integer({ min: 0, max: 63 }),
  integrity: fc.integer({ min: 0, max: 63 }),
  confidentiality: fc.integer({ min: 0, max: 63 }),
});
const failure = fc.record({ tag: byte, status: fc.integer({ min: 1, max: 0xff }), consoleSessionId: uint32 });
const lan = {
  responderAddress: byte,
  responderLun: fc.integer({ min: 0, max: 3 }),
  requesterAddress: byte,
  requesterLun: fc.integer({ min: 0, max: 3 }),
  networkFunction: fc.integer({ min: 0, max: 31 }).map((half) => half * 2),
  command: byte,
  sequence: fc.integer({ min: 0, max: 63 }),
  data,
};
const suite = fc.constantFrom(...Object.values(cipherSuites));

/** Buffers and arrays of the same bytes are the same; toEqual alone tells them apart. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

function roundTrip<Value>(
  name: string,
  values: fc.Arbitrary<Value>,
  encode: (value: Value) => Uint8Array,
  decode: (encoded: Uint8Array) => unknown,
) {
  it(`${name}: decodes what it encodes`, () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(plain(decode(encode(value)))).toEqual(plain(value));
      }),
    );
  });
  it(`${name}: throws nothing but IpmiDecodeError`, () => {
    const survives = (mutated: Uint8Array) => {
      try {
        decode(mutated);
      } catch (error) {
        expect(error).toBeInstanceOf(IpmiDecodeError);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), survives), { numRuns: 300 });
    // True bytes cut short or with some of them changed reach deeper than random ones.
    const damage = fc.tuple(values, fc.nat(200), fc.array(fc.tuple(fc.nat(100), byte), { maxLength: 4 }));
    fc.assert(
      fc.property(damage, ([value, length, changes]) => {
        const mutated = Uint8Array.from(encode(value)).subarray(0, length);
        for (const [index, replacement] of changes) if (index < mutated.length) mutated[index] = replacement;
        survives(mutated);
      }),
      { numRuns: 300 },
    );
  });
}

describe('wrappers', () => {
  roundTrip('presence ping', fc.record({ tag: byte }), encodePresencePing, decodePresencePing);
  roundTrip(
    'presence pong',
    fc.record({
      tag: byte,
      enterprise: uint32,
      oem: uint32,
      ipmiSupported: flag,
      rmcpSecurityExtensions: flag,
      dash: flag,
    }),
    encodePresencePong,
    decodePresencePong,
  );
  roundTrip(
    'RMCP',
    fc.record({ messageClass: fc.constantFrom('asf', 'ipmi'), body: data }),
    ({ messageClass, body }) => encodeRmcp(messageClass, body),
    decodeRmcp,
  );
  roundTrip(
    'sessionless packet',
    fc.record({ format: fc.constant('ipmi-1.5'), payload: data }),
    ({ payload }) => encodeSessionless(payload),
    decodeSessionPacket,
  );
  roundTrip(
    'session set-up packet',
    fc.record({ payloadType: fc.integer({ min: 0x10, max: 0x15 }), payload: data }),
    ({ payloadType, payload }) => encodeSessionSetup(payloadType, payload),
    (encoded) => {
      const packet = decodeSessionPacket(encoded);
      if (packet.format !== 'rmcp+') throw new IpmiDecodeError('test', 'not RMCP+');
      return { payloadType: packet.payloadType, payload: packet.payload };
    },
  );
  roundTrip('LAN request', fc.record(lan), encodeLanRequest, decodeLanRequest);
  roundTrip('LAN response', fc.record({ ...lan, completionCode: byte }), encodeLanResponse, decodeLanResponse);
});

describe('packets inside a session', () => {
  const session = fc.record({
    chosen: suite,
    integrityKey: bytes(32),
    confidentialityKey: bytes(16),
    vector: bytes(16),
    content: fc.record({
      payloadType: nibble.filter((type) => type !== 2),
      sessionId: uint32,
      sequence: uint32,
      payload: data,
    }),
  });
  it('open to what was sealed', () => {
    fc.assert(
      fc.property(session, ({ chosen, integrityKey, confidentialityKey, vector, content }) => {
        const keys = {
          sessionIntegrityKey: Buffer.alloc(0),
          integrityKey: Buffer.from(integrityKey),
          confidentialityKey: Buffer.from(confidentialityKey),
        };
        const packet = decodeSessionPacket(sealPacket(chosen, keys, content, vector));
        if (packet.format !== 'rmcp+') throw new Error('not RMCP+');
        expect(plain(openPacket(chosen, keys, packet))).toEqual(plain(content));
      }),
    );
  });
});

describe('session set-up', () => {
  roundTrip(
    'Open Session Request',
    fc.record({ tag: byte, maximumPrivilege: nibble, consoleSessionId: uint32, algorithms }),
    encodeOpenSessionRequest,
    decodeOpenSessionRequest,
  );
  const accepted = { tag: byte, status: fc.constant(0 as const), consoleSessionId: uint32 };
  roundTrip(
    'Open Session Response',
    fc.oneof(fc.record({ ...accepted, maximumPrivilege: nibble, managedSystemSessionId: uint32, algorithms }), failure),
    encodeOpenSessionResponse,
    decodeOpenSessionResponse,
  );
  roundTrip(
    'RAKP Message 1',
    fc.record({
      tag: byte,
      managedSystemSessionId: uint32,
      consoleRandom: bytes(16),
      roleByte: byte,
      username: fc.uint8Array({ maxLength: 16 }),
    }),
    encodeRakpMessage1,
    decodeRakpMessage1,
  );
  roundTrip(
    'RAKP Message 2',
    fc.oneof(
      fc.record({
        ...accepted,
        managedSystemRandom: bytes(16),
        managedSystemGuid: bytes(16),
        keyExchangeCode: bytes(20),
      }),
      failure,
    ),
    encodeRakpMessage2,
    (encoded) => decodeRakpMessage2(encoded, 20),
  );
  roundTrip(
    'RAKP Message 3',
    fc.record({ tag: byte, status: byte, managedSystemSessionId: uint32, keyExchangeCode: data }),
    encodeRakpMessage3,
    decodeRakpMessage3,
  );
  roundTrip(
    'RAKP Message 4',
    fc.oneof(fc.record({ ...accepted, integrityCheckValue: bytes(12) }), failure),
    encodeRakpMessage4,
    (encoded) => decodeRakpMessage4(encoded, 12),
  );
});

describe('commands', () => {
  const text = getChannelAuthenticationCapabilities;
  roundTrip(
    `${text.name} request`,
    fc.record({ channel: nibble, privilege: nibble, askForIpmi20: flag }),
    text.encodeRequest,
    text.decodeRequest,
  );
  roundTrip(
    `${text.name} response`,
    fc.record({
      channel: byte,
      authenticationTypes: fc.integer({ min: 0, max: 63 }),
      extended: fc.constant(true),
      systemKeySet: flag,
      perMessageAuthenticationDisabled: flag,
      userLevelAuthenticationDisabled: flag,
      nonNullUsernames: flag,
      nullUsernames: flag,
      anonymousLogin: flag,
      supportsIpmi15: flag,
      supportsIpmi20: flag,
      oemId: fc.integer({ min: 0, max: 0xff_ffff }),
      oemData: byte,
    }),
    text.encodeResponse,
    text.decodeResponse,
  );
  const privilege = fc.record({ privilege: nibble });
  roundTrip(
    'privilege request',
    privilege,
    setSessionPrivilegeLevel.encodeRequest,
    setSessionPrivilegeLevel.decodeRequest,
  );
  roundTrip(
    'privilege response',
    privilege,
    setSessionPrivilegeLevel.encodeResponse,
    setSessionPrivilegeLevel.decodeResponse,
  );
  roundTrip(
    'Close Session request',
    fc.record({ sessionId: uint32 }),
    closeSession.encodeRequest,
    closeSession.decodeRequest,
  );
  roundTrip(
    'Get Device ID response',
    fc.record({
      deviceId: byte,
      deviceRevision: nibble,
      providesDeviceSdrs: flag,
      available: flag,
      firmwareMajor: fc.integer({ min: 0, max: 127 }),
      firmwareMinor: byte,
      ipmiVersion: fc
        .tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }))
        .map((parts) => parts.join('.')),
      additionalSupport: byte,
      manufacturerId: fc.integer({ min: 0, max: 0x0f_ffff }),
      productId: fc.integer({ min: 0, max: 0xffff }),
      auxiliaryFirmware: fc.oneof(bytes(0), bytes(4)),
    }),
    getDeviceId.encodeResponse,
    getDeviceId.decodeResponse,
  );
  for (const command of [getSystemGuid, getDeviceGuid]) {
    roundTrip(
      `${command.name} response`,
      fc.record({ guid: bytes(16) }),
      command.encodeResponse,
      command.decodeResponse,
    );
  }
  roundTrip(
    'Get Chassis Status response',
    fc.record({
      powerOn: flag,
      powerOverload: flag,
      powerInterlock: flag,
      powerFault: flag,
      powerControlFault: flag,
      powerRestorePolicy: fc.constantFrom('always-off', 'previous', 'always-on', 'unknown'),
      lastPowerEvent: byte,
      intrusion: flag,
      frontPanelLockout: flag,
      driveFault: flag,
      coolingFault: flag,
      identify: fc.constantFrom('off', 'temporary', 'indefinite', undefined),
    }),
    getChassisStatus.encodeResponse,
    getChassisStatus.decodeResponse,
  );
  const controls = fc.constantFrom('off', 'on', 'cycle', 'reset', 'diagnostic-interrupt', 'soft');
  roundTrip(
    'Chassis Control',
    fc.record({ control: controls }),
    chassisControl.encodeRequest,
    chassisControl.decodeRequest,
  );
  const parameter = fc.integer({ min: 0, max: 127 });
  roundTrip(
    'Set System Boot Options',
    fc.record({ parameter, markInvalid: flag, data }),
    setSystemBootOptions.encodeRequest,
    setSystemBootOptions.decodeRequest,
  );
  roundTrip(
    'Get System Boot Options',
    fc.record({ parameterVersion: nibble, parameter, markedInvalid: flag, data }),
    getSystemBootOptions.encodeResponse,
    getSystemBootOptions.decodeResponse,
  );
  it('knows the six chassis controls by their numbers', () => {
    expect(Object.entries(chassisControls).map(([name, code]) => `${code} ${name}`)).toEqual([
      '0 off',
      '1 on',
      '2 cycle',
      '3 reset',
      '4 diagnostic-interrupt',
      '5 soft',
    ]);
  });
});
