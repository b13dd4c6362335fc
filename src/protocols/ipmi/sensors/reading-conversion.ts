/**
 * From a raw byte to a value: y = L[(M·x + B·10^K1)·10^K2] (IPMI v2.0 §36.3, §36.5). The factors are bytes 25–30 of a full
 * sensor record, and the same six bytes after the first in the response to Get Sensor Reading Factors:
 *
 * | byte | bits                                              |
 * | ---- | ------------------------------------------------- |
 * | 1    | M, low 8 bits                                     |
 * | 2    | 7:6 M, high bits; 5:0 tolerance in half counts    |
 * | 3    | B, low 8 bits                                     |
 * | 4    | 7:6 B, high bits; 5:0 accuracy, low bits          |
 * | 5    | 7:4 accuracy, high bits; 3:2 its exponent; 1:0 direction |
 * | 6    | 7:4 K2 (result), 3:0 K1 (B), two's complement     |
 */
import type { ByteReader } from '../byte-reader.ts';

export interface ReadingFactors {
  m: number;
  b: number;
  /** K1. */
  bExponent: number;
  /** K2. */
  resultExponent: number;
  /** In half raw counts. */
  tolerance: number;
  /** In 1/100 percent, times 10 to the `accuracyExponent`. */
  accuracy: number;
  accuracyExponent: number;
  /** 0 unspecified, 1 input, 2 output. */
  direction: number;
}

export function readFactors(reader: ByteReader): ReadingFactors {
  const mLow = reader.byte();
  const mHigh = reader.byte();
  const bLow = reader.byte();
  const bHigh = reader.byte();
  const accuracy = reader.byte();
  const exponents = reader.byte();
  return {
    m: signed(((mHigh >> 6) << 8) | mLow, 10),
    b: signed(((bHigh >> 6) << 8) | bLow, 10),
    bExponent: signed(exponents & 0x0f, 4),
    resultExponent: signed(exponents >> 4, 4),
    tolerance: mHigh & 0x3f,
    accuracy: ((accuracy >> 4) << 6) | (bHigh & 0x3f),
    accuracyExponent: (accuracy >> 2) & 0x03,
    direction: accuracy & 0x03,
  };
}

export function writeFactors(factors: ReadingFactors): Buffer {
  const { m, b, tolerance, accuracy, accuracyExponent, direction } = factors;
  return Buffer.of(
    m & 0xff,
    (((m >> 8) & 0x03) << 6) | (tolerance & 0x3f),
    b & 0xff,
    (((b >> 8) & 0x03) << 6) | (accuracy & 0x3f),
    (((accuracy >> 6) & 0x0f) << 4) | ((accuracyExponent & 0x03) << 2) | (direction & 0x03),
    ((factors.resultExponent & 0x0f) << 4) | (factors.bExponent & 0x0f),
  );
}

/** The non-linear ones have factors of their own for each raw value. */
export function isNonLinear(linearization: number): boolean {
  return linearization >= 0x70;
}

/** 1/x turns a sensor's scale round: the lower raw thresholds are the upper ones of the value. */
export const inverseLinearization = 7;

/** Table 43-1, byte 24; a non-linear sensor's own factors leave it linear at one point. */
const linearizations: readonly ((value: number) => number)[] = [
  (value) => value,
  Math.log,
  Math.log10,
  Math.log2,
  Math.exp,
  (value) => 10 ** value,
  (value) => 2 ** value,
  (value) => 1 / value,
  (value) => value ** 2,
  (value) => value ** 3,
  Math.sqrt,
  Math.cbrt,
];

export interface Conversion {
  analogFormat: number;
  linearization: number;
  factors: ReadingFactors;
}

/** Undefined where the sensor has no analogue reading, or its formula no result, e.g. the logarithm of 0. */
export function convertReading(raw: number, { analogFormat, linearization, factors }: Conversion): number | undefined {
  const linearize = isNonLinear(linearization) ? linearizations[0] : linearizations[linearization];
  if (analogFormat === 3 || linearize === undefined) return undefined;
  const x = analogFormat === 0 || raw < 0x80 ? raw : analogFormat === 1 ? raw - 0xff : raw - 0x100;
  const value = linearize((factors.m * x + factors.b * 10 ** factors.bExponent) * 10 ** factors.resultExponent);
  return Number.isFinite(value) ? withoutNoise(value) : undefined;
}

/** A width in raw counts (hysteresis, tolerance) as a width of the value; only where the scale is linear. */
export function convertWidth(counts: number, { linearization, factors }: Conversion): number | undefined {
  if (linearization !== 0) return undefined;
  return withoutNoise(Math.abs(factors.m * counts) * 10 ** factors.resultExponent);
}

/** The raw byte whose value comes nearest; undefined where none has a value. */
export function nearestRaw(value: number, conversion: Conversion): number | undefined {
  let best: { raw: number; distance: number } | undefined;
  for (let raw = 0; raw <= 0xff; raw += 1) {
    const converted = convertReading(raw, conversion);
    if (converted === undefined) continue;
    const distance = Math.abs(converted - value);
    if (best === undefined || distance < best.distance) best = { raw, distance };
  }
  return best?.raw;
}

/** Twelve digits say all that a byte can hold, and nothing of what binary fractions add to it. */
function withoutNoise(value: number): number {
  return Number(value.toPrecision(12));
}

function signed(value: number, bits: number): number {
  const half = 2 ** (bits - 1);
  return value >= half ? value - 2 * half : value;
}
