/** Sensors: reading, thresholds, hysteresis and reading factors (IPMI v2.0 §35.5–§35.14). */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noResponseData } from '../command.ts';
import type { ReadingFactors } from '../sensors/reading-conversion.ts';
import { readFactors, writeFactors } from '../sensors/reading-conversion.ts';

export interface SensorReadingResponse {
  /** Raw; without meaning for a discrete sensor. */
  reading: number;
  eventMessagesEnabled: boolean;
  scanningEnabled: boolean;
  /** The reading (or state) is being updated, or its device is not there. */
  unavailable: boolean;
  /**
   * A threshold sensor: bits 0–5 at or below lower non-critical, critical, non-recoverable, at or above upper non-critical,
   * critical, non-recoverable. A discrete one: the state bits 0–14. Undefined where the BMC leaves it out.
   */
  states: number | undefined;
}

const sensor = {
  encodeRequest: ({ sensorNumber }: { sensorNumber: number }) => Buffer.of(sensorNumber),
  decodeRequest: (bytes: Uint8Array) => ({ sensorNumber: new ByteReader(bytes, 'sensor request').byte() }),
};

/** §35.14. */
export const getSensorReading: IpmiCommand<{ sensorNumber: number }, SensorReadingResponse> = {
  name: 'Get Sensor Reading',
  networkFunction: networkFunction.sensorEvent,
  command: 0x2d,
  idempotent: true,
  ...sensor,
  encodeResponse({ reading, eventMessagesEnabled, scanningEnabled, unavailable, states }) {
    const flags = (eventMessagesEnabled ? 0x80 : 0) | (scanningEnabled ? 0x40 : 0) | (unavailable ? 0x20 : 0);
    const bits = states === undefined ? [] : [states & 0xff, (states >> 8) & 0x7f];
    return Buffer.of(reading, flags, ...bits);
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Sensor Reading response');
    const reading = reader.byte();
    const flags = reader.byte();
    const low = reader.remaining > 0 ? reader.byte() : undefined;
    // Bit 15 is reserved and reads as 1 on many BMCs.
    const high = reader.remaining > 0 ? reader.byte() & 0x7f : 0;
    return {
      reading,
      eventMessagesEnabled: (flags & 0x80) !== 0,
      scanningEnabled: (flags & 0x40) !== 0,
      unavailable: (flags & 0x20) !== 0,
      states: low === undefined ? undefined : (high << 8) | low,
    };
  },
};

/** In the order of the bits and bytes of the threshold commands. */
export const thresholdNames = [
  'lower-non-critical',
  'lower-critical',
  'lower-non-recoverable',
  'upper-non-critical',
  'upper-critical',
  'upper-non-recoverable',
] as const;

export type ThresholdName = (typeof thresholdNames)[number];

/** Raw values; one that is left out cannot be read, or is not to be set. */
export type RawThresholds = Readonly<Partial<Record<ThresholdName, number>>>;

function writeThresholds(thresholds: RawThresholds): Buffer {
  const values = thresholdNames.map((name) => thresholds[name]);
  const mask = values.reduce<number>((bits, value, bit) => bits | (value === undefined ? 0 : 1 << bit), 0);
  return Buffer.of(mask, ...values.map((value) => value ?? 0));
}

function readThresholds(reader: ByteReader): RawThresholds {
  const mask = reader.byte();
  const thresholds: Partial<Record<ThresholdName, number>> = {};
  for (const [bit, name] of thresholdNames.entries()) {
    // Some BMCs send fewer than the six.
    const value = reader.remaining > 0 ? reader.byte() : undefined;
    if (value !== undefined && (mask & (1 << bit)) !== 0) thresholds[name] = value;
  }
  return thresholds;
}

/** §35.9. */
export const getSensorThresholds: IpmiCommand<{ sensorNumber: number }, { thresholds: RawThresholds }> = {
  name: 'Get Sensor Thresholds',
  networkFunction: networkFunction.sensorEvent,
  command: 0x27,
  idempotent: true,
  ...sensor,
  encodeResponse: ({ thresholds }) => writeThresholds(thresholds),
  decodeResponse: (bytes) => ({ thresholds: readThresholds(new ByteReader(bytes, 'Get Sensor Thresholds response')) }),
};

/** §35.8. */
export const setSensorThresholds: IpmiCommand<{ sensorNumber: number; thresholds: RawThresholds }, NoData> = {
  name: 'Set Sensor Thresholds',
  networkFunction: networkFunction.sensorEvent,
  command: 0x26,
  idempotent: true,
  encodeRequest: ({ sensorNumber, thresholds }) =>
    Buffer.concat([Buffer.of(sensorNumber), writeThresholds(thresholds)]),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Set Sensor Thresholds request');
    return { sensorNumber: reader.byte(), thresholds: readThresholds(reader) };
  },
  ...noResponseData,
};

export interface Hysteresis {
  positive: number;
  negative: number;
}

/** §35.7. */
export const getSensorHysteresis: IpmiCommand<{ sensorNumber: number }, Hysteresis> = {
  name: 'Get Sensor Hysteresis',
  networkFunction: networkFunction.sensorEvent,
  command: 0x25,
  idempotent: true,
  encodeRequest: ({ sensorNumber }) => Buffer.of(sensorNumber, 0xff),
  decodeRequest: sensor.decodeRequest,
  encodeResponse: ({ positive, negative }) => Buffer.of(positive, negative),
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Sensor Hysteresis response');
    return { positive: reader.byte(), negative: reader.byte() };
  },
};

export interface SensorReadingFactorsResponse {
  /** The next reading for which other factors hold. */
  nextReading: number;
  factors: ReadingFactors;
}

/** §35.5: the factors of a non-linear sensor at one raw reading. */
export const getSensorReadingFactors: IpmiCommand<
  { sensorNumber: number; reading: number },
  SensorReadingFactorsResponse
> = {
  name: 'Get Sensor Reading Factors',
  networkFunction: networkFunction.sensorEvent,
  command: 0x23,
  idempotent: true,
  encodeRequest: ({ sensorNumber, reading }) => Buffer.of(sensorNumber, reading),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Get Sensor Reading Factors request');
    return { sensorNumber: reader.byte(), reading: reader.byte() };
  },
  encodeResponse: ({ nextReading, factors }) => Buffer.concat([Buffer.of(nextReading), writeFactors(factors)]),
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Sensor Reading Factors response');
    return { nextReading: reader.byte(), factors: readFactors(reader) };
  },
};
