/**
 * SEL records (IPMI v2.0 §32): 16 bytes, of three shapes told apart by the record type.
 *
 * | bytes | 02h system event      | C0h–DFh OEM timestamped | E0h–FFh OEM |
 * | ----- | --------------------- | ----------------------- | ----------- |
 * | 1:2   | record id             | record id               | record id   |
 * | 3     | record type           | record type             | record type |
 * | 4:7   | timestamp             | timestamp               | OEM data    |
 * | 8:9   | generator id          | manufacturer id (8:10)  | OEM data    |
 * | 10    | event message format  |                         |             |
 * | 11    | sensor type           | OEM data (11:16)        |             |
 * | 12    | sensor number         |                         |             |
 * | 13    | 7 deassertion, 6:0 event/reading type |         |             |
 * | 14:16 | event data 1–3        |                         |             |
 *
 * Every other record type is kept as it came.
 */
import { ByteReader } from '../byte-reader.ts';

export const selRecordLength = 16;
export const systemEventRecordType = 0x02;

/** What an event says, wherever it travels: SEL, event message buffer, trap. */
export interface EventFields {
  /** 04h for IPMI 1.5 and later, 03h for IPMI 1.0. */
  messageFormat: number;
  sensorType: number;
  sensorNumber: number;
  /** The state ended; else it began. */
  deassertion: boolean;
  /** Event/reading type code (§42.1): 01h threshold, 02h–0Ch generic, 6Fh sensor-specific, 70h–7Fh OEM. */
  eventReadingType: number;
  /** Event data 1–3. */
  eventData: readonly [number, number, number];
}

export interface SystemEventRecord extends EventFields {
  kind: 'system-event';
  recordId: number;
  recordType: number;
  timestamp: number;
  generator: EventGenerator;
}

/** Who raised an event (§32.1, bytes 8:9). */
export type EventGenerator =
  | { kind: 'controller'; address: number; lun: number; channel: number }
  /** `id` 00h–0Fh BIOS, 10h–1Fh SMI handler, 20h–2Fh system management software, 30h–3Fh OEM, 40h–46h remote console. */
  | { kind: 'software'; id: number; lun: number; channel: number };

export interface TimestampedOemRecord {
  kind: 'oem-timestamped';
  recordId: number;
  recordType: number;
  timestamp: number;
  manufacturerId: number;
  /** 6 bytes. */
  data: Uint8Array;
}

export interface SelOemRecord {
  /** `unknown` for the types that the specification reserves. */
  kind: 'oem' | 'unknown';
  recordId: number;
  recordType: number;
  /** 13 bytes. */
  data: Uint8Array;
}

export type SelRecord = SystemEventRecord | TimestampedOemRecord | SelOemRecord;

export function encodeSelRecord(record: SelRecord): Buffer {
  const bytes = Buffer.alloc(selRecordLength);
  bytes.writeUInt16LE(record.recordId, 0);
  bytes[2] = record.recordType;
  switch (record.kind) {
    case 'system-event':
      bytes.writeUInt32LE(record.timestamp, 3);
      encodeGenerator(record.generator).copy(bytes, 7);
      encodeEventFields(record).copy(bytes, 9);
      return bytes;
    case 'oem-timestamped':
      bytes.writeUInt32LE(record.timestamp, 3);
      bytes.writeUIntLE(record.manufacturerId, 7, 3);
      bytes.set(record.data.subarray(0, 6), 10);
      return bytes;
    default:
      bytes.set(record.data.subarray(0, 13), 3);
      return bytes;
  }
}

/** Takes records longer than 16 bytes too: what follows is not of the record. */
export function decodeSelRecord(bytes: Uint8Array): SelRecord {
  const reader = new ByteReader(bytes, 'SEL record');
  const recordId = reader.uint16LittleEndian();
  const recordType = reader.byte();
  if (recordType === systemEventRecordType) {
    const timestamp = reader.uint32LittleEndian();
    const generator = decodeGenerator(reader.bytes(2));
    return { kind: 'system-event', recordId, recordType, timestamp, generator, ...decodeEventFields(reader.bytes(7)) };
  }
  if (recordType >= 0xc0 && recordType <= 0xdf) {
    const timestamp = reader.uint32LittleEndian();
    const manufacturerId = reader.uint24LittleEndian();
    return { kind: 'oem-timestamped', recordId, recordType, timestamp, manufacturerId, data: reader.bytes(6) };
  }
  return { kind: recordType >= 0xe0 ? 'oem' : 'unknown', recordId, recordType, data: reader.bytes(13) };
}

/** The 7 bytes from the message format on, as Platform Event Message has them too (§29.3). */
export function encodeEventFields(event: EventFields): Buffer {
  const direction = (event.deassertion ? 0x80 : 0) | (event.eventReadingType & 0x7f);
  return Buffer.of(event.messageFormat, event.sensorType, event.sensorNumber, direction, ...event.eventData);
}

export function decodeEventFields(bytes: Uint8Array): EventFields {
  const reader = new ByteReader(bytes, 'event');
  const messageFormat = reader.byte();
  const sensorType = reader.byte();
  const sensorNumber = reader.byte();
  const direction = reader.byte();
  const deassertion = (direction & 0x80) !== 0;
  const eventReadingType = direction & 0x7f;
  const eventData: [number, number, number] = [reader.byte(), reader.byte(), reader.byte()];
  return { messageFormat, sensorType, sensorNumber, deassertion, eventReadingType, eventData };
}

/** Byte 1: 7:1 the address or software id, bit 0 software. Byte 2: 7:4 channel, 1:0 LUN. */
function encodeGenerator(generator: EventGenerator): Buffer {
  const first = generator.kind === 'software' ? ((generator.id & 0x7f) << 1) | 0x01 : generator.address & 0xfe;
  return Buffer.of(first, ((generator.channel & 0x0f) << 4) | (generator.lun & 0x03));
}

function decodeGenerator(bytes: Uint8Array): EventGenerator {
  const reader = new ByteReader(bytes, 'event generator');
  const first = reader.byte();
  const second = reader.byte();
  const lun = second & 0x03;
  const channel = second >> 4;
  if ((first & 0x01) !== 0) return { kind: 'software', id: first >> 1, lun, channel };
  return { kind: 'controller', address: first, lun, channel };
}
