import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TypedPart } from './serial-escape.ts';
import { createEscapeReader, nameOfEscapeKey, parseEscapeKey } from './serial-escape.ts';

const key = 0x1d;

/** The parts as one text: characters as they are, the rest in brackets. */
function shown(parts: readonly TypedPart[]): string {
  return parts
    .map((part) => (part.kind === 'characters' ? Buffer.from(part.bytes).toString('latin1') : `<${part.kind}>`))
    .join('');
}

describe('the escape key', () => {
  it('is written as a key with Ctrl', () => {
    expect([parseEscapeKey('^]'), parseEscapeKey('^O'), parseEscapeKey('^o'), parseEscapeKey('^_')]).toEqual([
      0x1d, 0x0f, 0x0f, 0x1f,
    ]);
    expect(nameOfEscapeKey(0x1d)).toBe('Ctrl-]');
  });

  it.each(['', ']', '^', 'x', '^1', '~.', '^]]'])('is not %j', (text) => {
    expect(() => parseEscapeKey(text)).toThrow('escape key');
  });

  it.each([
    ['ab\u001d.c', 'ab<quit>c'],
    ['\u001dq', '<quit>'],
    ['\u001d\u0011', '<quit>'],
    ['\u001db\u001dB', '<break><break>'],
    ['\u001d?', '<help>'],
    ['\u001d\u001d', '\u001d'],
    ['\u001dx', '<unknown>'],
    ['q.b?', 'q.b?'],
  ])('in %j reads %j', (typed, expected) => {
    expect(shown(createEscapeReader(key)(Buffer.from(typed, 'latin1')))).toBe(expected);
  });

  it('reads the same however the input is cut', () => {
    const byte = fc.oneof(fc.constantFrom(key, 0x2e, 0x62, 0x3f, 0x71), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(byte), fc.array(fc.nat(20)), (typed, cuts) => {
        const bytes = Uint8Array.from(typed);
        const whole = shown(createEscapeReader(key)(bytes));
        const read = createEscapeReader(key);
        const ends = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
        const pieces = ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
        expect(shown(pieces.flatMap(read))).toBe(whole);
      }),
    );
  });

  it('leaves bytes of UTF-8 alone', () => {
    const text = 'äöü€😀';
    const [part] = createEscapeReader(key)(Buffer.from(text));
    expect(part?.kind === 'characters' && Buffer.from(part.bytes).toString()).toBe(text);
  });
});
