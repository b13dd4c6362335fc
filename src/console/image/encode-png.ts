/** Encodes a frame as PNG: 8-bit RGB, every row unfiltered. Text screens are flat areas, which deflate packs well as they are. */
import { deflateSync } from 'node:zlib';
import type { Frame } from '../frame.ts';
import { pngFile } from './png-file.ts';

const truecolour = 2;
/** A tenth slower at 1 and a third slower at 6, for files that hardly differ. */
const level = 3;

export function encodePng({ width, height, rgb }: Frame): Uint8Array {
  if (rgb.length !== width * height * 3) throw new RangeError('the frame has not three bytes per pixel');
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, truecolour, 0, 0, 0], 8);
  const stride = width * 3;
  const rows = Buffer.alloc((stride + 1) * height);
  for (let y = 0; y < height; y += 1) rows.set(rgb.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  return pngFile([
    ['IHDR', header],
    ['IDAT', deflateSync(rows, { level })],
    ['IEND', new Uint8Array(0)],
  ]);
}
