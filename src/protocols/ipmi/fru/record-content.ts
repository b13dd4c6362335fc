/** What the records of a multi-record area hold (FRU Information Storage Definition v1.0 §18). Voltages in units of 10 mV. */
import { ByteReader } from '../byte-reader.ts';
import { IpmiDecodeError } from '../decode-error.ts';

export const fruRecordType = {
  powerSupply: 0x00,
  dcOutput: 0x01,
  dcLoad: 0x02,
  managementAccess: 0x03,
  baseCompatibility: 0x04,
  extendedCompatibility: 0x05,
  firstOem: 0xc0,
} as const;

/** §18.1: 24 bytes. */
export interface PowerSupplyRecord {
  content: 'power-supply';
  /** 12 bits. */
  overallCapacityWatts: number;
  peakVoltAmperes: number;
  inrushAmperes: number;
  inrushIntervalMs: number;
  /** Each range's ends in 10 mV; 0 where the supply has no such range. */
  inputRange1: readonly [low: number, high: number];
  inputRange2: readonly [low: number, high: number];
  inputFrequencyHz: readonly [low: number, high: number];
  dropoutToleranceMs: number;
  /** Bits: 0 predictive fail, 1 power factor correction, 2 autoswitch, 3 hot swap, 4 tachometer / fail polarity. */
  flags: number;
  /** 12 bits. */
  peakWatts: number;
  holdUpSeconds: number;
  /** Voltages of the combined wattage: 0 12 V, 1 −12 V, 2 5 V, 3 3.3 V. */
  combinedVoltages: readonly [first: number, second: number];
  combinedWatts: number;
  /** Revolutions per second; 0 where the supply reports failure otherwise. */
  tachometerLimit: number;
}

/** §18.2, §18.3: 13 bytes. */
export interface DirectCurrentRecord {
  content: 'dc-output' | 'dc-load';
  outputNumber: number;
  /** Of an output: it is there when the supply is switched off. */
  standby: boolean;
  nominal: number;
  /** Greatest deviation downwards and upwards of an output; least and greatest voltage of a load. */
  low: number;
  high: number;
  rippleMillivolts: number;
  minimumMilliamperes: number;
  maximumMilliamperes: number;
}

/** §18.4. */
export interface ManagementAccessRecord {
  content: 'management-access';
  /** 1 system URL, 2 system name, 3 system ping address, 4–6 the same of the component, 7 system id. */
  subType: number;
  data: Uint8Array;
}

/** §18.5, §18.6. */
export interface CompatibilityRecord {
  content: 'base-compatibility' | 'extended-compatibility';
  manufacturerId: number;
  entityId: number;
  compatibilityBase: number;
  codeStart: number;
  codeMask: Uint8Array;
}

/** §18.7: C0h–FFh. */
export interface OemFruRecord {
  content: 'oem';
  manufacturerId: number;
  data: Uint8Array;
}

/** Of a type that is not known here, or cut short. */
export interface UnknownFruRecord {
  content: 'unknown';
  data: Uint8Array;
}

export type FruRecordContent =
  | PowerSupplyRecord
  | DirectCurrentRecord
  | ManagementAccessRecord
  | CompatibilityRecord
  | OemFruRecord
  | UnknownFruRecord;

/** Never throws: a record whose data do not fit its type is `unknown`. */
export function decodeRecordContent(recordType: number, data: Uint8Array): FruRecordContent {
  try {
    return decodeKnown(recordType, data);
  } catch (error) {
    if (!(error instanceof IpmiDecodeError)) throw error;
    return { content: 'unknown', data: Buffer.from(data) };
  }
}

export function encodeRecordContent(record: FruRecordContent): Buffer {
  switch (record.content) {
    case 'power-supply':
      return encodePowerSupply(record);
    case 'dc-output':
    case 'dc-load':
      return encodeDirectCurrent(record);
    case 'management-access':
      return Buffer.concat([Buffer.of(record.subType), record.data]);
    case 'base-compatibility':
    case 'extended-compatibility':
      return Buffer.concat([
        uint24(record.manufacturerId),
        Buffer.of(record.entityId, record.compatibilityBase, record.codeStart),
        record.codeMask,
      ]);
    case 'oem':
      return Buffer.concat([uint24(record.manufacturerId), record.data]);
    case 'unknown':
      return Buffer.from(record.data);
  }
}

function decodeKnown(recordType: number, data: Uint8Array): FruRecordContent {
  const reader = new ByteReader(data, 'FRU record');
  switch (recordType) {
    case fruRecordType.powerSupply:
      return decodePowerSupply(reader);
    case fruRecordType.dcOutput:
      return decodeDirectCurrent(reader, 'dc-output');
    case fruRecordType.dcLoad:
      return decodeDirectCurrent(reader, 'dc-load');
    case fruRecordType.managementAccess:
      return { content: 'management-access', subType: reader.byte(), data: reader.rest() };
    case fruRecordType.baseCompatibility:
      return decodeCompatibility(reader, 'base-compatibility');
    case fruRecordType.extendedCompatibility:
      return decodeCompatibility(reader, 'extended-compatibility');
    default:
      if (recordType < fruRecordType.firstOem) return { content: 'unknown', data: reader.rest() };
      return { content: 'oem', manufacturerId: reader.uint24LittleEndian(), data: reader.rest() };
  }
}

function decodePowerSupply(reader: ByteReader): PowerSupplyRecord {
  const uint16 = (): number => reader.uint16LittleEndian();
  const overallCapacityWatts = uint16() & 0x0fff;
  const peakVoltAmperes = uint16();
  const inrushAmperes = reader.byte();
  const inrushIntervalMs = reader.byte();
  const inputRange1 = [uint16(), uint16()] as const;
  const inputRange2 = [uint16(), uint16()] as const;
  const inputFrequencyHz = [reader.byte(), reader.byte()] as const;
  const dropoutToleranceMs = reader.byte();
  const flags = reader.byte();
  const peak = uint16();
  const voltages = reader.byte();
  return {
    content: 'power-supply',
    overallCapacityWatts,
    peakVoltAmperes,
    inrushAmperes,
    inrushIntervalMs,
    inputRange1,
    inputRange2,
    inputFrequencyHz,
    dropoutToleranceMs,
    flags,
    peakWatts: peak & 0x0fff,
    holdUpSeconds: peak >> 12,
    combinedVoltages: [voltages >> 4, voltages & 0x0f],
    combinedWatts: uint16(),
    tachometerLimit: reader.byte(),
  };
}

function encodePowerSupply(record: PowerSupplyRecord): Buffer {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt16LE(record.overallCapacityWatts & 0x0fff, 0);
  bytes.writeUInt16LE(record.peakVoltAmperes, 2);
  bytes[4] = record.inrushAmperes;
  bytes[5] = record.inrushIntervalMs;
  bytes.writeUInt16LE(record.inputRange1[0], 6);
  bytes.writeUInt16LE(record.inputRange1[1], 8);
  bytes.writeUInt16LE(record.inputRange2[0], 10);
  bytes.writeUInt16LE(record.inputRange2[1], 12);
  bytes[14] = record.inputFrequencyHz[0];
  bytes[15] = record.inputFrequencyHz[1];
  bytes[16] = record.dropoutToleranceMs;
  bytes[17] = record.flags;
  bytes.writeUInt16LE(((record.holdUpSeconds & 0x0f) << 12) | (record.peakWatts & 0x0fff), 18);
  bytes[20] = ((record.combinedVoltages[0] & 0x0f) << 4) | (record.combinedVoltages[1] & 0x0f);
  bytes.writeUInt16LE(record.combinedWatts, 21);
  bytes[23] = record.tachometerLimit;
  return bytes;
}

function decodeDirectCurrent(reader: ByteReader, content: DirectCurrentRecord['content']): DirectCurrentRecord {
  const first = reader.byte();
  const int16 = (): number => reader.bytes(2).readInt16LE(0);
  return {
    content,
    outputNumber: first & 0x0f,
    standby: (first & 0x80) !== 0,
    nominal: int16(),
    low: int16(),
    high: int16(),
    rippleMillivolts: reader.uint16LittleEndian(),
    minimumMilliamperes: reader.uint16LittleEndian(),
    maximumMilliamperes: reader.uint16LittleEndian(),
  };
}

function encodeDirectCurrent(record: DirectCurrentRecord): Buffer {
  const bytes = Buffer.alloc(13);
  bytes[0] = (record.standby ? 0x80 : 0) | (record.outputNumber & 0x0f);
  bytes.writeInt16LE(record.nominal, 1);
  bytes.writeInt16LE(record.low, 3);
  bytes.writeInt16LE(record.high, 5);
  bytes.writeUInt16LE(record.rippleMillivolts, 7);
  bytes.writeUInt16LE(record.minimumMilliamperes, 9);
  bytes.writeUInt16LE(record.maximumMilliamperes, 11);
  return bytes;
}

function decodeCompatibility(reader: ByteReader, content: CompatibilityRecord['content']): CompatibilityRecord {
  return {
    content,
    manufacturerId: reader.uint24LittleEndian(),
    entityId: reader.byte(),
    compatibilityBase: reader.byte(),
    codeStart: reader.byte(),
    codeMask: reader.rest(),
  };
}

function uint24(value: number): Buffer {
  const bytes = Buffer.alloc(3);
  bytes.writeUIntLE(value, 0, 3);
  return bytes;
}
