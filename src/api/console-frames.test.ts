import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ConsoleFrame,
  ConsoleProtocolError,
  consoleDataFrames,
  createConsoleFrameReader,
  encodeConsoleFrame,
  longestConsolePayload,
} from './console-frames.ts';
import type { Problem } from './schemas.ts';

const problem: fc.Arbitrary<Problem> = fc.record({
  type: fc.string(),
  title: fc.string(),
  status: fc.integer({ min: 400, max: 599 }),
  detail: fc.string({ unit: 'grapheme' }),
  code: fc.string(),
  remedy: fc.string(),
  instance: fc.string(),
});

const frame: fc.Arbitrary<ConsoleFrame> = fc.oneof(
  fc
    .uint8Array({ minLength: 1, maxLength: 300 })
    .map((bytes) => ({ type: 'data' as const, bytes: Buffer.from(bytes) })),
  fc.constantFrom<ConsoleFrame[]>({ type: 'break' }, { type: 'end' }, { type: 'close' }),
  fc
    .constantFrom('overrun', 'break', 'unavailable', 'available')
    .map((notice) => ({ type: 'notice', notice }) as const),
  problem.map((told) => ({ type: 'error' as const, problem: told })),
  fc.integer({ min: 0, max: 0xffff_ffff }).map((count) => ({ type: 'taken' as const, count })),
);

/** The bytes cut at these places, in order. */
function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const at = [...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  return at.map((end, index) => bytes.subarray(at[index - 1] ?? 0, end));
}

describe('frames', () => {
  it('come out as they went in, wherever the stream is cut', () => {
    const places = fc.array(fc.nat({ max: 5000 }), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), places, (frames, cuts) => {
        const read = createConsoleFrameReader();
        const bytes = Buffer.concat(frames.map(encodeConsoleFrame));
        expect(cutAt(bytes, cuts).flatMap(read)).toEqual(frames);
      }),
    );
  });

  it('are type, length and payload on the wire', () => {
    const wire = (one: ConsoleFrame): string => encodeConsoleFrame(one).toString('hex');
    expect(wire({ type: 'data', bytes: Buffer.from('ls\r') })).toBe('0100036c730d');
    expect(wire({ type: 'break' })).toBe('020000');
    expect(wire({ type: 'notice', notice: 'break' })).toBe('030005627265616b');
    expect(wire({ type: 'end' })).toBe('050000');
    expect(wire({ type: 'close' })).toBe('060000');
    expect(wire({ type: 'taken', count: 65_536 })).toBe('07000400010000');
  });

  it('of data carry any number of characters', () => {
    fc.assert(
      fc.property(fc.nat({ max: 100_000 }), (length) => {
        const characters = Buffer.alloc(length, 'x');
        const frames = consoleDataFrames(characters);
        expect(Math.max(0, ...frames.map((one) => one.length))).toBeLessThanOrEqual(longestConsolePayload + 3);
        const read = frames.flatMap(createConsoleFrameReader());
        const carried = read.flatMap((one) => (one.type === 'data' ? [one.bytes] : []));
        expect(Buffer.concat(carried)).toEqual(characters);
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ['one byte more than the longest', Buffer.from([1, 0x40, 0x01])],
    ['the longest length that can be written', Buffer.from([4, 0xff, 0xff])],
    ['no characters', Buffer.from([1, 0, 0])],
    ['a break with a payload', Buffer.from([2, 0, 1, 0])],
    ['the type 0', Buffer.from([0, 0, 0])],
    ['a type that is not known', Buffer.from([8, 0, 0])],
    ['a notice that is not known', Buffer.from([3, 0, 2, 0x68, 0x69])],
    ['an error that is no JSON', Buffer.from([4, 0, 2, 0x7b, 0x7b])],
    ['an error that is no problem', Buffer.from([4, 0, 2, 0x7b, 0x7d])],
  ])('are refused with %s, as soon as that is known', (_, bytes) => {
    expect(() => createConsoleFrameReader()(bytes)).toThrow(ConsoleProtocolError);
  });

  it('made of anything are read or refused, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), (chunks) => {
        const read = createConsoleFrameReader();
        try {
          for (const chunk of chunks) read(chunk);
        } catch (error) {
          expect(error).toBeInstanceOf(ConsoleProtocolError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('tell a problem that is too long by its code and remedy', () => {
    const long = { detail: 'x'.repeat(50_000), errors: [{ field: 'f', detail: 'y' }] };
    const told = { type: 't', title: 't', status: 409, code: 'conflict', remedy: 'Wait.', instance: 'i' };
    const [read] = createConsoleFrameReader()(encodeConsoleFrame({ type: 'error', problem: { ...told, ...long } }));
    expect(read).toEqual({ type: 'error', problem: { ...told, detail: 'x'.repeat(1000) } });
  });
});
