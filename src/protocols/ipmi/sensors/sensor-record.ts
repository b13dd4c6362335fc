/**
 * Records that describe sensors: full (type 01h), compact (02h) and event-only (03h), IPMI v2.0 §43.1–§43.3. What they have
 * in common comes first; bytes are counted as in the specification, from 1, and the header has the first five.
 */
import { ByteReader } from '../byte-reader.ts';
import type { IdString } from './id-string.ts';
import { readIdString, writeIdString } from './id-string.ts';
import type { ReadingFactors } from './reading-conversion.ts';
import { readFactors, writeFactors } from './reading-conversion.ts';
import type { SensorUnits } from './sensor-types.ts';

export interface SensorOwner {
  /** The address as on the bus, e.g. 0x20 for the BMC; odd numbers are identifiers of system software. */
  address: number;
  channel: number;
  lun: number;
}

interface Described {
  owner: SensorOwner;
  sensorNumber: number;
  entityId: number;
  entityInstance: number;
  sensorType: number;
  readingType: number;
  oem: number;
  id: IdString;
}

interface Measured extends Described {
  initialization: number;
  /** Bits: 7 ignore if the entity is absent, 6 re-arms itself, 5:4 hysteresis, 3:2 thresholds, 1:0 event messages. */
  capabilities: number;
  /** Bytes 15–16, 17–18, 19–20: event masks, or for a threshold sensor masks of thresholds and of what can be read and set. */
  assertionMask: number;
  deassertionMask: number;
  readingMask: number;
  /** 0 unsigned, 1 one's complement, 2 two's complement, 3 no analogue reading. */
  analogFormat: number;
  units: SensorUnits;
  positiveHysteresis: number;
  negativeHysteresis: number;
}

export interface FullSensorRecord extends Measured {
  kind: 'full';
  /** 0–11 and 0x70–0x7F non-linear. */
  linearization: number;
  factors: ReadingFactors;
  /** Bits 2 normal minimum, 1 normal maximum, 0 nominal reading are given. */
  analogFlags: number;
  nominal: number;
  normalMaximum: number;
  normalMinimum: number;
  sensorMaximum: number;
  sensorMinimum: number;
  /** Raw: upper non-recoverable, critical, non-critical, then lower non-recoverable, critical, non-critical. */
  thresholds: readonly number[];
}

/** How several like sensors share one record. */
export interface RecordSharing {
  /** 0 and 1 both mean one sensor. */
  count: number;
  /** 0 numbers, 1 letters. */
  modifierType: number;
  modifierOffset: number;
  /** The entity instance counts up with the sensor number. */
  entityInstanceIncrements: boolean;
  /** 0 unspecified, 1 input, 2 output; an event-only record has it too. */
  direction: number;
}

export interface CompactSensorRecord extends Measured {
  kind: 'compact';
  sharing: RecordSharing;
}

export interface EventOnlyRecord extends Described {
  kind: 'event-only';
  sharing: RecordSharing;
}

export type SensorRecord = FullSensorRecord | CompactSensorRecord | EventOnlyRecord;

export function decodeSensorRecord(kind: SensorRecord['kind'], body: Uint8Array): SensorRecord {
  const reader = new ByteReader(body, `${kind} sensor record`);
  const address = reader.byte();
  const ownerLun = reader.byte();
  const owner = { address, channel: ownerLun >> 4, lun: ownerLun & 0x03 };
  const [sensorNumber, entityId, entityInstance] = [reader.byte(), reader.byte(), reader.byte()];
  const common = { owner, sensorNumber, entityId, entityInstance };
  if (kind === 'event-only') {
    const [sensorType, readingType] = [reader.byte(), reader.byte()];
    const sharing = readSharing(reader);
    reader.skip(1);
    return { kind, ...common, sensorType, readingType, sharing, oem: reader.byte(), id: readIdString(reader) };
  }
  const measured = { ...common, ...readMeasured(reader) };
  if (kind === 'compact') {
    const sharing = readSharing(reader);
    const [positiveHysteresis, negativeHysteresis] = [reader.byte(), reader.byte()];
    reader.skip(3);
    const oem = reader.byte();
    return { kind, ...measured, sharing, positiveHysteresis, negativeHysteresis, oem, id: readIdString(reader) };
  }
  const linearization = reader.byte() & 0x7f;
  const factors = readFactors(reader);
  const [analogFlags, nominal, normalMaximum] = [reader.byte() & 0x07, reader.byte(), reader.byte()];
  const [normalMinimum, sensorMaximum, sensorMinimum] = [reader.byte(), reader.byte(), reader.byte()];
  const thresholds = [...reader.bytes(6)];
  const [positiveHysteresis, negativeHysteresis] = [reader.byte(), reader.byte()];
  reader.skip(2);
  const oem = reader.byte();
  const analog = { analogFlags, nominal, normalMaximum, normalMinimum, sensorMaximum, sensorMinimum, thresholds };
  const hysteresis = { positiveHysteresis, negativeHysteresis };
  return { kind, ...measured, linearization, factors, ...analog, ...hysteresis, oem, id: readIdString(reader) };
}

export function encodeSensorRecord(record: SensorRecord): Buffer {
  const { owner, sensorNumber, entityId, entityInstance } = record;
  const lun = (owner.channel << 4) | owner.lun;
  const key = Buffer.of(owner.address, lun, sensorNumber, entityId, entityInstance);
  const name = writeIdString(record.id);
  if (record.kind === 'event-only') {
    const types = Buffer.of(record.sensorType, record.readingType);
    return Buffer.concat([key, types, writeSharing(record.sharing), Buffer.of(0, record.oem), name]);
  }
  const measured = writeMeasured(record);
  const hysteresis = [record.positiveHysteresis, record.negativeHysteresis];
  if (record.kind === 'compact') {
    const rest = Buffer.of(...hysteresis, 0, 0, 0, record.oem);
    return Buffer.concat([key, measured, writeSharing(record.sharing), rest, name]);
  }
  const limits = [record.normalMaximum, record.normalMinimum, record.sensorMaximum, record.sensorMinimum];
  return Buffer.concat([
    key,
    measured,
    Buffer.of(record.linearization),
    writeFactors(record.factors),
    Buffer.of(record.analogFlags, record.nominal, ...limits, ...record.thresholds, ...hysteresis, 0, 0, record.oem),
    name,
  ]);
}

/** Bytes 11–23 of full and compact records. */
function readMeasured(reader: ByteReader) {
  const [initialization, capabilities, sensorType, readingType] = [...reader.bytes(4)];
  const assertionMask = reader.uint16LittleEndian();
  const deassertionMask = reader.uint16LittleEndian();
  const readingMask = reader.uint16LittleEndian();
  const first = reader.byte();
  const units: SensorUnits = {
    percentage: (first & 0x01) !== 0,
    modifierUse: (first >> 1) & 0x03,
    rate: (first >> 3) & 0x07,
    base: reader.byte(),
    modifier: reader.byte(),
  };
  return {
    initialization: initialization ?? 0,
    capabilities: capabilities ?? 0,
    sensorType: sensorType ?? 0,
    readingType: readingType ?? 0,
    assertionMask,
    deassertionMask,
    readingMask,
    analogFormat: first >> 6,
    units,
  };
}

function writeMeasured(record: Measured): Buffer {
  const { units } = record;
  const bytes = Buffer.alloc(13);
  bytes.set([record.initialization, record.capabilities, record.sensorType, record.readingType]);
  bytes.writeUInt16LE(record.assertionMask, 4);
  bytes.writeUInt16LE(record.deassertionMask, 6);
  bytes.writeUInt16LE(record.readingMask, 8);
  bytes[10] = (record.analogFormat << 6) | (units.rate << 3) | (units.modifierUse << 1) | (units.percentage ? 1 : 0);
  bytes.set([units.base, units.modifier], 11);
  return bytes;
}

function readSharing(reader: ByteReader): RecordSharing {
  const [first, second] = [reader.byte(), reader.byte()];
  return {
    direction: first >> 6,
    modifierType: (first >> 4) & 0x03,
    count: first & 0x0f,
    entityInstanceIncrements: (second & 0x80) !== 0,
    modifierOffset: second & 0x7f,
  };
}

function writeSharing(sharing: RecordSharing): Buffer {
  return Buffer.of(
    (sharing.direction << 6) | (sharing.modifierType << 4) | sharing.count,
    (sharing.entityInstanceIncrements ? 0x80 : 0) | sharing.modifierOffset,
  );
}
