import { describe, expect, it } from 'vitest';
import { encodePsf2, findFont, unpackKernel } from './glyphs.ts';
import { decodeLz4Legacy } from './lz4-legacy.ts';

const magic = [0x02, 0x21, 0x4c, 0x18];
const frame = (...blocks: number[][]): Buffer =>
  Buffer.from([...magic, ...blocks.flatMap((block) => [block.length, 0, 0, 0, ...block])]);
/** Two literals, then a match of 6 at distance 2 that repeats what it writes, then one literal. */
const block = [0x22, 0x61, 0x62, 0x02, 0x00, 0x10, 0x63];

describe('a legacy LZ4 frame', () => {
  it('is unpacked, matches that overlap themselves included', () => {
    expect(decodeLz4Legacy(frame(block, block), 100).toString()).toBe('ababababcababababc');
  });

  it('has lengths of more than a nibble', () => {
    const long = [0xf0, 255, 30, ...Array.from({ length: 300 }, () => 0x78)];
    const head = Buffer.from([...magic, long.length & 0xff, long.length >> 8, 0, 0, ...long]);
    expect(decodeLz4Legacy(head, 1000).toString()).toBe('x'.repeat(300));
  });

  it.each([
    ['a match before the start', [0x12, 0x61, 0x05, 0x00]],
    ['a match of distance 0', [0x12, 0x61, 0x00, 0x00]],
    ['more literals than there are', [0x50, 0x61]],
    ['a length without an end', [0xf0, 255, 255]],
    ['an offset cut off', [0x12, 0x61, 0x01]],
  ])('is refused with %s', (_, wrong) => {
    expect(() => decodeLz4Legacy(frame(wrong), 100)).toThrow();
  });

  it('unpacks to no more than was allowed, and is nothing else', () => {
    expect(() => decodeLz4Legacy(frame(block), 8)).toThrow('leave the block');
    expect(() => decodeLz4Legacy(Buffer.from('not packed'), 100)).toThrow('not a legacy LZ4 frame');
  });
});

describe('a font', () => {
  const letterA = Buffer.from('000010386cc6c6fec6c6c6c600000000', 'hex');
  const font = Buffer.alloc(4096, 0x11);
  font.fill(0, 0x20 * 16, 0x21 * 16);
  font.fill(0xff, 0xdb * 16, 0xdc * 16);
  letterA.copy(font, 65 * 16);

  it('is found by its letter A, where a whole one surrounds it', () => {
    const other = Buffer.alloc(6000, 7); // an A alone, as a smaller set of glyphs has it
    letterA.copy(other, 3000);
    expect(findFont(Buffer.concat([letterA, other, font, other])).equals(font)).toBe(true);
    expect(() => findFont(other)).toThrow('no 8x16 font');
    expect(encodePsf2(font)).toHaveLength(4128);
  });

  it('is looked for in a kernel only', () => {
    expect(() => unpackKernel(Buffer.alloc(4096))).toThrow('no bzImage');
  });
});
