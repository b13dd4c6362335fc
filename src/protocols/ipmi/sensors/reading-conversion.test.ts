import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Conversion, ReadingFactors } from './reading-conversion.ts';
import { convertReading, convertWidth, nearestRaw } from './reading-conversion.ts';

const bits = (width: number) => fc.integer({ min: 0, max: 2 ** width - 1 });
const signed = (width: number) => fc.integer({ min: -(2 ** (width - 1)), max: 2 ** (width - 1) - 1 });
const anyFactors: fc.Arbitrary<ReadingFactors> = fc.record({
  m: signed(10),
  b: signed(10),
  bExponent: signed(4),
  resultExponent: signed(4),
  tolerance: bits(6),
  accuracy: bits(10),
  accuracyExponent: bits(2),
  direction: bits(2),
});

const plain = {
  m: 1,
  b: 0,
  bExponent: 0,
  resultExponent: 0,
  tolerance: 0,
  accuracy: 0,
  accuracyExponent: 0,
  direction: 0,
};

function conversion(change: Partial<Conversion['factors']> = {}, linearization = 0, analogFormat = 0): Conversion {
  return { analogFormat, linearization, factors: { ...plain, ...change } };
}

/** The specification's formula again, in whole numbers: the value as a fraction of powers of ten. */
function exactly(x: number, { m, b, bExponent, resultExponent }: Conversion['factors']): number {
  const scale = 16n;
  const shifted = BigInt(m) * BigInt(x) * 10n ** scale + BigInt(b) * 10n ** (scale + BigInt(bExponent));
  const power = BigInt(resultExponent) - scale;
  const digits = shifted.toString();
  return Number(`${digits}e${power}`);
}

describe('conversion of readings', () => {
  it('is the formula of the specification, for all factors', () => {
    fc.assert(
      fc.property(anyFactors, fc.nat(0xff), (factors, raw) => {
        const value = convertReading(raw, { analogFormat: 0, linearization: 0, factors }) ?? Number.NaN;
        const expected = exactly(raw, factors);
        expect(Math.abs(value - expected)).toBeLessThanOrEqual(Math.abs(expected) * 1e-11);
      }),
    );
  });

  it('knows signs: unsigned, one’s complement, two’s complement, none', () => {
    const all = (raw: number) => [0, 1, 2, 3].map((format) => convertReading(raw, conversion({}, 0, format)));
    expect(all(0x7f)).toEqual([127, 127, 127, undefined]);
    expect(all(0x80)).toEqual([128, -127, -128, undefined]);
    expect(all(0xfe)).toEqual([254, -1, -2, undefined]);
    expect(all(0xff)).toEqual([255, 0, -1, undefined]);
  });

  it('knows the twelve linearisations, and no others', () => {
    const all = Array.from({ length: 13 }, (_, index) => convertReading(8, conversion({}, index)));
    const expected = [8, 2.07944154168, 0.903089986992, 3, 2980.95798704, 1e8, 256, 0.125, 64, 512, 2.82842712475, 2];
    expect(all).toEqual([...expected, undefined]);
    expect(convertReading(0, conversion({}, 1))).toBeUndefined();
    expect(convertReading(0, conversion({}, 7))).toBeUndefined();
    expect(convertReading(8, conversion({ m: 3 }, 0x70))).toBe(24);
  });

  it('adds no digits that the sensor does not have', () => {
    expect(convertReading(122, conversion({ resultExponent: -2 }))).toBe(1.22);
    expect(convertReading(0xd7, conversion({ m: 55, b: 32, bExponent: 1, resultExponent: -3 }))).toBe(12.145);
  });

  it('finds the raw value of a value', () => {
    fc.assert(
      fc.property(fc.nat(0xff), fc.integer({ min: 1, max: 511 }), fc.nat(2), (raw, m, analogFormat) => {
        const scale = conversion({ m, b: 5, resultExponent: -2 }, 0, analogFormat);
        const value = convertReading(raw, scale) ?? Number.NaN;
        expect(convertReading(nearestRaw(value, scale) ?? -1, scale)).toBe(value);
      }),
    );
    expect(nearestRaw(4711, conversion({ m: 100 }))).toBe(47);
    expect(nearestRaw(0.26, conversion({}, 7))).toBe(4);
    expect(nearestRaw(1, conversion({}, 0, 3))).toBeUndefined();
  });

  it('converts widths without the offset', () => {
    expect(convertWidth(1, conversion({ m: 120, b: 7 }))).toBe(120);
    expect(convertWidth(2, conversion({ m: -5, resultExponent: -1 }))).toBe(1);
    expect(convertWidth(2, conversion({}, 7))).toBeUndefined();
  });
});
