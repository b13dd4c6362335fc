import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IpmiDecodeError } from '../decode-error.ts';
import { idString, idStringText } from './id-string.ts';
import type { ReadingFactors } from './reading-conversion.ts';
import type { SdrBody, SdrRecord } from './sdr-record.ts';
import { decodeSdrHeader, decodeSdrRecord, encodeSdrRecord } from './sdr-record.ts';
import type { RecordSharing } from './sensor-record.ts';
import { recordedSensors } from './shared-sensors.ts';

const bits = (width: number) => fc.integer({ min: 0, max: 2 ** width - 1 });
const signed = (width: number) => fc.integer({ min: -(2 ** (width - 1)), max: 2 ** (width - 1) - 1 });
const byte = bits(8);
const word = bits(16);
const bytes = (maxLength: number) => fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));

const factors: fc.Arbitrary<ReadingFactors> = fc.record({
  m: signed(10),
  b: signed(10),
  bExponent: signed(4),
  resultExponent: signed(4),
  tolerance: bits(6),
  accuracy: bits(10),
  accuracyExponent: bits(2),
  direction: bits(2),
});

const id = fc.record({ encoding: bits(2), bytes: bytes(31) });
const described = {
  owner: fc.record({ address: byte, channel: bits(4), lun: bits(2) }),
  sensorNumber: byte,
  entityId: byte,
  entityInstance: byte,
  sensorType: byte,
  readingType: byte,
  oem: byte,
  id,
};
const measured = {
  ...described,
  initialization: byte,
  capabilities: byte,
  assertionMask: word,
  deassertionMask: word,
  readingMask: word,
  analogFormat: bits(2),
  units: fc.record({ percentage: fc.boolean(), rate: bits(3), modifierUse: bits(2), base: byte, modifier: byte }),
  positiveHysteresis: byte,
  negativeHysteresis: byte,
};
const sharing = fc.record({
  count: bits(4),
  modifierType: bits(2),
  modifierOffset: bits(7),
  entityInstanceIncrements: fc.boolean(),
  direction: bits(2),
});
const located = { deviceType: byte, deviceTypeModifier: byte, entityId: byte, entityInstance: byte, oem: byte, id };
const evenByte = bits(7).map((half) => half * 2);
const entity = (relative: boolean) =>
  fc.record({
    address: relative ? byte : fc.constant(0),
    channel: relative ? byte : fc.constant(0),
    entityId: byte,
    entityInstance: byte,
  });
const association = (deviceRelative: boolean) =>
  fc.record({
    kind: fc.constant('entity-association' as const),
    deviceRelative: fc.constant(deviceRelative),
    container: entity(deviceRelative),
    flags: byte,
    contained: fc.array(entity(deviceRelative), { minLength: 4, maxLength: 4 }),
  });
const decodedTypes: ReadonlySet<number> = new Set([1, 2, 3, 8, 9, 0x10, 0x11, 0x12, 0xc0]);

/** One of every kind. */
const bodies: Readonly<Record<string, fc.Arbitrary<SdrBody>>> = {
  full: fc.record({
    kind: fc.constant('full' as const),
    ...measured,
    linearization: bits(7),
    factors,
    analogFlags: bits(3),
    nominal: byte,
    normalMaximum: byte,
    normalMinimum: byte,
    sensorMaximum: byte,
    sensorMinimum: byte,
    thresholds: fc.array(byte, { minLength: 6, maxLength: 6 }),
  }),
  compact: fc.record({ kind: fc.constant('compact' as const), ...measured, sharing }),
  'event-only': fc.record({ kind: fc.constant('event-only' as const), ...described, sharing }),
  'entity association': association(false),
  'device-relative entity association': association(true),
  'generic device locator': fc.record({
    kind: fc.constant('generic-device-locator' as const),
    accessAddress: evenByte,
    slaveAddress: evenByte,
    channel: bits(4),
    lun: bits(2),
    bus: bits(3),
    addressSpan: bits(3),
    ...located,
  }),
  'FRU device locator': fc.record({
    kind: fc.constant('fru-device-locator' as const),
    accessAddress: evenByte,
    fruId: byte,
    logical: fc.boolean(),
    lun: bits(2),
    bus: bits(3),
    channel: bits(4),
    ...located,
  }),
  'controller locator': fc.record({
    kind: fc.constant('controller-locator' as const),
    slaveAddress: evenByte,
    channel: bits(4),
    initialization: byte,
    capabilities: byte,
    entityId: byte,
    entityInstance: byte,
    oem: byte,
    id,
  }),
  oem: fc.record({ kind: fc.constant('oem' as const), manufacturerId: bits(24), data: bytes(60) }),
  other: fc.record({
    kind: fc.constant('other' as const),
    recordType: byte.filter((type) => !decodedTypes.has(type)),
    data: bytes(60),
  }),
};

const anyRecord: fc.Arbitrary<SdrRecord> = fc.record({
  recordId: word,
  version: fc.constantFrom('1.5', '2.0'),
  body: fc.oneof(...Object.values(bodies)),
});

/** A fan of 120 RPM a count, written down byte by byte as in Table 43-1. */
const fan =
  '0d0051012f' + // record 13, version 1.5, full, 47 bytes follow
  '2000300701' + // of the BMC, number 30h, system board 1
  '7fd40401' + // what is initialised, capabilities, fan, thresholds
  '05300500' + // masks of events
  '0300' + // the two lower thresholds can be read
  '001200' + // unsigned, RPM
  '00' + // linear
  '780200023000' + // M 120, tolerance 2, B 0
  '0754c58bff00' +
  'ffffff000305' + // lower critical 3, lower non-critical 5
  '01010000' +
  '00' +
  'c446616e31';

describe('records', () => {
  it.each(Object.keys(bodies))('%s: decoding what was encoded gives it back', (kind) => {
    const body = bodies[kind] ?? fc.constant(undefined as never);
    fc.assert(
      fc.property(fc.record({ recordId: fc.nat(0xffff), version: fc.constant('1.5'), body }), (record) => {
        expect(decodeSdrRecord(encodeSdrRecord(record))).toEqual(record);
      }),
    );
  });

  it('may hold any bytes: a record or an IpmiDecodeError comes of them', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.constantFrom(1, 2, 3, 8, 9, 0x10, 0x11, 0x12, 0xc0), check),
      { numRuns: 20_000 },
    );
  });

  it('may be mutated and cut anywhere', () => {
    const mutation = fc.tuple(anyRecord, fc.nat(79), fc.nat(255), fc.nat(80));
    fc.assert(
      fc.property(mutation, ([record, at, value, length]) => {
        const bytes = encodeSdrRecord(record);
        bytes[at % bytes.length] = value;
        check(bytes.subarray(0, length), bytes[3] ?? 0);
      }),
      { numRuns: 20_000 },
    );
  });

  it('tell what their bytes say', () => {
    const record = decodeSdrRecord(Buffer.from(fan, 'hex'));
    expect(record).toMatchObject({
      recordId: 13,
      version: '1.5',
      body: { kind: 'full', owner: { address: 0x20 }, sensorNumber: 0x30, sensorType: 4, units: { base: 18 } },
    });
    expect(record.body).toMatchObject({ factors: { m: 120, b: 0, resultExponent: 0 } });
  });
});

function check(bytes: Uint8Array, type: number): void {
  const record = Buffer.from(bytes);
  if (record.length > 3) record[3] = type;
  try {
    const { body } = decodeSdrRecord(record);
    if ('sensorNumber' in body) expect(recordedSensors(body).length).toBeGreaterThan(0);
    if ('id' in body) expect(typeof idStringText(body.id)).toBe('string');
  } catch (error) {
    expect(error).toBeInstanceOf(IpmiDecodeError);
  }
}

describe('names', () => {
  it('come in four encodings', () => {
    expect(idStringText(idString('CPU1 Temp'))).toBe('CPU1 Temp');
    expect(idStringText({ encoding: 3, bytes: Buffer.from('Lüfter \0\0', 'latin1') })).toBe('Lüfter');
    // The specification's own examples: BCD plus `12-4`, and 6-bit `IPMI` as 29h DCh A6h.
    expect(idStringText({ encoding: 1, bytes: Buffer.from('12b4', 'hex') })).toBe('12-4');
    expect(idStringText({ encoding: 2, bytes: Buffer.from('29dca6', 'hex') })).toBe('IPMI');
    expect(idStringText({ encoding: 0, bytes: Buffer.from('Temp') })).toBe('Temp');
    expect(idStringText({ encoding: 0, bytes: Buffer.from('0142', 'hex') })).toBe('0x0142');
  });

  it('never hold what moves a cursor', () => {
    expect(idStringText(idString('a\u001b[2Jb\u009b'))).toBe('a?[2Jb?');
  });

  it('are cut where a length leads beyond the record', () => {
    const bytes = Buffer.from(fan, 'hex');
    bytes[47] = 0xdf;
    expect(decodeSdrRecord(bytes)).toMatchObject({ body: { id: { bytes: Buffer.from('Fan1') } } });
    expect(decodeSdrHeader(bytes).length).toBe(0x2f);
  });
});

describe('shared records', () => {
  const shared = (name: string, change: Partial<RecordSharing>) => {
    const owner = { address: 0x20, channel: 0, lun: 0 };
    const sharing = { count: 3, modifierType: 0, modifierOffset: 1, entityInstanceIncrements: true, direction: 0 };
    return recordedSensors({
      kind: 'event-only',
      owner,
      sensorNumber: 0x40,
      entityId: 29,
      entityInstance: 0x61,
      sensorType: 4,
      readingType: 3,
      oem: 0,
      id: idString(name),
      sharing: { ...sharing, ...change },
    });
  };
  const names = (name: string, change: Partial<RecordSharing>) => shared(name, change).map((sensor) => sensor.name);

  it('stand for sensors with numbers, names and instances that count up', () => {
    expect(shared('Fan ', {})).toMatchObject([
      { sensorNumber: 0x40, name: 'Fan 1', entityInstance: 0x61 },
      { sensorNumber: 0x41, name: 'Fan 2', entityInstance: 0x62 },
      { sensorNumber: 0x42, name: 'Fan 3', entityInstance: 0x63 },
    ]);
    expect(shared('Fan   ', {})[0]).toMatchObject({ name: 'Fan 1' });
    expect(shared('Fan', { entityInstanceIncrements: false })[2]).toMatchObject({ entityInstance: 0x61 });
  });

  it('may count by letters, or on from the number in the name', () => {
    expect(names('DIMM', { modifierType: 1, modifierOffset: 25 })).toEqual(['DIMMZ', 'DIMMAA', 'DIMMAB']);
    expect(names('Drive 15', { modifierOffset: 0 })).toEqual(['Drive 15', 'Drive 16', 'Drive 17']);
    expect(names('Slot-', { modifierOffset: 7 })).toEqual(['Slot-7', 'Slot-8', 'Slot-9']);
  });

  it('are one sensor where the count says 0 or 1, and none beyond number FEh', () => {
    expect(names('Fan', { count: 0 })).toEqual(['Fan']);
    expect(names('Fan', { count: 1 })).toEqual(['Fan']);
  });
});
