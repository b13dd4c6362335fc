/**
 * The name in a record (IPMI v2.0 §43.15): a byte with the encoding in bits 7:6 and the length in bits 4:0, then the bytes.
 *
 * | bits 7:6 | encoding                                                                    |
 * | -------- | --------------------------------------------------------------------------- |
 * | 00       | "Unicode", which the specification does not define any further              |
 * | 01       | BCD plus: two characters a byte, the high nibble first                      |
 * | 10       | 6-bit ASCII: four characters in three bytes, the low bits first, from 0x20  |
 * | 11       | 8-bit ASCII and Latin-1                                                     |
 */
import type { ByteReader } from '../byte-reader.ts';

export interface IdString {
  /** 0–3, the bits 7:6. */
  encoding: number;
  /** At most 31. */
  bytes: Uint8Array;
}

const bcdPlus = '0123456789 -.:,_';

/** Reads what is there: BMCs give lengths beyond the end of the record. */
export function readIdString(reader: ByteReader): IdString {
  if (reader.remaining === 0) return { encoding: 3, bytes: Buffer.alloc(0) };
  const first = reader.byte();
  return { encoding: first >> 6, bytes: reader.bytes(Math.min(first & 0x1f, reader.remaining)) };
}

export function writeIdString({ encoding, bytes }: IdString): Buffer {
  const kept = bytes.subarray(0, 0x1f);
  return Buffer.concat([Buffer.of((encoding << 6) | kept.length), kept]);
}

/** The name as 8-bit text, at most 16 bytes as the specification has it. */
export function idString(text: string): IdString {
  return { encoding: 3, bytes: Buffer.from(text, 'latin1').subarray(0, 16) };
}

/** Without what surrounds it: spaces and zeros fill names up. Bytes that are no text are told in hex. */
export function idStringText(id: IdString): string {
  return untrimmedText(id).trim();
}

/** With the blank at its end that something is to follow after; more of them only fill it up. */
export function idStringStem(id: IdString): string {
  return untrimmedText(id).trimStart().replace(/ +$/, ' ');
}

function untrimmedText({ encoding, bytes }: IdString): string {
  return decodeText(encoding, Buffer.from(bytes))
    .replaceAll('\0', ' ')
    .replace(/\p{Cc}/gu, '?');
}

function decodeText(encoding: number, bytes: Buffer): string {
  if (encoding === 1) return [...bytes].map((byte) => `${bcdPlus[byte >> 4]}${bcdPlus[byte & 0x0f]}`).join('');
  if (encoding === 2) return sixBitText(bytes);
  if (encoding === 3) return bytes.toString('latin1');
  const printable = bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
  return printable ? bytes.toString('latin1') : `0x${bytes.toString('hex')}`;
}

function sixBitText(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    bits |= byte << held;
    held += 8;
    for (; held >= 6; held -= 6) {
      text += String.fromCharCode(0x20 + (bits & 0x3f));
      bits >>= 6;
    }
  }
  return text;
}
