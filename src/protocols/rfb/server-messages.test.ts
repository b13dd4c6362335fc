import { describe, expect, it } from 'vitest';
import { driveExchange } from '../testing/drive-exchange.ts';
import {
  anyRectangle,
  copyRectangle,
  createZrleEncoder,
  desktopSize,
  rawRectangle,
  update,
} from '../testing/rfb-server.ts';
import {
  createServerStream,
  type PixelFormat,
  readServerMessage,
  RfbDecodeError,
  rgbOf,
  type ServerStream,
  trueColour32,
} from './index.ts';

const area = (x: number, y: number, width: number, height: number) => ({ x, y, width, height });

function read(stream: ServerStream, bytes: Buffer) {
  const done = driveExchange(readServerMessage(stream), bytes);
  if (done === undefined) throw new Error('the message wants more bytes');
  expect(done.taken).toBe(bytes.length);
  return done.value;
}

const streamOf = (width: number, height: number): ServerStream => createServerStream(trueColour32, { width, height });
const pixels = (stream: ServerStream): number[] => [...stream.framebuffer.pixels];

describe('rectangles', () => {
  it('paints raw pixels where they belong', () => {
    const stream = streamOf(3, 2);
    const message = read(stream, update(rawRectangle(area(1, 0, 2, 2), [0x010203, 0xff0000, 0x00ff00, 0x0000ff])));
    expect(message).toEqual({ kind: 'update', rectangles: [{ ...area(1, 0, 2, 2), encoding: 0 }] });
    expect(pixels(stream)).toEqual([0, 0x010203, 0xff0000, 0, 0x00ff00, 0x0000ff]);
    expect([...rgbOf(stream.framebuffer).subarray(0, 6)]).toEqual([0, 0, 0, 1, 2, 3]);
  });

  it.each([
    ['down and right', area(1, 1, 2, 2), [0, 0], [1, 2, 3, 4, 1, 2, 7, 4, 5]],
    ['up and left', area(0, 0, 2, 2), [1, 1], [5, 6, 3, 8, 9, 6, 7, 8, 9]],
    ['right', area(1, 0, 2, 3), [0, 0], [1, 1, 2, 4, 4, 5, 7, 7, 8]],
  ] as const)('copies onto itself: %s', (_, to, [x, y], expected) => {
    const stream = streamOf(3, 3);
    read(stream, update(rawRectangle(area(0, 0, 3, 3), [1, 2, 3, 4, 5, 6, 7, 8, 9]), copyRectangle(to, x, y)));
    expect(pixels(stream)).toEqual(expected);
  });

  it('takes a new size', () => {
    const stream = streamOf(3, 3);
    read(stream, update(desktopSize(2, 1), rawRectangle(area(0, 0, 2, 1), [7, 8])));
    expect(stream.framebuffer).toMatchObject({ width: 2, height: 1 });
    expect(pixels(stream)).toEqual([7, 8]);
  });

  it('skips a cursor', () => {
    const stream = streamOf(1, 1);
    // 12×2 pixels of four bytes and two rows of two bytes of mask, hotspot beyond the screen.
    read(stream, update(anyRectangle(area(5, 5, 12, 2), -239, Buffer.alloc(100)), rawRectangle(area(0, 0, 1, 1), [9])));
    expect(pixels(stream)).toEqual([9]);
  });

  it.each([
    ['raw outside', update(rawRectangle(area(1, 0, 3, 1), [1, 2, 3]))],
    ['a copy to outside', update(copyRectangle(area(0, 3, 1, 1), 0, 0))],
    ['a copy from outside', update(copyRectangle(area(0, 0, 2, 2), 2, 0))],
    ['a size too large', update(desktopSize(9000, 1))],
    ['an encoding not asked for', update(anyRectangle(area(0, 0, 1, 1), 5, Buffer.alloc(4)))],
    ['more deflated bytes than pixels need', update(anyRectangle(area(0, 0, 1, 1), 16, Buffer.of(0x7f, 0, 0, 0)))],
    ['an unknown message', Buffer.of(200)],
    ['cut text of a gigabyte', Buffer.of(3, 0, 0, 0, 0x40, 0, 0, 0)],
  ])('refuses %s', (_, bytes) => {
    expect(() => driveExchange(readServerMessage(streamOf(3, 3)), bytes)).toThrow(RfbDecodeError);
  });

  it('refuses to paint the same pixels for ever', () => {
    const stream = streamOf(4096, 4096);
    const copies = update(...Array.from({ length: 5 }, () => copyRectangle(area(0, 0, 4096, 4096), 0, 0)));
    expect(() => driveExchange(readServerMessage(stream), copies)).toThrow(/far more pixels/);
  });

  it('refuses to make room for ever', () => {
    const sizes = update(...Array.from({ length: 5 }, () => desktopSize(4096, 4096)));
    expect(() => driveExchange(readServerMessage(streamOf(1, 1)), sizes)).toThrow(/far more pixels/);
  });
});

describe('other messages', () => {
  it('are read past', () => {
    const stream = streamOf(1, 1);
    expect(read(stream, Buffer.of(2))).toEqual({ kind: 'bell' });
    expect(read(stream, Buffer.concat([Buffer.of(3, 0, 0, 0, 0, 0, 0x20, 0), Buffer.alloc(0x2000, 'x')]))).toEqual({
      kind: 'cut-text',
    });
  });

  it('set colours for pixels without true colour', () => {
    const mapped: PixelFormat = { ...trueColour32, bitsPerPixel: 8, depth: 8, trueColour: false };
    const stream = createServerStream(mapped, { width: 3, height: 1 });
    read(stream, Buffer.of(1, 0, 0, 1, 0, 2, 0xff, 0, 0x80, 0, 0, 0, 1, 0, 2, 0, 3, 0));
    read(stream, update(anyRectangle(area(0, 0, 3, 1), 0, Buffer.of(1, 2, 3))));
    expect(pixels(stream)).toEqual([0xff8000, 0x010203, 0]);
  });
});

describe('pixel formats', () => {
  const channel = (max: number, shift: number) => ({ max, shift });
  const rgb565 = { red: channel(31, 11), green: channel(63, 5), blue: channel(31, 0) };
  const rgb888 = { red: channel(255, 16), green: channel(255, 8), blue: channel(255, 0) };
  const highest = { red: channel(255, 24), green: channel(255, 16), blue: channel(255, 8) };
  it.each<[string, PixelFormat, number[]]>([
    ['16 bits 5:6:5', { ...trueColour32, bitsPerPixel: 16, depth: 16, ...rgb565 }, [0x00, 0xfc]],
    ['16 bits, big-endian', { ...trueColour32, bitsPerPixel: 16, depth: 16, bigEndian: true, ...rgb565 }, [0xfc, 0x00]],
    ['32 bits, big-endian', { ...trueColour32, bigEndian: true, ...rgb888 }, [9, 0xff, 0x82, 0]],
    ['32 bits, colours in the high bytes', { ...trueColour32, ...highest }, [9, 0, 0x82, 0xff]],
    [
      '32 bits, colours in the high bytes, big-endian',
      { ...trueColour32, bigEndian: true, ...highest },
      [0xff, 0x82, 0, 9],
    ],
  ])('%s', (_, format, bytes) => {
    const stream = createServerStream(format, { width: 1, height: 1 });
    read(stream, update(anyRectangle(area(0, 0, 1, 1), 0, Buffer.from(bytes))));
    expect(pixels(stream).map((pixel) => pixel.toString(16))).toEqual(['ff8200']);
    // A CPIXEL is the same without the byte that holds no colour.
    if (format.bitsPerPixel === 32) {
      const three = bytes.filter((byte) => byte !== 9);
      expect(stream.compressedPixel.size).toBe(3);
      expect(stream.compressedPixel.read(Uint8Array.from(three), 0).toString(16)).toBe('ff8200');
    } else {
      expect(stream.compressedPixel.size).toBe(2);
    }
  });
});

describe('ZRLE', () => {
  const paint = async (tiles: number[], width = 3, height = 1): Promise<string[]> => {
    const stream = streamOf(width, height);
    read(stream, update(await createZrleEncoder().rectangle(area(0, 0, width, height), Buffer.from(tiles))));
    return pixels(stream).map((pixel) => pixel.toString(16));
  };

  it('reads each kind of tile, as the standard draws it', async () => {
    expect(await paint([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])).toEqual(['30201', '60504', '90807']);
    expect(await paint([1, 0xff, 0, 0])).toEqual(['ff', 'ff', 'ff']);
    expect(await paint([2, 1, 0, 0, 2, 0, 0, 0b0110_0000])).toEqual(['1', '2', '2']);
    expect(await paint([3, 1, 0, 0, 2, 0, 0, 3, 0, 0, 0b1001_0000])).toEqual(['3', '2', '1']);
    expect(await paint([5, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0, 5, 0, 0, 0x43, 0x00])).toEqual(['5', '4', '1']);
    expect(await paint([128, 1, 0, 0, 1, 2, 0, 0, 0])).toEqual(['1', '1', '2']);
    expect(await paint([130, 1, 0, 0, 2, 0, 0, 129, 1, 0])).toEqual(['2', '2', '1']);
    expect(await paint([128, 7, 0, 0, 255, 44], 60, 5)).toEqual(Array.from({ length: 300 }, () => '7'));
  });

  it.each([
    ['no tile', []],
    ['a tile cut short', [0, 1, 2, 3, 4]],
    ['more than the tiles', [1, 0, 0, 0, 9]],
    ['an unknown tile', [17]],
    ['another unknown tile', [129]],
    ['a colour outside the palette', [3, 1, 0, 0, 2, 0, 0, 3, 0, 0, 0b1111_0000]],
    ['a run colour outside the palette', [130, 1, 0, 0, 2, 0, 0, 5, 0, 0]],
    ['a run longer than its tile', [128, 1, 0, 0, 3]],
    ['a run without end', [128, 1, 0, 0, 255, 255, 255]],
  ])('refuses %s', async (_, tiles) => {
    await expect(paint(tiles)).rejects.toThrow(RfbDecodeError);
  });

  it.each([
    ['no zlib header', Buffer.of(0, 0, 0, 6, 0x12, 0x34, 0, 0, 0xff, 0xff)],
    ['a piece without flush', Buffer.of(0, 0, 0, 4, 0x78, 0x9c, 0x01, 0x00)],
    ['broken deflate', Buffer.of(0, 0, 0, 8, 0x78, 0x9c, 0xff, 0xff, 0, 0, 0xff, 0xff)],
    ['nothing at all', Buffer.of(0, 0, 0, 0)],
  ])('refuses %s', (_, body) => {
    expect(() =>
      driveExchange(readServerMessage(streamOf(3, 1)), update(anyRectangle(area(0, 0, 3, 1), 16, body))),
    ).toThrow(RfbDecodeError);
  });

  it('does not inflate more than the area can need', async () => {
    const bomb = await createZrleEncoder().rectangle(area(0, 0, 64, 64), Buffer.alloc(50_000_000));
    expect(bomb.length).toBeGreaterThan(1000);
    expect(() => driveExchange(readServerMessage(streamOf(64, 64)), update(bomb))).toThrow(RfbDecodeError);
  });
});
