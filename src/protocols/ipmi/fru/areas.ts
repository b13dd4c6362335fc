/**
 * The chassis, board and product areas of FRU data (FRU Information Storage Definition v1.0 §10–§12).
 *
 * | bytes | chassis      | board                                   | product       |
 * | ----- | ------------ | --------------------------------------- | ------------- |
 * | 0     | format version 01h                                                    |||
 * | 1     | length of the area in units of 8 bytes                                |||
 * | 2     | chassis type | language                                | language      |
 * | 3     | fields       | 3:5 minutes since 1996-01-01, then fields | fields      |
 * | …     | fields in the order of `fruFieldNames`, custom fields, C1h, zeros     |||
 * | last  | checksum: the sum of the area is 0                                    |||
 */
import type { FruText } from './text.ts';
import { decodeFieldList, encodeFruText, endOfFields, zeroChecksum } from './text.ts';

export type FruAreaName = 'chassis' | 'board' | 'product';

/** The fields that the specification names, in their order. */
export const fruFieldNames = {
  chassis: ['partNumber', 'serialNumber'],
  board: ['manufacturer', 'productName', 'serialNumber', 'partNumber', 'fileId'],
  product: ['manufacturer', 'productName', 'partNumber', 'version', 'serialNumber', 'assetTag', 'fileId'],
} as const satisfies Record<FruAreaName, readonly string[]>;

export type FruFieldName =
  | 'partNumber'
  | 'serialNumber'
  | 'manufacturer'
  | 'productName'
  | 'fileId'
  | 'version'
  | 'assetTag';

export interface FruArea {
  name: FruAreaName;
  /** Of the board and product areas; a chassis area has none and is English. */
  language: number;
  /** Of the chassis area: an SMBIOS chassis type; 0 elsewhere. */
  chassisType: number;
  /** Of the board area: minutes since 1996-01-01 00:00 UTC, 0 for unknown; 0 elsewhere. */
  manufacturedMinutes: number;
  /** The named fields first, then the custom ones. */
  fields: readonly FruText[];
}

export interface DecodedFruArea {
  area: FruArea;
  /** Bytes of the area as its header says, or as many as there are. */
  length: number;
  /** What is between the end marker and the checksum; zeros as a rule. */
  unused: Uint8Array;
  /** What is wrong with it, in words. */
  findings: string[];
}

const unit = 8;

/** @param bytes from the area's first byte to the last that may be of it */
export function decodeFruArea(name: FruAreaName, bytes: Uint8Array): DecodedFruArea | { findings: string[] } {
  const findings: string[] = [];
  const finding = (problem: string): void => void findings.push(`${name} area: ${problem}`);
  const minimum = headerLength(name) + 2;
  if (bytes.length < minimum) {
    finding(`only ${bytes.length} bytes are there`);
    return { findings };
  }
  const [version = 0, units = 0, third = 0] = bytes;
  if ((version & 0x0f) !== 1) finding(`format version ${version & 0x0f}, expected 1`);
  let length = units * unit;
  if (length < minimum || length > bytes.length) {
    finding(`length of ${length} bytes, but ${bytes.length} are there`);
    length = bytes.length;
  }
  const whole = Buffer.from(bytes.subarray(0, length));
  const sum = zeroChecksum(whole.subarray(0, -1));
  const checksum = whole[length - 1] ?? 0;
  if (sum !== checksum) finding(`checksum ${hex(checksum)}, expected ${hex(sum)}`);

  const start = headerLength(name);
  const language = name === 'chassis' ? 0 : third;
  const list = decodeFieldList(whole.subarray(start, -1), (index) => languageOf(name, language, index));
  if (!list.ended) finding('the end of its fields is not marked');
  const missing = fruFieldNames[name].length - list.fields.length;
  if (missing > 0) finding(`${missing} of its fields ${missing === 1 ? 'is' : 'are'} missing`);
  return {
    area: {
      name,
      language,
      chassisType: name === 'chassis' ? third : 0,
      manufacturedMinutes: name === 'board' ? whole.readUIntLE(3, 3) : 0,
      fields: list.fields,
    },
    length,
    unused: whole.subarray(start + list.length, -1),
    findings,
  };
}

/** @param length pads to this many bytes; a RangeError when the fields need more. The least that fits when left out. */
export function encodeFruArea(area: FruArea, length?: number): Buffer {
  const fields = Buffer.concat([...area.fields.map(encodeFruText), Buffer.of(endOfFields)]);
  const needed = Math.ceil((headerLength(area.name) + fields.length + 1) / unit) * unit;
  const size = length ?? needed;
  if (needed > size) throw new RangeError(`the ${area.name} area would need ${needed} bytes and has ${size}`);
  if (size / unit > 0xff) throw new RangeError(`the ${area.name} area would need ${size} bytes, the most is 2040`);
  const bytes = Buffer.alloc(size);
  bytes[0] = 0x01;
  bytes[1] = size / unit;
  bytes[2] = area.name === 'chassis' ? area.chassisType : area.language;
  if (area.name === 'board') bytes.writeUIntLE(area.manufacturedMinutes, 3, 3);
  fields.copy(bytes, headerLength(area.name));
  bytes[size - 1] = zeroChecksum(bytes.subarray(0, -1));
  return bytes;
}

/** The named field; undefined where the area has no such field or it is empty. */
export function fruField(area: FruArea, name: FruFieldName): FruText | undefined {
  const index = fruFieldIndex(area.name, name);
  const field = index === undefined ? undefined : area.fields[index];
  return field === undefined || field.text === '' ? undefined : field;
}

export function fruFieldIndex(area: FruAreaName, name: string): number | undefined {
  const index = fruFieldNames[area].findIndex((known) => known === name);
  return index === -1 ? undefined : index;
}

export function customFruFields(area: FruArea): readonly FruText[] {
  return area.fields.slice(fruFieldNames[area.name].length);
}

const epochOf1996 = Date.UTC(1996, 0, 1);

/** Milliseconds since 1970; undefined where it is unknown (0, and FFFFFFh that unwritten storage reads). */
export function manufacturedAt(area: FruArea): number | undefined {
  const minutes = area.manufacturedMinutes;
  return minutes === 0 || minutes === 0xff_ffff ? undefined : epochOf1996 + minutes * 60_000;
}

/** Serial numbers are in English whatever the area's language (§11, §12). */
export function languageOf(area: FruAreaName, language: number, index: number): number {
  return fruFieldNames[area][index] === 'serialNumber' ? 0 : language;
}

function headerLength(name: FruAreaName): number {
  return name === 'board' ? 6 : 3;
}

function hex(value: number): string {
  return `${value.toString(16).toUpperCase().padStart(2, '0')}h`;
}
