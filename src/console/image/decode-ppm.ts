/** Portable pixmap, P6 (netpbm's ppm(5)): `P6`, width, height and the greatest value in decimal, one blank, then RGB. */
import type { Frame } from '../frame.ts';
import { checkBytes, checkSize, malformed } from './limits.ts';

const hash = 0x23;
const isBlank = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

export const isPpm = (bytes: Uint8Array): boolean => bytes[0] === 0x50 && bytes[1] === 0x36 && isBlank(bytes[2] ?? 0);

export function decodePpm(bytes: Uint8Array): Frame {
  checkBytes(bytes.length);
  let at = 2;
  const number = (): number => {
    for (;;) {
      const byte = bytes[at];
      if (byte === undefined) throw malformed('its header ends early');
      if (byte === hash) while (at < bytes.length && bytes[at] !== 0x0a) at += 1;
      else if (!isBlank(byte)) break;
      else at += 1;
    }
    let value = 0;
    let digits = 0;
    for (let digit = (bytes[at] ?? 0) - 0x30; digit >= 0 && digit <= 9; digit = (bytes[at] ?? 0) - 0x30) {
      value = value * 10 + digit;
      digits += 1;
      at += 1;
      if (digits > 9) throw malformed('a number of its header is too long');
    }
    if (digits === 0) throw malformed('its header has something else than a number');
    return value;
  };
  const width = number();
  const height = number();
  const greatest = number();
  checkSize(width, height);
  if (greatest < 1 || greatest > 65_535) throw malformed('its greatest value is not between 1 and 65535');
  if (!isBlank(bytes[at] ?? 0)) throw malformed('no blank ends its header');
  const samples = width * height * 3;
  const size = greatest > 255 ? 2 : 1;
  const pixels = bytes.subarray(at + 1, at + 1 + samples * size);
  if (pixels.length < samples * size) throw malformed('it has fewer pixels than its header says');
  if (greatest === 255) return { width, height, rgb: pixels.slice() };
  const rgb = new Uint8Array(samples);
  for (let index = 0; index < samples; index += 1) {
    const high = pixels[index * size] ?? 0;
    const sample = size === 1 ? high : high * 256 + (pixels[index * 2 + 1] ?? 0);
    rgb[index] = Math.round((Math.min(sample, greatest) * 255) / greatest);
  }
  return { width, height, rgb };
}
