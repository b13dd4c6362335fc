/** The System Event Log device (IPMI v2.0 §31). */
import { ByteReader, hexByte } from '../byte-reader.ts';
import type { IpmiCommand, NoData } from '../command.ts';
import { networkFunction, noRequestData, noResponseData } from '../command.ts';

export * from '../sel/record.ts';
export * from '../sel/timestamp.ts';

/** As a record id to ask for; neither is ever the id of a record. */
export const firstRecordId = 0x0000;
export const lastRecordId = 0xffff;

/** As a byte count: from the offset to the record's end. */
export const wholeRecord = 0xff;

export interface SelInfo {
  /** 51h for IPMI 1.5 and 2.0: the digits are exchanged. */
  version: number;
  entries: number;
  /** FFFFh: 65535 or more. */
  freeBytes: number;
  /** Timestamps of the newest addition and of the last erasure; FFFFFFFFh where there was none. */
  lastAddition: number;
  lastErasure: number;
  /** Events were dropped because the log was full. */
  overflow: boolean;
  supports: { delete: boolean; partialAdd: boolean; reserve: boolean; allocationInfo: boolean };
}

/** §31.2. */
export const getSelInfo: IpmiCommand<NoData, SelInfo> = {
  name: 'Get SEL Info',
  networkFunction: networkFunction.storage,
  command: 0x40,
  idempotent: true,
  completionCodes: { 0x81: 'Cannot execute command, SEL erase in progress' },
  ...noRequestData,
  encodeResponse(info) {
    const bytes = Buffer.alloc(14);
    bytes[0] = info.version;
    bytes.writeUInt16LE(info.entries, 1);
    bytes.writeUInt16LE(info.freeBytes, 3);
    bytes.writeUInt32LE(info.lastAddition, 5);
    bytes.writeUInt32LE(info.lastErasure, 9);
    bytes[13] =
      (info.overflow ? 0x80 : 0) |
      (info.supports.delete ? 0x08 : 0) |
      (info.supports.partialAdd ? 0x04 : 0) |
      (info.supports.reserve ? 0x02 : 0) |
      (info.supports.allocationInfo ? 0x01 : 0);
    return bytes;
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get SEL Info response');
    const version = reader.byte();
    const entries = reader.uint16LittleEndian();
    const freeBytes = reader.uint16LittleEndian();
    const lastAddition = reader.uint32LittleEndian();
    const lastErasure = reader.uint32LittleEndian();
    const support = reader.byte();
    return {
      version,
      entries,
      freeBytes,
      lastAddition,
      lastErasure,
      overflow: (support & 0x80) !== 0,
      supports: {
        delete: (support & 0x08) !== 0,
        partialAdd: (support & 0x04) !== 0,
        reserve: (support & 0x02) !== 0,
        allocationInfo: (support & 0x01) !== 0,
      },
    };
  },
};

/** §31.4: cancels every reservation given before, so running it twice differs. */
export const reserveSel: IpmiCommand<NoData, { reservation: number }> = {
  name: 'Reserve SEL',
  networkFunction: networkFunction.storage,
  command: 0x42,
  idempotent: false,
  completionCodes: { 0x81: 'Cannot execute command, SEL erase in progress' },
  ...noRequestData,
  encodeResponse: ({ reservation }) => uint16(reservation),
  decodeResponse: (bytes) => ({ reservation: new ByteReader(bytes, 'Reserve SEL response').uint16LittleEndian() }),
};

export interface GetSelEntryRequest {
  /** Needed (else 0) for reads that begin past the record's first byte. */
  reservation: number;
  recordId: number;
  offset: number;
  /** `wholeRecord`, or how many bytes. */
  count: number;
}

export interface SelEntry {
  /** `lastRecordId` after the last. */
  nextRecordId: number;
  /** The record, or the part of it asked for. */
  data: Uint8Array;
}

/** §31.5. */
export const getSelEntry: IpmiCommand<GetSelEntryRequest, SelEntry> = {
  name: 'Get SEL Entry',
  networkFunction: networkFunction.storage,
  command: 0x43,
  idempotent: true,
  completionCodes: { 0x81: 'Cannot execute command, SEL erase in progress' },
  encodeRequest: ({ reservation, recordId, offset, count }) =>
    Buffer.concat([uint16(reservation), uint16(recordId), Buffer.of(offset, count)]),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Get SEL Entry request');
    const reservation = reader.uint16LittleEndian();
    const recordId = reader.uint16LittleEndian();
    return { reservation, recordId, offset: reader.byte(), count: reader.byte() };
  },
  encodeResponse: ({ nextRecordId, data }) => Buffer.concat([uint16(nextRecordId), data]),
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get SEL Entry response');
    return { nextRecordId: reader.uint16LittleEndian(), data: reader.rest() };
  },
};

/** §31.6. The BMC gives the record its id, and a system event its timestamp. */
export const addSelEntry: IpmiCommand<{ record: Uint8Array }, { recordId: number }> = {
  name: 'Add SEL Entry',
  networkFunction: networkFunction.storage,
  command: 0x44,
  idempotent: false,
  completionCodes: {
    0x80: 'Operation not supported for this Record Type',
    0x81: 'Cannot execute command, SEL erase in progress',
  },
  encodeRequest: ({ record }) => Buffer.from(record),
  decodeRequest: (bytes) => ({ record: new ByteReader(bytes, 'Add SEL Entry request').bytes(16) }),
  encodeResponse: ({ recordId }) => uint16(recordId),
  decodeResponse: (bytes) => ({ recordId: new ByteReader(bytes, 'Add SEL Entry response').uint16LittleEndian() }),
};

/** §31.8. The next record may take the id of the deleted one: sent once. */
export const deleteSelEntry: IpmiCommand<{ reservation: number; recordId: number }, { recordId: number }> = {
  name: 'Delete SEL Entry',
  networkFunction: networkFunction.storage,
  command: 0x46,
  idempotent: false,
  completionCodes: {
    0x80: 'Operation not supported for this Record Type',
    0x81: 'Cannot execute command, SEL erase in progress',
  },
  encodeRequest: ({ reservation, recordId }) => Buffer.concat([uint16(reservation), uint16(recordId)]),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Delete SEL Entry request');
    return { reservation: reader.uint16LittleEndian(), recordId: reader.uint16LittleEndian() };
  },
  encodeResponse: ({ recordId }) => uint16(recordId),
  decodeResponse: (bytes) => ({ recordId: new ByteReader(bytes, 'Delete SEL Entry response').uint16LittleEndian() }),
};

export type SelClearAction = 'initiate' | 'status';

const clearActions: Record<SelClearAction, number> = { initiate: 0xaa, status: 0x00 };

/** §31.9, a request: reservation, `CLR`, AAh to begin or 00h to ask how far it is. Events that come meanwhile are lost. */
export const clearSel: IpmiCommand<{ reservation: number; action: SelClearAction }, { erased: boolean }> = {
  name: 'Clear SEL',
  networkFunction: networkFunction.storage,
  command: 0x47,
  idempotent: false,
  encodeRequest: ({ reservation, action }) =>
    Buffer.concat([uint16(reservation), Buffer.from('CLR', 'latin1'), Buffer.of(clearActions[action])]),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Clear SEL request');
    const reservation = reader.uint16LittleEndian();
    if (reader.bytes(3).toString('latin1') !== 'CLR') reader.fail('the letters CLR are missing');
    const code = reader.byte();
    if (code === clearActions.initiate) return { reservation, action: 'initiate' };
    if (code === clearActions.status) return { reservation, action: 'status' };
    return reader.fail(`unknown action ${hexByte(code)}`);
  },
  encodeResponse: ({ erased }) => Buffer.of(erased ? 0x01 : 0x00),
  decodeResponse: (bytes) => ({ erased: (new ByteReader(bytes, 'Clear SEL response').byte() & 0x0f) === 0x01 }),
};

/** Clear SEL when it only asks for the progress, which may be asked any number of times. */
export const getSelErasureStatus: typeof clearSel = { ...clearSel, name: 'Clear SEL (status)', idempotent: true };

/** §31.10. */
export const getSelTime: IpmiCommand<NoData, { timestamp: number }> = {
  name: 'Get SEL Time',
  networkFunction: networkFunction.storage,
  command: 0x48,
  idempotent: true,
  ...noRequestData,
  encodeResponse: ({ timestamp }) => uint32(timestamp),
  decodeResponse: (bytes) => ({ timestamp: new ByteReader(bytes, 'Get SEL Time response').uint32LittleEndian() }),
};

/** §31.11. Not idempotent: set again later, the same time is an earlier one. */
export const setSelTime: IpmiCommand<{ timestamp: number }, NoData> = {
  name: 'Set SEL Time',
  networkFunction: networkFunction.storage,
  command: 0x49,
  idempotent: false,
  encodeRequest: ({ timestamp }) => uint32(timestamp),
  decodeRequest: (bytes) => ({ timestamp: new ByteReader(bytes, 'Set SEL Time request').uint32LittleEndian() }),
  ...noResponseData,
};

/** §31.11a, §31.11b: the offset is signed, 7FFh (2047) for unspecified. */
export const unspecifiedUtcOffset = 0x07ff;

export interface UtcOffset {
  /** Minutes from UTC, −1440 to 1440; undefined where the BMC does not know. */
  minutes: number | undefined;
}

export const getSelTimeUtcOffset: IpmiCommand<NoData, UtcOffset> = {
  name: 'Get SEL Time UTC Offset',
  networkFunction: networkFunction.storage,
  command: 0x5c,
  idempotent: true,
  ...noRequestData,
  encodeResponse: encodeUtcOffset,
  decodeResponse: (bytes) => decodeUtcOffset(bytes, 'Get SEL Time UTC Offset response'),
};

export const setSelTimeUtcOffset: IpmiCommand<UtcOffset, NoData> = {
  name: 'Set SEL Time UTC Offset',
  networkFunction: networkFunction.storage,
  command: 0x5d,
  idempotent: true,
  encodeRequest: encodeUtcOffset,
  decodeRequest: (bytes) => decodeUtcOffset(bytes, 'Set SEL Time UTC Offset request'),
  ...noResponseData,
};

function encodeUtcOffset({ minutes }: UtcOffset): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16LE(minutes ?? unspecifiedUtcOffset, 0);
  return bytes;
}

function decodeUtcOffset(bytes: Uint8Array, what: string): UtcOffset {
  const minutes = new ByteReader(bytes, what).bytes(2).readInt16LE(0);
  return { minutes: minutes === unspecifiedUtcOffset ? undefined : minutes };
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value, 0);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value, 0);
  return bytes;
}
