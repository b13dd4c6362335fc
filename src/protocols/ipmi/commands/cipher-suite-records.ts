/** Get Channel Cipher Suites (IPMI v2.0 §22.15) and the records it gives in pieces (Table 22-19). */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand } from '../command.ts';
import { networkFunction } from '../command.ts';

export interface ChannelCipherSuitesRequest {
  channel: number;
  payloadType: number;
  /** 0–63: which 16 bytes of the records. */
  index: number;
}

export interface ChannelCipherSuites {
  channel: number;
  /** 16 bytes; fewer at the end. */
  records: Uint8Array;
}

export const cipherSuitePieceLength = 16;
const listByCipherSuite = 0x80;

/** §22.15. A BMC answers it outside any session too, at least by the specification. */
export const getChannelCipherSuites: IpmiCommand<ChannelCipherSuitesRequest, ChannelCipherSuites> = {
  name: 'Get Channel Cipher Suites',
  networkFunction: networkFunction.application,
  command: 0x54,
  idempotent: true,
  encodeRequest: ({ channel, payloadType, index }) =>
    Buffer.of(channel & 0x0f, payloadType & 0x3f, listByCipherSuite | (index & 0x3f)),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Get Channel Cipher Suites request');
    const channel = reader.byte() & 0x0f;
    const payloadType = reader.byte() & 0x3f;
    return { channel, payloadType, index: reader.byte() & 0x3f };
  },
  encodeResponse: ({ channel, records }) => Buffer.concat([Buffer.of(channel & 0x0f), records]),
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Channel Cipher Suites response');
    const channel = reader.byte() & 0x0f;
    return { channel, records: reader.bytes(Math.min(reader.remaining, cipherSuitePieceLength)) };
  },
};

export interface CipherSuiteRecord {
  id: number;
  /** The enterprise number of a suite that is none of the standard's. */
  oem: number | undefined;
  authentication: number;
  /** Several where the vendor packs them into one record. */
  integrity: number[];
  confidentiality: number[];
}

const standardRecord = 0xc0;
const oemRecord = 0xc1;

/** The records of all pieces put together. Throws IpmiDecodeError for what is cut short or no record. */
export function decodeCipherSuiteRecords(bytes: Uint8Array): CipherSuiteRecord[] {
  const reader = new ByteReader(bytes, 'cipher suite records');
  const records: CipherSuiteRecord[] = [];
  let record: CipherSuiteRecord | undefined;
  while (reader.remaining > 0) {
    const byte = reader.byte();
    if (byte === standardRecord || byte === oemRecord) {
      const id = reader.byte();
      const oem = byte === oemRecord ? reader.uint24LittleEndian() : undefined;
      record = { id, oem, authentication: 0, integrity: [], confidentiality: [] };
      records.push(record);
      continue;
    }
    if (record === undefined) return reader.fail('an algorithm before the first record');
    const algorithm = byte & 0x3f;
    if (byte >> 6 === 0) record.authentication = algorithm;
    else if (byte >> 6 === 1) record.integrity.push(algorithm);
    else if (byte >> 6 === 2) record.confidentiality.push(algorithm);
    else reader.fail(`the tag bits of an algorithm are 11`);
  }
  return records;
}

export function encodeCipherSuiteRecords(records: readonly CipherSuiteRecord[]): Buffer {
  return Buffer.concat(
    records.map(({ id, oem, authentication, integrity, confidentiality }) => {
      const start = Buffer.of(oem === undefined ? standardRecord : oemRecord, id);
      const enterprise = Buffer.alloc(oem === undefined ? 0 : 3);
      if (oem !== undefined) enterprise.writeUIntLE(oem, 0, 3);
      const algorithms = [
        authentication & 0x3f,
        ...integrity.map((code) => 0x40 | (code & 0x3f)),
        ...confidentiality.map((code) => 0x80 | (code & 0x3f)),
      ];
      return Buffer.concat([start, enterprise, Buffer.from(algorithms)]);
    }),
  );
}
