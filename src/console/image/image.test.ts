import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AthanorError } from '../../errors/index.ts';
import type { Frame } from '../frame.ts';
import { decodeImage } from './decode-image.ts';
import { encodePng } from './encode-png.ts';
import { pngFile } from './png-file.ts';

function header(width: number, height: number, depth: number, colourType: number, interlace = 0): Buffer {
  const content = Buffer.alloc(13);
  content.writeUInt32BE(width, 0);
  content.writeUInt32BE(height, 4);
  content.set([depth, colourType, 0, 0, interlace], 8);
  return content;
}

type Chunk = [type: string, content: Uint8Array];
const png = (head: Buffer, rows: readonly number[], extra: Chunk[] = []): Buffer =>
  pngFile([['IHDR', head], ...extra, ['IDAT', deflateSync(Uint8Array.from(rows))], ['IEND', new Uint8Array(0)]]);

const frames = fc
  .record({ width: fc.integer({ min: 1, max: 20 }), height: fc.integer({ min: 1, max: 20 }) })
  .chain(({ width, height }) =>
    fc.record({
      width: fc.constant(width),
      height: fc.constant(height),
      rgb: fc.uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 }),
    }),
  );

/** Every outcome but a frame as large as it says, or a typed refusal, is a failure. */
function decodesOrRefuses(bytes: Uint8Array): Frame | undefined {
  try {
    const frame = decodeImage(bytes);
    expect(frame.rgb.length).toBe(frame.width * frame.height * 3);
    return frame;
  } catch (error) {
    expect(error).toBeInstanceOf(AthanorError);
    expect(error).toHaveProperty('code', 'invalid-input');
    return undefined;
  }
}

describe('PNG', () => {
  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(decodeImage(encodePng(frame))).toEqual(frame);
      }),
    );
  });

  it.each([
    ['1-bit grey', png(header(3, 2, 1, 0), [0, 0b101_00000, 0, 0b010_00000]), [255, 0, 255, 0, 255, 0]],
    ['16-bit grey', png(header(2, 1, 16, 0), [0, 0x80, 0x80, 0xff, 0xff]), [128, 255]],
    ['grey with alpha', png(header(2, 1, 8, 4), [0, 7, 255, 9, 0]), [7, 9]],
  ])('reads %s', (_, bytes, grey) => {
    expect([...decodeImage(bytes).rgb]).toEqual(grey.flatMap((value) => [value, value, value]));
  });

  it.each([
    ['a palette of 4 bits', png(header(3, 1, 4, 3), [0, 0x10, 0x10], [['PLTE', Uint8Array.of(1, 2, 3, 4, 5, 6)]])],
    ['true colour with alpha', png(header(3, 1, 8, 6), [0, 4, 5, 6, 9, 1, 2, 3, 0, 4, 5, 6, 255])],
    ['16-bit true colour', png(header(3, 1, 16, 2), [0, 4, 4, 5, 5, 6, 6, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6])],
    ['a filter of the left pixel', png(header(3, 1, 8, 2), [1, 4, 5, 6, 253, 253, 253, 3, 3, 3])],
    ['interlaced', png(header(3, 1, 8, 2, 1), [0, 4, 5, 6, 0, 4, 5, 6, 0, 1, 2, 3])],
  ])('reads %s', (_, bytes) => {
    expect([...decodeImage(bytes).rgb]).toEqual([4, 5, 6, 1, 2, 3, 4, 5, 6]);
  });

  const zeros = deflateSync(new Uint8Array(200_000_000));
  it.each([
    ['says that it is too wide', png(header(8193, 1, 8, 2), [])],
    ['says that it has too many pixels', png(header(8192, 8192, 8, 2), [])],
    ['has no size', png(header(0, 1, 8, 2), [])],
    ['has fewer pixels than it says', png(header(8192, 4096, 8, 2), [0, 1, 2, 3])],
    [
      'has more pixels than it says',
      pngFile([
        ['IHDR', header(2, 2, 8, 2)],
        ['IDAT', zeros],
      ]),
    ],
    ['has no palette', png(header(1, 1, 8, 3), [0, 0])],
    ['has a colour outside its palette', png(header(1, 1, 8, 3), [0, 7], [['PLTE', Uint8Array.of(1, 2, 3)]])],
    ['has an unknown filter', png(header(1, 1, 8, 2), [9, 1, 2, 3])],
    ['has an unknown kind of pixels', png(header(1, 1, 3, 5), [0, 0])],
    ['has no pixels', pngFile([['IHDR', header(1, 1, 8, 2)]])],
    [
      'begins with its pixels',
      pngFile([
        ['IDAT', zeros],
        ['IHDR', header(1, 1, 8, 2)],
      ]),
    ],
    ['has a wrong checksum', encodePng({ width: 1, height: 1, rgb: Uint8Array.of(1, 2, 3) }).with(45, 0)],
    ['is cut off', encodePng({ width: 1, height: 1, rgb: Uint8Array.of(1, 2, 3) }).subarray(0, 50)],
  ])('is refused when it %s', (_, bytes) => {
    const before = process.memoryUsage().arrayBuffers;
    expect(decodesOrRefuses(bytes)).toBeUndefined();
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 2 ** 20);
  });

  it('is refused when its pixels would unpack to too many bytes, before they are', () => {
    expect(() => decodeImage(png(header(8192, 4096, 16, 6), []))).toThrow('would unpack to 268439552 bytes');
  });

  it('unpacks no chunk but the pixels', () => {
    const bomb: Chunk[] = [
      ['iCCP', Buffer.concat([Buffer.from('x\0\0'), zeros])],
      ['zTXt', zeros],
    ];
    expect(decodeImage(png(header(1, 1, 8, 2), [0, 1, 2, 3], bomb)).rgb).toEqual(Uint8Array.of(1, 2, 3));
  });
});

describe('PPM', () => {
  const ppm = (head: string, ...pixels: number[]): Uint8Array =>
    Buffer.concat([Buffer.from(head), Uint8Array.from(pixels)]);

  it.each([
    ['as QEMU writes it', ppm('P6\n2 1\n255\n', 1, 2, 3, 4, 5, 6), [1, 2, 3, 4, 5, 6]],
    ['with a comment', ppm('P6 # by hand\n# twice\n1\t1 255 ', 10, 32, 35), [10, 32, 35]],
    ['of another greatest value', ppm('P6 1 1 15\n', 0, 3, 15), [0, 51, 255]],
    ['of two bytes', ppm('P6 1 1 65535\n', 0, 0, 0x80, 0x80, 0xff, 0xff), [0, 128, 255]],
  ])('is read %s', (_, bytes, rgb) => {
    expect([...decodeImage(bytes).rgb]).toEqual(rgb);
  });

  it.each([
    'P6',
    'P6\n',
    'P6 1 1',
    'P6 1 1 255',
    'P6 1 1 0\nabc',
    'P6 9999 9999 255\n',
    'P6 99999999999 1 255\n',
    'P6 x',
  ])('%j is refused', (head) => expect(decodesOrRefuses(ppm(head))).toBeUndefined());
});

describe('any bytes', () => {
  const start = fc.constantFrom('', 'P6 ', 'P6\n3 2\n255\n', '\x89PNG\r\n\x1a\n', '\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR');
  it('are a picture or are refused', () => {
    const bytes = fc
      .tuple(start, fc.uint8Array({ maxLength: 300 }))
      .map(([head, rest]) => Buffer.concat([Buffer.from(head, 'latin1'), rest]));
    fc.assert(
      fc.property(bytes, (any) => void decodesOrRefuses(any)),
      { numRuns: 500 },
    );
  });

  it('of a damaged picture are a picture or are refused', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(frames, changes, (frame, damage) => {
        const bytes = encodePng(frame);
        for (const [at, value] of damage) bytes[at % bytes.length] = value;
        decodesOrRefuses(bytes);
      }),
      { numRuns: 300 },
    );
  });

  it('with right checksums are a picture or are refused', () => {
    const chunk = fc.tuple(
      fc.constantFrom('IHDR', 'PLTE', 'IDAT', 'tRNS', 'IEND'),
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ maxLength: 40 }).map((data) => deflateSync(data)),
      ),
    );
    const head = fc
      .tuple(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom(1, 2, 4, 8, 16),
        fc.nat(6),
        fc.nat(1),
      )
      .map((values): Chunk => ['IHDR', header(...values)]);
    fc.assert(
      fc.property(
        head,
        fc.array(chunk, { maxLength: 4 }),
        (first, rest) => void decodesOrRefuses(pngFile([first, ...rest])),
      ),
      { numRuns: 1000 },
    );
  });
});
