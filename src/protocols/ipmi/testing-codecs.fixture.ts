/** What every codec must hold: what was encoded decodes to itself, and no bytes make a decoder fail otherwise than by IpmiDecodeError. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { IpmiDecodeError } from './decode-error.ts';

export const anyByte = fc.integer({ min: 0, max: 0xff });
export const anyNibble = fc.integer({ min: 0, max: 0x0f });
export const anyUint16 = fc.integer({ min: 0, max: 0xffff });
export const anyUint24 = fc.integer({ min: 0, max: 0xff_ffff });
export const anyUint32 = fc.integer({ min: 0, max: 0xffff_ffff });
export const someBytes = (most: number, least = 0) =>
  fc.uint8Array({ minLength: least, maxLength: most }).map((bytes) => Buffer.from(bytes));

export function describesCodec<Value>(
  name: string,
  values: fc.Arbitrary<Value>,
  encode: (value: Value) => Uint8Array,
  decode: (encoded: Uint8Array) => unknown,
): void {
  it(`${name}: decodes what it encodes`, () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(encode(value))).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });
  it(`${name}: any bytes decode, or throw IpmiDecodeError`, () => {
    fc.assert(
      fc.property(mutated(values.map(encode)), (bytes) => onlyDecodeErrors(() => decode(bytes))),
      { numRuns: 1000 },
    );
  });
}

/** True bytes with some changed, cut short or prolonged, which reach deeper than random ones; and random ones. */
export function mutated(truth: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const damage = fc.tuple(
    truth,
    fc.nat(400),
    fc.array(fc.tuple(fc.nat(300), anyByte), { maxLength: 6 }),
    someBytes(20),
  );
  const damaged = damage.map(([bytes, length, changes, more]) => {
    const copy = Buffer.concat([bytes.subarray(0, length), more]);
    for (const [index, replacement] of changes) if (index < copy.length) copy[index] = replacement;
    return copy;
  });
  return fc.oneof(damaged, someBytes(100));
}

export function onlyDecodeErrors(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    expect(error).toBeInstanceOf(IpmiDecodeError);
  }
}
