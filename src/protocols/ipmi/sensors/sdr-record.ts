/**
 * Sensor data records (IPMI v2.0 §43): a header of five bytes, then a body by type.
 *
 * | bytes | header                                            |
 * | ----- | ------------------------------------------------- |
 * | 1–2   | record id, which BMCs get wrong: not to be trusted |
 * | 3     | SDR version, BCD with the major digit low         |
 * | 4     | record type                                       |
 * | 5     | bytes that follow                                 |
 */
import { ByteReader } from '../byte-reader.ts';
import type {
  ControllerLocatorRecord,
  EntityAssociationRecord,
  FruDeviceLocatorRecord,
  GenericDeviceLocatorRecord,
  OemRecord,
} from './other-records.ts';
import {
  decodeControllerLocator,
  decodeEntityAssociation,
  decodeFruDeviceLocator,
  decodeGenericDeviceLocator,
  decodeOemRecord,
  encodeControllerLocator,
  encodeEntityAssociation,
  encodeFruDeviceLocator,
  encodeGenericDeviceLocator,
  encodeOemRecord,
} from './other-records.ts';
import type { SensorRecord } from './sensor-record.ts';
import { decodeSensorRecord, encodeSensorRecord } from './sensor-record.ts';

/** A type that is not decoded, e.g. 13h management controller confirmation, 14h message channel info. */
export interface OtherRecord {
  kind: 'other';
  recordType: number;
  data: Uint8Array;
}

export type SdrBody =
  | SensorRecord
  | GenericDeviceLocatorRecord
  | FruDeviceLocatorRecord
  | ControllerLocatorRecord
  | EntityAssociationRecord
  | OemRecord
  | OtherRecord;

export interface SdrRecord {
  recordId: number;
  /** E.g. `1.5`. */
  version: string;
  body: SdrBody;
}

export const sdrHeaderLength = 5;

export interface SdrHeader {
  recordId: number;
  version: string;
  recordType: number;
  /** Of the body, in bytes. */
  length: number;
}

export function decodeSdrHeader(bytes: Uint8Array): SdrHeader {
  const reader = new ByteReader(bytes, 'sensor data record header');
  const recordId = reader.uint16LittleEndian();
  const version = reader.byte();
  return { recordId, version: `${version & 0x0f}.${version >> 4}`, recordType: reader.byte(), length: reader.byte() };
}

/** Takes what bytes there are: a length in the header beyond them is not believed. Throws IpmiDecodeError. */
export function decodeSdrRecord(bytes: Uint8Array): SdrRecord {
  const { recordId, version, recordType, length } = decodeSdrHeader(bytes);
  const body = bytes.subarray(sdrHeaderLength, sdrHeaderLength + length);
  return { recordId, version, body: decodeBody(recordType, body) };
}

export function encodeSdrRecord({ recordId, version, body }: SdrRecord): Buffer {
  const [major = '0', minor = '0'] = version.split('.');
  const [type, bytes] = encodeBody(body);
  const header = Buffer.of(recordId & 0xff, recordId >> 8, (Number(minor) << 4) | Number(major), type, bytes.length);
  return Buffer.concat([header, bytes]);
}

function decodeBody(type: number, body: Uint8Array): SdrBody {
  if (type === 0x01) return decodeSensorRecord('full', body);
  if (type === 0x02) return decodeSensorRecord('compact', body);
  if (type === 0x03) return decodeSensorRecord('event-only', body);
  if (type === 0x08 || type === 0x09) return decodeEntityAssociation(type === 0x09, body);
  if (type === 0x10) return decodeGenericDeviceLocator(body);
  if (type === 0x11) return decodeFruDeviceLocator(body);
  if (type === 0x12) return decodeControllerLocator(body);
  if (type === 0xc0) return decodeOemRecord(body);
  return { kind: 'other', recordType: type, data: Buffer.from(body) };
}

function encodeBody(body: SdrBody): [number, Buffer] {
  switch (body.kind) {
    case 'full':
      return [0x01, encodeSensorRecord(body)];
    case 'compact':
      return [0x02, encodeSensorRecord(body)];
    case 'event-only':
      return [0x03, encodeSensorRecord(body)];
    case 'entity-association':
      return [body.deviceRelative ? 0x09 : 0x08, encodeEntityAssociation(body)];
    case 'generic-device-locator':
      return [0x10, encodeGenericDeviceLocator(body)];
    case 'fru-device-locator':
      return [0x11, encodeFruDeviceLocator(body)];
    case 'controller-locator':
      return [0x12, encodeControllerLocator(body)];
    case 'oem':
      return [0xc0, encodeOemRecord(body)];
    case 'other':
      return [body.recordType, Buffer.from(body.data)];
  }
}
