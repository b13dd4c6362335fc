/** FRU inventory areas: raw bytes at a FRU device id (IPMI v2.0 §34). What the bytes mean is in ../fru/. */
import { ByteReader } from '../byte-reader.ts';
import type { IpmiCommand } from '../command.ts';
import { networkFunction } from '../command.ts';

export * from '../fru/areas.ts';
export * from '../fru/image.ts';
export * from '../fru/multi-record.ts';
export * from '../fru/text.ts';
export * from '../fru/change.ts';

/** The BMC's own inventory. */
export const builtinFruDevice = 0;

export interface FruAreaInfo {
  sizeBytes: number;
  /** Offsets and counts are in 16-bit words. */
  byWords: boolean;
}

const busy = { 0x81: 'FRU device busy' };

/** §34.1. */
export const getFruInventoryAreaInfo: IpmiCommand<{ device: number }, FruAreaInfo> = {
  name: 'Get FRU Inventory Area Info',
  networkFunction: networkFunction.storage,
  command: 0x10,
  idempotent: true,
  completionCodes: busy,
  encodeRequest: ({ device }) => Buffer.of(device),
  decodeRequest: (bytes) => ({ device: new ByteReader(bytes, 'Get FRU Inventory Area Info request').byte() }),
  encodeResponse({ sizeBytes, byWords }) {
    return Buffer.of(sizeBytes & 0xff, sizeBytes >> 8, byWords ? 0x01 : 0x00);
  },
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Get FRU Inventory Area Info response');
    return { sizeBytes: reader.uint16LittleEndian(), byWords: (reader.byte() & 0x01) !== 0 };
  },
};

export interface ReadFruRequest {
  device: number;
  /** In bytes or words, as the area's info says; the count too. */
  offset: number;
  count: number;
}

/** §34.2. `count` in the response is in bytes or words like the request's; `data` is always bytes. */
export const readFruData: IpmiCommand<ReadFruRequest, { count: number; data: Uint8Array }> = {
  name: 'Read FRU Data',
  networkFunction: networkFunction.storage,
  command: 0x11,
  idempotent: true,
  completionCodes: busy,
  encodeRequest: ({ device, offset, count }) => Buffer.of(device, offset & 0xff, offset >> 8, count),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Read FRU Data request');
    return { device: reader.byte(), offset: reader.uint16LittleEndian(), count: reader.byte() };
  },
  encodeResponse: ({ count, data }) => Buffer.concat([Buffer.of(count), data]),
  decodeResponse(bytes) {
    const reader = new ByteReader(bytes, 'Read FRU Data response');
    return { count: reader.byte(), data: reader.rest() };
  },
};

export interface WriteFruRequest {
  device: number;
  offset: number;
  data: Uint8Array;
}

/** §34.3. Writing the same bytes to the same place again leaves the same. */
export const writeFruData: IpmiCommand<WriteFruRequest, { count: number }> = {
  name: 'Write FRU Data',
  networkFunction: networkFunction.storage,
  command: 0x12,
  idempotent: true,
  completionCodes: { 0x80: 'Write-protected offset', ...busy },
  encodeRequest: ({ device, offset, data }) => Buffer.concat([Buffer.of(device, offset & 0xff, offset >> 8), data]),
  decodeRequest(bytes) {
    const reader = new ByteReader(bytes, 'Write FRU Data request');
    return { device: reader.byte(), offset: reader.uint16LittleEndian(), data: reader.rest() };
  },
  encodeResponse: ({ count }) => Buffer.of(count),
  decodeResponse: (bytes) => ({ count: new ByteReader(bytes, 'Write FRU Data response').byte() }),
};
