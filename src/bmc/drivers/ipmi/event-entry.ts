/** Turns records of the event log into what people read. */
import type { EventGenerator, SystemEventRecord } from '../../../protocols/ipmi/index.ts';
import { decodeSelRecord, eventDetails, readEventData, readTimestamp } from '../../../protocols/ipmi/index.ts';
import { eventSeverity, eventText, sensorTypeName } from '../../../protocols/ipmi/index.ts';
import type { EventValue, SystemEventLogEntry } from '../../capabilities/system-event-log.ts';

/** What is known of a sensor beside its number. */
export interface KnownSensor {
  name: string;
  /** Undefined where a raw value means nothing in units. */
  convert(raw: number): EventValue | undefined;
}

export type FindSensor = (record: SystemEventRecord) => KnownSensor | undefined;

/** @param utcOffsetMinutes of the BMC's clock; 0 where it does not say */
export function toEntry(raw: Uint8Array, findSensor: FindSensor, utcOffsetMinutes: number): SystemEventLogEntry {
  const record = decodeSelRecord(raw);
  const hex = Buffer.from(raw).toString('hex');
  const id = String(record.recordId);
  if (record.kind === 'system-event') {
    return { id, ...timeOf(record.timestamp, utcOffsetMinutes), ...eventOf(record, findSensor), raw: hex };
  }
  const data = Buffer.from(record.data).toString('hex').toUpperCase();
  const type = `${record.recordType.toString(16).toUpperCase().padStart(2, '0')}h`;
  const common = { id, asserted: true, severity: 'unknown', raw: hex } as const;
  if (record.kind !== 'oem-timestamped') {
    const event = record.kind === 'oem' ? `OEM record ${type}: ${data}` : `record of reserved type ${type}: ${data}`;
    return { ...common, kind: record.kind, details: [], event };
  }
  const { manufacturerId, timestamp } = record;
  return {
    ...common,
    details: [],
    kind: 'oem',
    ...timeOf(timestamp, utcOffsetMinutes),
    manufacturerId,
    event: `OEM record ${type}: ${data}`,
  };
}

/** ISO time, or seconds since the BMC started; nothing where the BMC knew neither. */
export function timeOf(timestamp: number, utcOffsetMinutes: number): { at?: string; secondsSinceStart?: number } {
  const time = readTimestamp(timestamp);
  if (time.kind === 'unspecified') return {};
  if (time.kind === 'since-initialization') return { secondsSinceStart: time.seconds };
  return { at: isoSeconds((time.seconds - utcOffsetMinutes * 60) * 1000) };
}

/** The log's clock counts seconds: no milliseconds are made up. */
export function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

function eventOf(record: SystemEventRecord, findSensor: FindSensor): Omit<SystemEventLogEntry, 'id' | 'raw'> {
  const { sensorType, eventReadingType, sensorNumber } = record;
  const parts = readEventData(record);
  const known = findSensor(record);
  const text = eventText(eventReadingType, sensorType, parts.offset);
  const reading = valueOf(parts.triggerReading, known);
  const threshold = valueOf(parts.triggerThreshold, known);
  return {
    kind: 'event',
    source: sourceOf(record.generator),
    sensor: {
      type: sensorTypeName(sensorType),
      number: sensorNumber,
      ...(known !== undefined && { name: known.name }),
    },
    event: text ?? unnamedEvent(record, parts.offset),
    asserted: !record.deassertion,
    details: eventDetails(record),
    ...(reading !== undefined && { reading }),
    ...(threshold !== undefined && { threshold }),
    severity: severityOf(record, parts.offset),
  };
}

function unnamedEvent(record: SystemEventRecord, offset: number): string {
  const data = Buffer.from(record.eventData).toString('hex').toUpperCase();
  const type = record.eventReadingType;
  const oem = type >= 0x70 && type <= 0x7f;
  return `${oem ? 'OEM event' : 'event'}, type ${hexByte(type)}, offset ${offset}, data ${data}`;
}

/** The end of a bad state is good news. */
function severityOf(record: SystemEventRecord, offset: number): SystemEventLogEntry['severity'] {
  const severity = eventSeverity(record.eventReadingType, record.sensorType, offset);
  if (severity === undefined) return 'unknown';
  return record.deassertion ? 'information' : severity;
}

function valueOf(raw: number | undefined, known: KnownSensor | undefined): EventValue | undefined {
  return raw === undefined ? undefined : (known?.convert(raw) ?? { value: raw, unit: 'raw' });
}

/** §32.1: software ids of Table 5-4. */
function sourceOf(generator: EventGenerator): string {
  if (generator.kind === 'controller') {
    const where = [
      ...(generator.channel === 0 ? [] : [`channel ${generator.channel}`]),
      ...(generator.lun === 0 ? [] : [`LUN ${generator.lun}`]),
    ];
    return [`management controller ${hexByte(generator.address)}`, ...where].join(', ');
  }
  const { id } = generator;
  if (id <= 0x0f) return 'BIOS';
  if (id <= 0x1f) return 'SMI handler';
  if (id <= 0x2f) return 'system management software';
  if (id <= 0x3f) return 'OEM software';
  if (id <= 0x46) return `remote console ${id - 0x40 + 1}`;
  if (id === 0x47) return 'terminal mode remote console';
  return `software ${hexByte(id)}`;
}

function hexByte(value: number): string {
  return `${value.toString(16).toUpperCase().padStart(2, '0')}h`;
}
