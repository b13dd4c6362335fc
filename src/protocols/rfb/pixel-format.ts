/**
 * The pixel format (RFC 6143 §7.4), 16 bytes:
 *
 * | at | bytes | field                                        |
 * | -- | ----- | -------------------------------------------- |
 * | 0  | 1     | bits per pixel: 8, 16 or 32                  |
 * | 1  | 1     | depth                                        |
 * | 2  | 1     | big-endian flag                              |
 * | 3  | 1     | true-colour flag                             |
 * | 4  | 2 × 3 | greatest value of red, green, blue           |
 * | 10 | 1 × 3 | bits to shift right to get red, green, blue  |
 * | 13 | 3     | padding                                      |
 */
import { RfbDecodeError } from './decode-error.ts';

export interface ColourChannel {
  max: number;
  shift: number;
}

export interface PixelFormat {
  bitsPerPixel: 8 | 16 | 32;
  depth: number;
  bigEndian: boolean;
  trueColour: boolean;
  red: ColourChannel;
  green: ColourChannel;
  blue: ColourChannel;
}

export const pixelFormatLength = 16;

/** What this client asks for: eight bits of each colour in 32, the format most servers have anyway. */
export const trueColour32: PixelFormat = {
  bitsPerPixel: 32,
  depth: 24,
  bigEndian: false,
  trueColour: true,
  red: { max: 255, shift: 16 },
  green: { max: 255, shift: 8 },
  blue: { max: 255, shift: 0 },
};

export function encodePixelFormat(format: PixelFormat): Buffer {
  const bytes = Buffer.alloc(pixelFormatLength);
  bytes[0] = format.bitsPerPixel;
  bytes[1] = format.depth;
  bytes[2] = format.bigEndian ? 1 : 0;
  bytes[3] = format.trueColour ? 1 : 0;
  [format.red, format.green, format.blue].forEach((channel, index) => {
    bytes.writeUInt16BE(channel.max, 4 + index * 2);
    bytes[10 + index] = channel.shift;
  });
  return bytes;
}

export function decodePixelFormat(bytes: Buffer): PixelFormat {
  if (bytes.length < pixelFormatLength) throw new RfbDecodeError('pixel format', 'cut short');
  const bitsPerPixel = bytes.readUInt8(0);
  if (bitsPerPixel !== 8 && bitsPerPixel !== 16 && bitsPerPixel !== 32) {
    throw new RfbDecodeError('pixel format', `${bitsPerPixel} bits per pixel`);
  }
  const channel = (index: number): ColourChannel => ({
    max: bytes.readUInt16BE(4 + index * 2),
    shift: bytes.readUInt8(10 + index),
  });
  return {
    bitsPerPixel,
    depth: bytes.readUInt8(1),
    bigEndian: bytes.readUInt8(2) !== 0,
    trueColour: bytes.readUInt8(3) !== 0,
    red: channel(0),
    green: channel(1),
    blue: channel(2),
  };
}

/** Reads one pixel of `size` bytes as 0xRRGGBB. */
export interface PixelReader {
  size: number;
  read(bytes: Uint8Array, at: number): number;
}

/** A PIXEL of this format. Without true colour the values are looked up in `colourMap`. */
export function pixelReader(format: PixelFormat, colourMap: Uint32Array): PixelReader {
  const size = format.bitsPerPixel / 8;
  const colour = colourOf(format, colourMap);
  const value = valueReader(size, format.bigEndian);
  return { size, read: (bytes, at) => colour(value(bytes, at)) };
}

/** A CPIXEL (§7.7.5): a PIXEL without the byte that holds no colour, where there is one. */
export function compressedPixelReader(format: PixelFormat, colourMap: Uint32Array): PixelReader {
  const colour = colourOf(format, colourMap);
  const used = [format.red, format.green, format.blue].reduce((mask, { max, shift }) => mask | (max << shift), 0) >>> 0;
  const inThreeBytes = used <= 0xffffff || (used & 0xff) === 0;
  if (format.bitsPerPixel !== 32 || !format.trueColour || format.depth > 24 || !inThreeBytes) {
    return pixelReader(format, colourMap);
  }
  const value = valueReader(3, format.bigEndian);
  const lift = used <= 0xffffff ? 0 : 8;
  return { size: 3, read: (bytes, at) => colour((value(bytes, at) << lift) >>> 0) };
}

function valueReader(size: number, bigEndian: boolean): (bytes: Uint8Array, at: number) => number {
  const shifts = Array.from({ length: 4 }, (_, index) => (bigEndian ? size - 1 - index : index) * 8);
  const [first = 0, second = 0, third = 0, fourth = 0] = shifts;
  const byte = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;
  if (size === 1) return byte;
  if (size === 2) return (bytes, at) => (byte(bytes, at) << first) | (byte(bytes, at + 1) << second);
  const three = (bytes: Uint8Array, at: number): number =>
    (byte(bytes, at) << first) | (byte(bytes, at + 1) << second) | (byte(bytes, at + 2) << third);
  if (size === 3) return three;
  return (bytes, at) => (three(bytes, at) | (byte(bytes, at + 3) << fourth)) >>> 0;
}

function colourOf(format: PixelFormat, colourMap: Uint32Array): (value: number) => number {
  if (!format.trueColour) return (value) => colourMap[value] ?? 0;
  const { red, green, blue } = format;
  if (red.max === 255 && green.max === 255 && blue.max === 255) {
    return (value) =>
      (((value >>> red.shift) & 255) << 16) | (((value >>> green.shift) & 255) << 8) | ((value >>> blue.shift) & 255);
  }
  const scaled = ({ max, shift }: ColourChannel, value: number): number =>
    max === 0 ? 0 : Math.min(255, Math.round((((value >>> shift) & max) * 255) / max));
  return (value) => (scaled(red, value) << 16) | (scaled(green, value) << 8) | scaled(blue, value);
}
