/**
 * A whole FRU inventory area (FRU Information Storage Definition v1.0 §8): the common header tells where the areas begin,
 * in units of 8 bytes, 0 for an area that is not there.
 *
 * | byte | common header                              |
 * | ---- | ------------------------------------------ |
 * | 0    | format version 01h                         |
 * | 1    | internal use area                          |
 * | 2    | chassis area                               |
 * | 3    | board area                                 |
 * | 4    | product area                               |
 * | 5    | multi-record area                          |
 * | 6    | 0                                          |
 * | 7    | checksum                                   |
 */
import type { FruArea, FruAreaName } from './areas.ts';
import { decodeFruArea, encodeFruArea } from './areas.ts';
import type { FruMultiRecord } from './multi-record.ts';
import { decodeMultiRecords, encodeMultiRecords } from './multi-record.ts';
import { rejectFru, zeroChecksum } from './text.ts';

export const fruHeaderLength = 8;
const unit = 8;

/** Byte offsets; 0 for an area that is not there. */
export interface FruHeader {
  internalUse: number;
  chassis: number;
  board: number;
  product: number;
  multiRecords: number;
}

const headerAreas = ['internalUse', 'chassis', 'board', 'product', 'multiRecords'] as const;

/** Throws where this is no FRU header at all: another format version, or a wrong checksum. */
export function decodeFruHeader(bytes: Uint8Array): FruHeader {
  if (bytes.length < fruHeaderLength) rejectFru(`${bytes.length} bytes are less than a header`);
  const header = bytes.subarray(0, fruHeaderLength);
  const [version = 0, internalUse = 0, chassis = 0, board = 0, product = 0, multiRecords = 0] = header;
  if ((version & 0x0f) !== 1) rejectFru(`format version ${version & 0x0f}, expected 1`);
  if (zeroChecksum(header) !== 0) rejectFru('the checksum of the common header is wrong');
  return {
    internalUse: internalUse * unit,
    chassis: chassis * unit,
    board: board * unit,
    product: product * unit,
    multiRecords: multiRecords * unit,
  };
}

export function encodeFruHeader(header: FruHeader): Buffer {
  const offsets = headerAreas.map((area) => header[area] / unit);
  if (offsets.some((offset) => offset > 0xff || !Number.isInteger(offset)))
    throw new RangeError('an area begins too far');
  const bytes = Buffer.of(0x01, ...offsets, 0x00);
  return Buffer.concat([bytes, Buffer.of(zeroChecksum(bytes))]);
}

/** What FRU data hold. */
export interface FruImage {
  internalUse?: Uint8Array;
  chassis?: FruArea;
  board?: FruArea;
  product?: FruArea;
  multiRecords: readonly FruMultiRecord[];
}

export interface DecodedFruImage extends FruImage {
  header: FruHeader;
  /** What is wrong with the data, in words; what could be read is here nevertheless. */
  findings: string[];
}

/** Throws only where there is no valid header: everything else is a finding. */
export function decodeFruImage(bytes: Uint8Array): DecodedFruImage {
  const header = decodeFruHeader(bytes);
  const image: DecodedFruImage = { header, multiRecords: [], findings: [] };
  for (const name of ['chassis', 'board', 'product'] as const) {
    if (header[name] === 0) continue;
    const decoded = decodeFruArea(name, spanOf(header, name, bytes));
    image.findings.push(...decoded.findings);
    if ('area' in decoded) image[name] = decoded.area;
  }
  if (header.internalUse !== 0) image.internalUse = Buffer.from(spanOf(header, 'internalUse', bytes));
  if (header.multiRecords !== 0) {
    const { records, findings } = decodeMultiRecords(bytes.subarray(header.multiRecords));
    image.multiRecords = records;
    image.findings.push(...findings);
  }
  return image;
}

/** The bytes that may be of an area: up to where the next one begins. */
export function spanOf(header: FruHeader, area: keyof FruHeader, bytes: Uint8Array): Uint8Array {
  const begin = header[area];
  const next = headerAreas.map((other) => header[other]).filter((offset) => offset > begin);
  return bytes.subarray(begin, Math.min(bytes.length, ...next));
}

/** The areas one behind another, padded with zeros to `size`. Throws a RangeError when they do not fit. */
export function encodeFruImage(image: FruImage, size?: number): Buffer {
  const header: FruHeader = { internalUse: 0, chassis: 0, board: 0, product: 0, multiRecords: 0 };
  const parts: Buffer[] = [];
  let offset = fruHeaderLength;
  const place = (area: keyof FruHeader, bytes: Buffer): void => {
    header[area] = offset;
    const padded = Buffer.concat([bytes, Buffer.alloc((unit - (bytes.length % unit)) % unit)]);
    parts.push(padded);
    offset += padded.length;
  };
  if (image.internalUse !== undefined) place('internalUse', Buffer.from(image.internalUse));
  const areas: FruAreaName[] = ['chassis', 'board', 'product'];
  for (const name of areas) {
    const area = image[name];
    if (area !== undefined) place(name, encodeFruArea(area));
  }
  if (image.multiRecords.length > 0) place('multiRecords', encodeMultiRecords(image.multiRecords));
  if (size !== undefined && offset > size) throw new RangeError(`the areas need ${offset} bytes and have ${size}`);
  return Buffer.concat([encodeFruHeader(header), ...parts, Buffer.alloc((size ?? offset) - offset)]);
}
