import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventFields } from '../index.ts';
import {
  addSelEntry,
  clearSel,
  decodeSelRecord,
  deleteSelEntry,
  encodeSelRecord,
  eventDetails,
  getSelEntry,
  getSelInfo,
  getSelTime,
  getSelTimeUtcOffset,
  noData,
  readEventData,
  readTimestamp,
  reserveSel,
  setSelTime,
  setSelTimeUtcOffset,
} from '../index.ts';
import {
  anyByte,
  anyNibble,
  anyUint16,
  anyUint24,
  anyUint32,
  describesCodec,
  mutated,
  someBytes,
} from '../testing-codecs.fixture.ts';

const eventFields = {
  messageFormat: anyByte,
  sensorType: anyByte,
  sensorNumber: anyByte,
  deassertion: fc.boolean(),
  eventReadingType: fc.integer({ min: 0, max: 0x7f }),
  eventData: fc.tuple(anyByte, anyByte, anyByte),
};
const through = { lun: fc.integer({ min: 0, max: 3 }), channel: anyNibble };
const generators = fc.oneof(
  fc.record({ kind: fc.constant('software'), id: fc.integer({ min: 0, max: 0x7f }), ...through }),
  fc.record({ kind: fc.constant('controller'), address: anyByte.map((byte) => byte & 0xfe), ...through }),
);
const systemEvents = fc.record({
  kind: fc.constant('system-event'),
  recordId: anyUint16,
  recordType: fc.constant(0x02),
  timestamp: anyUint32,
  generator: generators,
  ...eventFields,
});
const timestampedOem = fc.record({
  kind: fc.constant('oem-timestamped'),
  recordId: anyUint16,
  recordType: fc.integer({ min: 0xc0, max: 0xdf }),
  timestamp: anyUint32,
  manufacturerId: anyUint24,
  data: someBytes(6, 6),
});
const oem = fc.record({
  kind: fc.constant('oem'),
  recordId: anyUint16,
  recordType: fc.integer({ min: 0xe0, max: 0xff }),
  data: someBytes(13, 13),
});
const reserved = fc.record({
  kind: fc.constant('unknown'),
  recordId: anyUint16,
  recordType: fc.integer({ min: 0x03, max: 0xbf }),
  data: someBytes(13, 13),
});

describe('SEL records', () => {
  describesCodec('system event', systemEvents, encodeSelRecord, decodeSelRecord);
  describesCodec('timestamped OEM record', timestampedOem, encodeSelRecord, decodeSelRecord);
  describesCodec('OEM record', oem, encodeSelRecord, decodeSelRecord);
  describesCodec('record of a reserved type', reserved, encodeSelRecord, decodeSelRecord);

  it('reads the bytes of a record as the specification orders them', () => {
    const bytes = Buffer.from('0100' + '02' + '78563412' + '2000' + '04' + '01' + '30' + '81' + '595a5b', 'hex');
    expect(decodeSelRecord(bytes)).toEqual({
      kind: 'system-event',
      recordId: 1,
      recordType: 2,
      timestamp: 0x12345678,
      generator: { kind: 'controller', address: 0x20, lun: 0, channel: 0 },
      messageFormat: 4,
      sensorType: 1,
      sensorNumber: 0x30,
      deassertion: true,
      eventReadingType: 1,
      eventData: [0x59, 0x5a, 0x5b],
    });
  });

  it('tells software that raised an event by its id', () => {
    const bytes = Buffer.from('0100' + '02' + '00000000' + '4100' + '04' + '0c' + '01' + '6f' + '000000', 'hex');
    expect(decodeSelRecord(bytes)).toMatchObject({ generator: { kind: 'software', id: 0x20 } });
  });

  it('decodes what anybody may write, at length', () => {
    fc.assert(
      fc.property(mutated(fc.oneof(systemEvents, timestampedOem, oem).map(encodeSelRecord)), (bytes) => {
        if (bytes.length < 16) return;
        const record = decodeSelRecord(bytes);
        if (record.kind === 'system-event') expect(eventDetails(record)).toBeInstanceOf(Array);
        expect(decodeSelRecord(encodeSelRecord(record))).toEqual(record);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('timestamps', () => {
  it.each([
    [0xffff_ffff, { kind: 'unspecified' }],
    [0, { kind: 'since-initialization', seconds: 0 }],
    [0x2000_0000, { kind: 'since-initialization', seconds: 0x2000_0000 }],
    [0x2000_0001, { kind: 'clock', seconds: 0x2000_0001 }],
  ])('%d', (value, expected) => expect(readTimestamp(value)).toEqual(expected));
});

describe('SEL commands', () => {
  describesCodec(
    'Get SEL Info',
    fc.record({
      version: anyByte,
      entries: anyUint16,
      freeBytes: anyUint16,
      lastAddition: anyUint32,
      lastErasure: anyUint32,
      overflow: fc.boolean(),
      supports: fc.record({
        delete: fc.boolean(),
        partialAdd: fc.boolean(),
        reserve: fc.boolean(),
        allocationInfo: fc.boolean(),
      }),
    }),
    getSelInfo.encodeResponse,
    getSelInfo.decodeResponse,
  );
  describesCodec(
    'Reserve SEL',
    fc.record({ reservation: anyUint16 }),
    reserveSel.encodeResponse,
    reserveSel.decodeResponse,
  );
  describesCodec(
    'Get SEL Entry request',
    fc.record({ reservation: anyUint16, recordId: anyUint16, offset: anyByte, count: anyByte }),
    getSelEntry.encodeRequest,
    getSelEntry.decodeRequest,
  );
  describesCodec(
    'Get SEL Entry response',
    fc.record({ nextRecordId: anyUint16, data: someBytes(16) }),
    getSelEntry.encodeResponse,
    getSelEntry.decodeResponse,
  );
  describesCodec(
    'Add SEL Entry request',
    fc.record({ record: someBytes(16, 16) }),
    addSelEntry.encodeRequest,
    addSelEntry.decodeRequest,
  );
  describesCodec(
    'Add SEL Entry response',
    fc.record({ recordId: anyUint16 }),
    addSelEntry.encodeResponse,
    addSelEntry.decodeResponse,
  );
  describesCodec(
    'Delete SEL Entry',
    fc.record({ reservation: anyUint16, recordId: anyUint16 }),
    deleteSelEntry.encodeRequest,
    deleteSelEntry.decodeRequest,
  );
  describesCodec(
    'Delete SEL Entry response',
    fc.record({ recordId: anyUint16 }),
    deleteSelEntry.encodeResponse,
    deleteSelEntry.decodeResponse,
  );
  describesCodec(
    'Clear SEL request',
    fc.record({ reservation: anyUint16, action: fc.constantFrom('initiate', 'status') }),
    clearSel.encodeRequest,
    clearSel.decodeRequest,
  );
  describesCodec(
    'Clear SEL response',
    fc.record({ erased: fc.boolean() }),
    clearSel.encodeResponse,
    clearSel.decodeResponse,
  );
  const timestamps = fc.record({ timestamp: anyUint32 });
  describesCodec('Get SEL Time', timestamps, getSelTime.encodeResponse, getSelTime.decodeResponse);
  describesCodec('Set SEL Time', timestamps, setSelTime.encodeRequest, setSelTime.decodeRequest);
  const offsets = fc.record({ minutes: fc.option(fc.integer({ min: -1440, max: 1440 }), { nil: undefined }) });
  describesCodec('UTC offset', offsets, getSelTimeUtcOffset.encodeResponse, getSelTimeUtcOffset.decodeResponse);
  describesCodec('UTC offset set', offsets, setSelTimeUtcOffset.encodeRequest, setSelTimeUtcOffset.decodeRequest);

  it('writes the bytes of Clear SEL as §31.9 has them', () => {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    expect(hex(clearSel.encodeRequest({ reservation: 0x1234, action: 'initiate' }))).toBe('3412434c52aa');
    expect(hex(clearSel.encodeRequest({ reservation: 0x1234, action: 'status' }))).toBe('3412434c5200');
    expect(reserveSel.encodeRequest(noData)).toHaveLength(0);
  });
});

describe('event data', () => {
  const event = (
    sensorType: number,
    eventReadingType: number,
    ...eventData: [number, number, number]
  ): EventFields => ({
    messageFormat: 4,
    sensorType,
    sensorNumber: 1,
    deassertion: false,
    eventReadingType,
    eventData,
  });

  it('of a threshold sensor holds raw values', () => {
    expect(readEventData(event(0x01, 0x01, 0x59, 90, 85))).toEqual({
      offset: 9,
      triggerReading: 90,
      triggerThreshold: 85,
    });
    expect(readEventData(event(0x01, 0x01, 0x09, 90, 85))).toEqual({ offset: 9 });
  });

  it.each<[string, EventFields, string[]]>([
    ['memory module', event(0x0c, 0x6f, 0x31, 0xff, 3), ['memory module 3']],
    [
      'firmware error',
      event(0x0f, 0x6f, 0xc0, 0x02, 0xff),
      ['No usable system memory, all installed memory has experienced an unrecoverable failure'],
    ],
    ['firmware progress', event(0x0f, 0x6f, 0xc2, 0x13, 0xff), ['Starting operating system boot process']],
    ['watchdog', event(0x23, 0x6f, 0xc1, 0x24, 0xff), ['interrupt: NMI', 'timer use: SMS/OS']],
    ['log almost full', event(0x10, 0x6f, 0x35, 0xff, 75), ['75 percent full']],
    ['power supply', event(0x08, 0x6f, 0x36, 0xff, 3), ['Power Supply rating mismatch']],
    [
      'session audit',
      event(0x2a, 0x6f, 0xf1, 2, 0x11),
      ['user 2', 'Session deactivated by Close Session command', 'channel 1'],
    ],
    ['clock', event(0x12, 0x6f, 0xc5, 0x80, 0xff), ['SEL Timestamp Clock updated', 'second of pair']],
    ['filter action', event(0x12, 0x6f, 0xc4, 0x03, 0xff), ['Alert', 'Power off']],
    ['restart', event(0x1d, 0x6f, 0xf7, 0x04, 0x01), ['restart cause: watchdog expiration', 'channel 1']],
    ['state before', event(0x02, 0x07, 0x42, 0xf0, 0xff), ['before: transition to OK']],
    ['OEM codes', event(0x07, 0x6f, 0xa1, 0x12, 0x34), ['OEM code 12h', 'second OEM code 34h']],
    ['extension that nobody defined', event(0x07, 0x6f, 0xc1, 0x12, 0xff), ['extension code 12h']],
    ['nothing specified', event(0x0c, 0x6f, 0x01, 0x12, 0x34), []],
  ])('tells of %s', (_, fields, details) => expect(eventDetails(fields)).toEqual(details));
});
