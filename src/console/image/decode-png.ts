/**
 * PNG (W3C's Portable Network Graphics, third edition). The chunks are taken apart and the pixels inflated here, within
 * bounds known from the header; fast-png then gets a file made of the four chunks that matter. It would inflate without a
 * bound, and colour profiles too.
 */
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { type DecodedPng, decode } from 'fast-png';
import type { Frame } from '../frame.ts';
import { checkBytes, checkSize, malformed, mostUnpackedBytes } from './limits.ts';
import { pngFile, pngSignature } from './png-file.ts';

const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const depthsOf: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};
/** First column and row, and steps between columns and rows, of Adam7's seven passes (section 8.1). */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

export const isPng = (bytes: Uint8Array): boolean => pngSignature.every((byte, index) => bytes[index] === byte);

/** IHDR (section 11.2.1): width 4, height 4, depth 1, colour type 1, compression 1, filter 1, interlace 1. */
interface Header {
  width: number;
  height: number;
  depth: number;
  colourType: number;
  isInterlaced: boolean;
}

export function decodePng(bytes: Uint8Array): Frame {
  checkBytes(bytes.length);
  const { header: headerChunk, palette, pixels } = chunksOf(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  const header = parseHeader(headerChunk);
  if (header.colourType === 3 && palette === undefined) throw malformed('its palette is missing');
  const size = inflatedSize(header);
  const inflated = inflate(pixels, size);
  const chunks: [string, Uint8Array][] = [['IHDR', headerChunk]];
  if (palette !== undefined && header.colourType === 3) chunks.push(['PLTE', palette]);
  chunks.push(['IDAT', deflateSync(inflated, { level: 0 })], ['IEND', new Uint8Array(0)]);
  let decoded: DecodedPng;
  try {
    decoded = decode(pngFile(chunks));
  } catch (error) {
    throw malformed(error instanceof Error ? error.message : String(error), error);
  }
  return { width: header.width, height: header.height, rgb: toRgb(decoded, header) };
}

/** The three chunks that matter; those of pixels joined. Each of theirs must have the right checksum. */
function chunksOf(file: Buffer): { header: Buffer; palette: Buffer | undefined; pixels: Buffer } {
  let header: Buffer | undefined;
  let palette: Buffer | undefined;
  const pixels: Buffer[] = [];
  for (let at = pngSignature.length; at + 12 <= file.length; ) {
    const length = file.readUInt32BE(at);
    const type = file.toString('latin1', at + 4, at + 8);
    if (at + 12 + length > file.length) throw malformed(`its chunk ${JSON.stringify(type)} is not whole`);
    if (type === 'IEND') break;
    const content = file.subarray(at + 8, at + 8 + length);
    if (header === undefined && type !== 'IHDR') throw malformed('it does not begin with its header');
    if (type === 'IHDR' || type === 'PLTE' || type === 'IDAT') {
      if (crc32(file.subarray(at + 4, at + 8 + length)) !== file.readUInt32BE(at + 8 + length)) {
        throw malformed(`the checksum of its chunk ${type} is wrong`);
      }
      if (type === 'IHDR') header ??= content;
      else if (type === 'PLTE') palette ??= content;
      else pixels.push(content);
    }
    at += 12 + length;
  }
  if (header === undefined || pixels.length === 0) throw malformed('it has no pixels');
  return { header, palette, pixels: Buffer.concat(pixels) };
}

function parseHeader(chunk: Buffer): Header {
  if (chunk.length !== 13) throw malformed('its header has the wrong length');
  const [width, height] = [chunk.readUInt32BE(0), chunk.readUInt32BE(4)];
  checkSize(width, height);
  const [depth = 0, colourType = 0, compression, filter, interlace] = chunk.subarray(8);
  if (depthsOf[colourType]?.includes(depth) !== true) throw malformed('its header has no such kind of pixels');
  if (compression !== 0 || filter !== 0) throw malformed('its compression is unknown');
  if (interlace !== 0 && interlace !== 1) throw malformed('its interlacing is unknown');
  if (interlace === 1 && depth < 8)
    throw malformed('it is interlaced with several pixels in a byte, which is not read');
  return { width, height, depth, colourType, isInterlaced: interlace === 1 };
}

/** Rows of pixels, each with a byte for its filter. */
function inflatedSize({ width, height, depth, colourType, isInterlaced }: Header): number {
  const bits = depth * (channelsOf[colourType] ?? 0);
  const rows = (columns: number, count: number): number =>
    columns <= 0 || count <= 0 ? 0 : count * (1 + Math.ceil((columns * bits) / 8));
  if (!isInterlaced) return rows(width, height);
  return adam7.reduce(
    (sum, [x, y, stepX, stepY]) => sum + rows(Math.ceil((width - x) / stepX), Math.ceil((height - y) / stepY)),
    0,
  );
}

function inflate(pixels: Buffer, size: number): Buffer {
  if (size > mostUnpackedBytes) throw malformed(`its pixels would unpack to ${size} bytes`);
  let inflated: Buffer;
  try {
    inflated = inflateSync(pixels, { maxOutputLength: size });
  } catch (error) {
    throw malformed('its pixels do not unpack to what its header says', error);
  }
  if (inflated.length !== size) throw malformed('it has fewer pixels than its header says');
  return inflated;
}

/** Transparency is left out: a screen has none. */
function toRgb({ data, palette }: DecodedPng, { width, height, depth, colourType }: Header): Uint8Array {
  const rgb = new Uint8Array(width * height * 3);
  const channels = channelsOf[colourType] ?? 1;
  if (colourType === 2 && depth === 8) {
    rgb.set(data);
    return rgb;
  }
  const rowBytes = Math.ceil((width * depth * channels) / 8);
  const mask = 2 ** depth - 1;
  const sampleAt = (x: number, y: number): number => {
    if (depth >= 8) return data[(y * width + x) * channels] ?? 0;
    const bit = x * depth;
    return ((data[y * rowBytes + (bit >> 3)] ?? 0) >> (8 - depth - (bit & 7))) & mask;
  };
  const scale = 255 / mask;
  const isGrey = colourType === 0 || colourType === 4;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const to = (y * width + x) * 3;
      if (colourType === 3) {
        const colour = palette?.[sampleAt(x, y)];
        if (colour === undefined) throw malformed('a pixel has a colour that its palette lacks');
        for (let channel = 0; channel < 3; channel += 1) rgb[to + channel] = colour[channel] ?? 0;
      } else if (isGrey) {
        rgb.fill(Math.round(sampleAt(x, y) * scale), to, to + 3);
      } else {
        const from = (y * width + x) * channels;
        for (let channel = 0; channel < 3; channel += 1) {
          rgb[to + channel] = Math.round((data[from + channel] ?? 0) * scale);
        }
      }
    }
  }
  return rgb;
}
