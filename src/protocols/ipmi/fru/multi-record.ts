/**
 * The multi-record area (FRU Information Storage Definition v1.0 §16–§18): records of a 5-byte header and data.
 *
 * | byte | header                                              |
 * | ---- | --------------------------------------------------- |
 * | 0    | record type                                         |
 * | 1    | 80h last record \| 3:0 record format version (2)    |
 * | 2    | length of the data                                  |
 * | 3    | checksum of the data                                |
 * | 4    | checksum of the header                              |
 */
import { ByteReader } from '../byte-reader.ts';
import type { FruRecordContent } from './record-content.ts';
import { decodeRecordContent, encodeRecordContent } from './record-content.ts';
import { zeroChecksum } from './text.ts';

export * from './record-content.ts';

const headerLength = 5;
const longestData = 0xff;

/** One record and what it holds. */
export type FruMultiRecord = FruRecordContent & { recordType: number };

export interface FruRecordHeader {
  recordType: number;
  last: boolean;
  formatVersion: number;
  length: number;
  dataChecksum: number;
}

/** Undefined where the header's checksum is wrong: nothing after it can be found. */
export function decodeRecordHeader(bytes: Uint8Array): FruRecordHeader | undefined {
  if (bytes.length < headerLength) return undefined;
  const header = bytes.subarray(0, headerLength);
  const reader = new ByteReader(header, 'FRU record header');
  const recordType = reader.byte();
  const flags = reader.byte();
  const length = reader.byte();
  const dataChecksum = reader.byte();
  if (zeroChecksum(header) !== 0) return undefined;
  return { recordType, last: (flags & 0x80) !== 0, formatVersion: flags & 0x0f, length, dataChecksum };
}

export interface DecodedMultiRecords {
  records: FruMultiRecord[];
  /** Bytes up to the end of the last record. */
  length: number;
  findings: string[];
}

/** @param bytes from the area's first byte to the end of the FRU data */
export function decodeMultiRecords(bytes: Uint8Array): DecodedMultiRecords {
  const records: FruMultiRecord[] = [];
  const findings: string[] = [];
  let offset = 0;
  for (;;) {
    const where = `record ${records.length + 1} at byte ${offset}`;
    const header = decodeRecordHeader(bytes.subarray(offset));
    if (header === undefined) {
      findings.push(`multi-record area: the header of ${where} is cut short or has a wrong checksum`);
      return { records, length: offset, findings };
    }
    const start = offset + headerLength;
    const data = bytes.subarray(start, start + header.length);
    if (data.length < header.length) {
      findings.push(`multi-record area: ${where} has ${data.length} of its ${header.length} bytes`);
      return { records, length: bytes.length, findings };
    }
    if (zeroChecksum(data) !== header.dataChecksum) {
      findings.push(`multi-record area: the checksum of ${where} is wrong`);
    }
    records.push({ recordType: header.recordType, ...decodeRecordContent(header.recordType, data) });
    offset = start + header.length;
    if (header.last) return { records, length: offset, findings };
  }
}

export function encodeMultiRecords(records: readonly FruMultiRecord[]): Buffer {
  const parts = records.map((record, index) => {
    const data = encodeRecordContent(record);
    if (data.length > longestData) throw new RangeError(`a record holds at most 255 bytes, not ${data.length}`);
    const flags = (index === records.length - 1 ? 0x80 : 0) | 0x02;
    const header = Buffer.of(record.recordType, flags, data.length, zeroChecksum(data));
    return Buffer.concat([header, Buffer.of(zeroChecksum(header)), data]);
  });
  return Buffer.concat(parts);
}
