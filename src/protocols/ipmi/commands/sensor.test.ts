import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { getDeviceSdr, getDeviceSdrInfo, getSdr, getSdrRepositoryInfo, reserveSdrRepository } from './sdr.ts';
import type { RawThresholds } from './sensor.ts';
import {
  getSensorHysteresis,
  getSensorReading,
  getSensorReadingFactors,
  getSensorThresholds,
  setSensorThresholds,
  thresholdNames,
} from './sensor.ts';
import type { ReadingFactors } from '../sensors/reading-conversion.ts';
import { IpmiDecodeError } from '../decode-error.ts';
import type { IpmiCommand } from '../command.ts';

const byte = fc.integer({ min: 0, max: 0xff });
const uint16 = fc.integer({ min: 0, max: 0xffff });
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const data = fc.uint8Array({ maxLength: 70 }).map((bytes) => Buffer.from(bytes));
const bits = (width: number) => fc.integer({ min: 0, max: 2 ** width - 1 });
const signed = (width: number) => fc.integer({ min: -(2 ** (width - 1)), max: 2 ** (width - 1) - 1 });
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
const sensorNumber = byte;
const thresholds: fc.Arbitrary<RawThresholds> = fc.record(
  {
    'lower-non-critical': byte,
    'lower-critical': byte,
    'lower-non-recoverable': byte,
    'upper-non-critical': byte,
    'upper-critical': byte,
    'upper-non-recoverable': byte,
  },
  { requiredKeys: [] },
);

function goesThere<Request, Response>(
  command: IpmiCommand<Request, Response>,
  request: fc.Arbitrary<Request>,
  response: fc.Arbitrary<Response>,
): void {
  it(`${command.name}: decoding what was encoded gives it back, both ways`, () => {
    fc.assert(
      fc.property(request, response, (asked, answered) => {
        expect(command.decodeRequest(command.encodeRequest(asked))).toEqual(asked);
        expect(command.decodeResponse(command.encodeResponse(answered))).toEqual(answered);
      }),
    );
  });
  it(`${command.name}: any bytes give a value or an IpmiDecodeError`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        for (const decode of [command.decodeRequest, command.decodeResponse]) {
          try {
            decode(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(IpmiDecodeError);
          }
        }
      }),
    );
  });
}

describe('commands of sensors and their records', () => {
  const nothing = fc.constant({});
  const getRequest = fc.record({ reservation: uint16, recordId: uint16, offset: byte, length: byte });
  const getResponse = fc.record({ nextRecordId: uint16, data });
  const version = fc.tuple(fc.nat(9), fc.nat(9)).map(([major, minor]) => `${major}.${minor}`);
  goesThere(
    getSdrRepositoryInfo,
    nothing,
    fc.record({
      version,
      recordCount: uint16,
      freeBytes: uint16,
      lastAddition: uint32,
      lastErase: uint32,
      operations: byte,
    }),
  );
  goesThere(reserveSdrRepository, nothing, fc.record({ reservation: uint16 }));
  goesThere(getSdr, getRequest, getResponse);
  goesThere(getDeviceSdr, getRequest, getResponse);
  const luns = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean(), fc.boolean());
  goesThere(
    getDeviceSdrInfo,
    fc.record({ countRecords: fc.boolean() }),
    fc
      .record({ count: byte, luns, dynamic: fc.boolean(), populationChange: uint32 })
      .map((info) => (info.dynamic ? info : { ...info, populationChange: 0 })),
  );
  const states = fc.option(fc.integer({ min: 0, max: 0x7fff }), { nil: undefined });
  const [eventMessagesEnabled, scanningEnabled, unavailable] = [fc.boolean(), fc.boolean(), fc.boolean()];
  goesThere(
    getSensorReading,
    fc.record({ sensorNumber }),
    fc.record({ reading: byte, eventMessagesEnabled, scanningEnabled, unavailable, states }),
  );
  goesThere(getSensorThresholds, fc.record({ sensorNumber }), fc.record({ thresholds }));
  goesThere(setSensorThresholds, fc.record({ sensorNumber, thresholds }), nothing);
  goesThere(getSensorHysteresis, fc.record({ sensorNumber }), fc.record({ positive: byte, negative: byte }));
  goesThere(
    getSensorReadingFactors,
    fc.record({ sensorNumber, reading: byte }),
    fc.record({ nextReading: byte, factors }),
  );
});

describe('bytes on the wire', () => {
  it('are those of the specification', () => {
    const request = { reservation: 0x1234, recordId: 0x0005, offset: 5, length: 16 };
    expect(Buffer.from(getSdr.encodeRequest(request)).toString('hex')).toBe('341205000510');
    const set = { sensorNumber: 0x30, thresholds: { 'lower-critical': 7, 'upper-non-recoverable': 200 } as const };
    expect(Buffer.from(setSensorThresholds.encodeRequest(set)).toString('hex')).toBe('302200070000' + '00c8');
    expect(thresholdNames).toHaveLength(6);
    expect(getSensorReading.decodeResponse(Buffer.from('40c00080', 'hex'))).toEqual({
      reading: 0x40,
      eventMessagesEnabled: true,
      scanningEnabled: true,
      unavailable: false,
      states: 0,
    });
    const info = getSdrRepositoryInfo.decodeResponse(Buffer.from('51bb00feff0000000001000000a3', 'hex'));
    expect(info).toMatchObject({ version: '1.5', recordCount: 187, freeBytes: 0xfffe, lastErase: 1 });
  });

  it('may be fewer than the six thresholds', () => {
    expect(getSensorThresholds.decodeResponse(Buffer.from('3f0102', 'hex')).thresholds).toEqual({
      'lower-non-critical': 1,
      'lower-critical': 2,
    });
  });
});
