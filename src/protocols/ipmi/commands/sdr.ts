/** The SDR repository (IPMI v2.0 §33.9–§33.12) and the device SDRs of a controller without one (§35.2–§35.4). */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noRequestData } from '../command.ts';

export interface SdrRepositoryInfo {
  /** E.g. `1.5`. */
  version: string;
  /** Not to be relied on: some BMCs count otherwise than they list. */
  recordCount: number;
  /** 0xFFFF: not specified; 0xFFFE: 64 KB less two bytes, or more. */
  freeBytes: number;
  /** Seconds since 1970; 0xFFFFFFFF where the BMC does not tell. */
  lastAddition: number;
  lastErase: number;
  /** Bits: 7 overflow, 6:5 modal and non-modal update, 3 delete, 2 partial add, 1 reserve, 0 allocation info. */
  operations: number;
}

/** §33.9. */
export const getSdrRepositoryInfo: IpmiCommand<NoData, SdrRepositoryInfo> = {
  name: 'Get SDR Repository Info',
  networkFunction: networkFunction.storage,
  command: 0x20,
  idempotent: true,
  ...noRequestData,
  encodeResponse(info) {
    const [major = '0', minor = '0'] = info.version.split('.');
    const bytes = Buffer.alloc(14);
    bytes[0] = (Number(minor) << 4) | Number(major);
    bytes.writeUInt16LE(info.recordCount, 1);
    bytes.writeUInt16LE(info.freeBytes, 3);
    bytes.writeUInt32LE(info.lastAddition, 5);
    bytes.writeUInt32LE(info.lastErase, 9);
    bytes[13] = info.operations;
    return bytes;
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get SDR Repository Info response');
    const version = reader.byte();
    return {
      version: `${version & 0x0f}.${version >> 4}`,
      recordCount: reader.uint16LittleEndian(),
      freeBytes: reader.uint16LittleEndian(),
      lastAddition: reader.uint32LittleEndian(),
      lastErase: reader.uint32LittleEndian(),
      operations: reader.byte(),
    };
  },
};

export interface GetSdrRequest {
  /** 0 where the record is read from its beginning. */
  reservation: number;
  /** 0 is the first. */
  recordId: number;
  offset: number;
  /** 0xFF: all that is left. */
  length: number;
}

export interface GetSdrResponse {
  /** 0xFFFF after the last. */
  nextRecordId: number;
  data: Uint8Array;
}

function getSdrCommand(name: string, netFn: number, command: number): IpmiCommand<GetSdrRequest, GetSdrResponse> {
  return {
    name,
    networkFunction: netFn,
    command,
    idempotent: true,
    encodeRequest({ reservation, recordId, offset, length }) {
      const bytes = Buffer.alloc(6);
      bytes.writeUInt16LE(reservation, 0);
      bytes.writeUInt16LE(recordId, 2);
      bytes.set([offset, length], 4);
      return bytes;
    },
    decodeRequest(bytes) {
      const reader = new ByteReader(bytes, `${name} request`);
      return {
        reservation: reader.uint16LittleEndian(),
        recordId: reader.uint16LittleEndian(),
        offset: reader.byte(),
        length: reader.byte(),
      };
    },
    encodeResponse: ({ nextRecordId, data }) => Buffer.concat([uint16(nextRecordId), data]),
    decodeResponse(bytes) {
      const reader = new ByteReader(bytes, `${name} response`);
      return { nextRecordId: reader.uint16LittleEndian(), data: reader.rest() };
    },
  };
}

/**
 * Idempotent for whoever asks: a second reservation only makes the first void, and the number that arrives is used or
 * found void, upon which another is made.
 */
function reserveCommand(name: string, netFn: number): IpmiCommand<NoData, { reservation: number }> {
  return {
    name,
    networkFunction: netFn,
    command: 0x22,
    idempotent: true,
    ...noRequestData,
    encodeResponse: ({ reservation }) => uint16(reservation),
    decodeResponse: (bytes) => ({ reservation: new ByteReader(bytes, `${name} response`).uint16LittleEndian() }),
  };
}

/** §33.11. */
export const reserveSdrRepository = reserveCommand('Reserve SDR Repository', networkFunction.storage);

/** §33.12. */
export const getSdr = getSdrCommand('Get SDR', networkFunction.storage, 0x23);

/** §35.4. */
export const reserveDeviceSdrRepository = reserveCommand('Reserve Device SDR Repository', networkFunction.sensorEvent);

/** §35.3. */
export const getDeviceSdr = getSdrCommand('Get Device SDR', networkFunction.sensorEvent, 0x21);

export interface DeviceSdrInfo {
  /** Sensors on the asked LUN, or records in all, as asked. */
  count: number;
  /** Which of the LUNs 0–3 have sensors. */
  luns: readonly boolean[];
  /** The population may change while the device runs. */
  dynamic: boolean;
  /** Changes with the population; 0 where it is static. */
  populationChange: number;
}

/** §35.2. */
export const getDeviceSdrInfo: IpmiCommand<{ countRecords: boolean }, DeviceSdrInfo> = {
  name: 'Get Device SDR Info',
  networkFunction: networkFunction.sensorEvent,
  command: 0x20,
  idempotent: true,
  encodeRequest: ({ countRecords }) => Buffer.of(countRecords ? 1 : 0),
  decodeRequest: (bytes) => ({ countRecords: ((bytes[0] ?? 0) & 0x01) !== 0 }),
  encodeResponse({ count, luns, dynamic, populationChange }) {
    const flags = luns.reduce((bits, has, lun) => bits | (has ? 1 << lun : 0), dynamic ? 0x80 : 0);
    const bytes = Buffer.alloc(dynamic ? 6 : 2);
    bytes.set([count, flags]);
    if (dynamic) bytes.writeUInt32LE(populationChange, 2);
    return bytes;
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get Device SDR Info response');
    const count = reader.byte();
    const flags = reader.byte();
    const dynamic = (flags & 0x80) !== 0;
    return {
      count,
      luns: [0, 1, 2, 3].map((lun) => (flags & (1 << lun)) !== 0),
      dynamic,
      populationChange: dynamic && reader.remaining >= 4 ? reader.uint32LittleEndian() : 0,
    };
  },
};

function uint16(value: number): Buffer {
  return Buffer.of(value & 0xff, value >> 8);
}
