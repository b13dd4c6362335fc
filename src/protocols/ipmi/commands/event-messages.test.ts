import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  clearMessageFlags,
  decodePlatformEventTrap,
  decodeSnmpTrap,
  enableMessageChannelReceive,
  encodePlatformEventTrap,
  encodeSnmpTrap,
  getBmcGlobalEnables,
  getMessage,
  getMessageFlags,
  platformEventMessage,
  platformEventTrapEnterprise,
  readEventMessageBuffer,
  setBmcGlobalEnables,
  trapTime,
} from '../index.ts';
import {
  anyByte,
  anyNibble,
  anyUint16,
  anyUint32,
  describesCodec,
  mutated,
  onlyDecodeErrors,
  someBytes,
} from '../testing-codecs.fixture.ts';

const flag = fc.boolean();
const oem = { oem2: flag, oem1: flag, oem0: flag };
const flags = fc.record({
  ...oem,
  watchdogPreTimeout: flag,
  eventMessageBufferFull: flag,
  receiveMessageAvailable: flag,
});
const enables = fc.record({
  ...oem,
  systemEventLogging: flag,
  eventMessageBuffer: flag,
  eventMessageBufferInterrupt: flag,
  receiveMessageQueueInterrupt: flag,
});

describe('messages', () => {
  describesCodec('Clear Message Flags', flags, clearMessageFlags.encodeRequest, clearMessageFlags.decodeRequest);
  describesCodec('Get Message Flags', flags, getMessageFlags.encodeResponse, getMessageFlags.decodeResponse);
  describesCodec('Set Global Enables', enables, setBmcGlobalEnables.encodeRequest, setBmcGlobalEnables.decodeRequest);
  describesCodec('Get Global Enables', enables, getBmcGlobalEnables.encodeResponse, getBmcGlobalEnables.decodeResponse);
  describesCodec(
    'Enable Message Channel Receive request',
    fc.record({ channel: anyNibble, state: fc.constantFrom('disable', 'enable', 'get') }),
    enableMessageChannelReceive.encodeRequest,
    enableMessageChannelReceive.decodeRequest,
  );
  describesCodec(
    'Enable Message Channel Receive response',
    fc.record({ channel: anyNibble, enabled: flag }),
    enableMessageChannelReceive.encodeResponse,
    enableMessageChannelReceive.decodeResponse,
  );
  describesCodec(
    'Get Message',
    fc.record({ channel: anyNibble, privilege: anyNibble, data: someBytes(60) }),
    getMessage.encodeResponse,
    getMessage.decodeResponse,
  );
  describesCodec(
    'Read Event Message Buffer',
    fc.record({ record: someBytes(16, 16) }),
    readEventMessageBuffer.encodeResponse,
    readEventMessageBuffer.decodeResponse,
  );
  describesCodec(
    'Platform Event Message',
    fc.record({
      generatorId: fc.option(anyByte, { nil: undefined }),
      event: fc.record({
        messageFormat: anyByte,
        sensorType: anyByte,
        sensorNumber: anyByte,
        deassertion: flag,
        eventReadingType: fc.integer({ min: 0, max: 0x7f }),
        eventData: fc.tuple(anyByte, anyByte, anyByte),
      }),
    }),
    platformEventMessage.encodeRequest,
    platformEventMessage.decodeRequest,
  );
});

const traps = fc.record({
  sensorType: anyByte,
  eventReadingType: anyByte,
  deassertion: flag,
  offset: anyNibble,
  guid: someBytes(16, 16),
  sequence: anyUint16,
  localTimestamp: anyUint32,
  utcOffsetMinutes: fc.option(fc.integer({ min: 0, max: 1440 }), { nil: undefined }),
  trapSource: anyByte,
  eventSource: anyByte,
  severity: anyByte,
  sensorDevice: anyByte,
  sensorNumber: anyByte,
  entity: anyByte,
  entityInstance: anyByte,
  eventData: someBytes(8, 8),
  language: anyByte,
  manufacturerId: anyUint32,
  systemId: anyUint16,
  oem: someBytes(64),
});
const arcs = fc.array(anyUint32, { minLength: 1, maxLength: 12 });
const objectNames = arcs.map((others) => ['1.3', ...others].join('.'));
const snmpTraps = fc.record({
  community: fc.stringMatching(/^[a-z]{0,20}$/),
  enterprise: objectNames,
  agentAddress: fc.ipV4(),
  genericTrap: fc.integer({ min: 0, max: 6 }),
  specificTrap: anyUint32,
  uptime: anyUint32,
  variables: fc.array(fc.record({ name: objectNames, octets: someBytes(200) }), { maxLength: 3 }),
});

describe('platform event traps', () => {
  it('decode what they encode', () => {
    fc.assert(
      fc.property(traps, (trap) => {
        const { specificTrap, variableBinding } = encodePlatformEventTrap(trap);
        expect(decodePlatformEventTrap(specificTrap, variableBinding)).toEqual(trap);
      }),
    );
  });

  it('take any bytes', () => {
    const truth = traps.map((trap) => encodePlatformEventTrap(trap).variableBinding);
    fc.assert(
      fc.property(anyUint32, mutated(truth), (specific, bytes) =>
        onlyDecodeErrors(() => decodePlatformEventTrap(specific, bytes)),
      ),
      { numRuns: 3000 },
    );
  });

  it('count their time from 1998, in the time of the sender', () => {
    const [sample] = fc.sample(traps, 1);
    if (sample === undefined) throw new Error('no trap');
    expect(trapTime({ ...sample, localTimestamp: 3600, utcOffsetMinutes: 60 })).toBe(Date.UTC(1998, 0, 1));
    expect(trapTime({ ...sample, localTimestamp: 60, utcOffsetMinutes: undefined })).toBe(Date.UTC(1998, 0, 1, 0, 1));
    expect(trapTime({ ...sample, localTimestamp: 0 })).toBeUndefined();
  });
});

describe('SNMP traps', () => {
  describesCodec('SNMPv1 trap', snmpTraps, encodeSnmpTrap, decodeSnmpTrap);

  it('reads the bytes of a trap', () => {
    // public, 1.3.6.1.4.1.3183.1.1, 10.0.0.5, enterprise-specific 0x016f01 … with one octet string.
    const packet = Buffer.from(
      '303e020100' +
        '04067075626c6963' +
        'a431' +
        '06092b06010401986f0101' +
        '40040a000005' +
        '020106' +
        '0203016f01' +
        '43020190' +
        '3012' +
        '3010' +
        '060a2b06010401986f010101' +
        '0402abcd',
      'hex',
    );
    expect(decodeSnmpTrap(packet)).toEqual({
      community: 'public',
      enterprise: platformEventTrapEnterprise,
      agentAddress: '10.0.0.5',
      genericTrap: 6,
      specificTrap: 0x016f01,
      uptime: 400,
      variables: [{ name: `${platformEventTrapEnterprise}.1`, octets: Buffer.from('abcd', 'hex') }],
    });
  });
});
