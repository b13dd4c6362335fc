/**
 * Text fields of FRU areas (Platform Management FRU Information Storage Definition v1.0 §13): a type/length byte, then
 * the bytes.
 *
 * | bits 7:6 | bytes are                                                                     |
 * | -------- | ----------------------------------------------------------------------------- |
 * | 00       | binary                                                                        |
 * | 01       | BCD plus: two characters a byte, high nibble first: `0`–`9`, space, `-`, `.`  |
 * | 10       | 6-bit ASCII: 20h–5Fh minus 20h, packed least significant bits first           |
 * | 11       | Latin-1 where the area's language is English, else UCS-2, low byte first      |
 *
 * Bits 5:0 are the number of bytes. C1h, which would be one byte of text, ends the list of fields instead.
 */
import { ByteReader } from '../byte-reader.ts';
import { IpmiDecodeError } from '../decode-error.ts';

export type FruEncoding = 'binary' | 'bcd-plus' | 'six-bit' | 'latin-1' | 'ucs-2';

export interface FruText {
  encoding: FruEncoding;
  /** The text without what the encoding pads with; binary in hex. */
  text: string;
}

export const endOfFields = 0xc1;
export const longestFieldBytes = 63;

const bcdCharacters = '0123456789 -.';
const typeBits: Record<FruEncoding, number> = {
  binary: 0x00,
  'bcd-plus': 0x40,
  'six-bit': 0x80,
  'latin-1': 0xc0,
  'ucs-2': 0xc0,
};

/** 0 and 25 are English (§15). */
export function isEnglish(language: number): boolean {
  return language === 0 || language === 25;
}

/** The field without its type/length byte; `typeLength` tells how to read it. */
export function decodeFruText(typeLength: number, bytes: Uint8Array, language: number): FruText {
  const data = Buffer.from(bytes);
  switch (typeLength >> 6) {
    case 0:
      return { encoding: 'binary', text: data.toString('hex') };
    case 1:
      return { encoding: 'bcd-plus', text: [...data].map((byte) => bcd(byte >> 4) + bcd(byte & 0x0f)).join('') };
    case 2:
      return { encoding: 'six-bit', text: decodeSixBit(data) };
    default:
      if (isEnglish(language) || data.length % 2 !== 0) return { encoding: 'latin-1', text: data.toString('latin1') };
      return { encoding: 'ucs-2', text: data.toString('utf16le') };
  }
}

/** With its type/length byte. Throws a RangeError for text that the encoding cannot hold, or that is too long. */
export function encodeFruText({ encoding, text }: FruText): Buffer {
  const data = encodeCharacters(encoding, text);
  if (data.length > longestFieldBytes) {
    throw new RangeError(`${data.length} bytes of text, a field holds at most ${longestFieldBytes}`);
  }
  const typeLength = typeBits[encoding] | data.length;
  // One byte of text would read as the end of the fields.
  if (typeLength === endOfFields) return Buffer.concat([Buffer.of(endOfFields + 1), data, Buffer.of(0x20)]);
  return Buffer.concat([Buffer.of(typeLength), data]);
}

/** Whether the encoding can hold the text so that it reads the same again (but for padding at its end). */
export function fitsFruEncoding({ encoding, text }: FruText): boolean {
  switch (encoding) {
    case 'binary':
      return /^([0-9a-f]{2})*$/.test(text);
    case 'bcd-plus':
      return /^[0-9 .-]*$/.test(text);
    case 'six-bit':
      return /^[ -_]*$/.test(text);
    case 'latin-1':
      return Buffer.from(text, 'latin1').toString('latin1') === text;
    case 'ucs-2':
      return true;
  }
}

function encodeCharacters(encoding: FruEncoding, text: string): Buffer {
  if (!fitsFruEncoding({ encoding, text })) throw new RangeError(`the encoding ${encoding} cannot hold this text`);
  switch (encoding) {
    case 'binary':
      return Buffer.from(text, 'hex');
    case 'bcd-plus':
      return encodeBcd(text);
    case 'six-bit':
      return encodeSixBit(text);
    case 'latin-1':
      return Buffer.from(text, 'latin1');
    case 'ucs-2':
      return Buffer.from(text, 'utf16le');
  }
}

function bcd(nibble: number): string {
  return bcdCharacters[nibble] ?? '?';
}

function encodeBcd(text: string): Buffer {
  const even = text.length % 2 === 0 ? text : `${text} `;
  const bytes = Buffer.alloc(even.length / 2);
  for (let index = 0; index < bytes.length; index += 1) {
    const high = bcdCharacters.indexOf(even.charAt(index * 2));
    const low = bcdCharacters.indexOf(even.charAt(index * 2 + 1));
    bytes[index] = (high << 4) | low;
  }
  return bytes;
}

function decodeSixBit(data: Buffer): string {
  let text = '';
  for (let bit = 0; bit + 6 <= data.length * 8; bit += 6) {
    const pair = (data[bit >> 3] ?? 0) | ((data[(bit >> 3) + 1] ?? 0) << 8);
    text += String.fromCharCode(0x20 + ((pair >> (bit & 7)) & 0x3f));
  }
  return text;
}

function encodeSixBit(text: string): Buffer {
  const bytes = Buffer.alloc(Math.ceil((text.length * 6) / 8));
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index) - 0x20;
    const bit = index * 6;
    const shifted = code << (bit & 7);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (shifted & 0xff);
    if (shifted > 0xff) bytes[(bit >> 3) + 1] = shifted >> 8;
  }
  return bytes;
}

export interface FruFieldList {
  fields: FruText[];
  /** How many bytes the fields took, with the end marker. */
  length: number;
  /** False where the area ends before an end marker. */
  ended: boolean;
}

/** All fields up to the end marker. Takes lists that are cut short: what is whole counts. */
export function decodeFieldList(bytes: Uint8Array, language: (index: number) => number): FruFieldList {
  const reader = new ByteReader(bytes, 'FRU fields');
  const fields: FruText[] = [];
  while (reader.remaining > 0) {
    const typeLength = reader.byte();
    if (typeLength === endOfFields) return { fields, length: bytes.length - reader.remaining, ended: true };
    const length = typeLength & 0x3f;
    if (length > reader.remaining) break;
    fields.push(decodeFruText(typeLength, reader.bytes(length), language(fields.length)));
  }
  return { fields, length: bytes.length, ended: false };
}

/** The bytes whose sum with `bytes` is zero modulo 256: the checksum of every part of FRU data. */
export function zeroChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum = (sum + byte) & 0xff;
  return (0x100 - sum) & 0xff;
}

export function rejectFru(problem: string): never {
  throw new IpmiDecodeError('FRU data', problem);
}
