/** The sensors of a BMC as its records describe them: what they are called, where they are and how they are asked. */
import { AthanorError } from '../../../errors/index.ts';
import type {
  Conversion,
  IpmiTarget,
  RecordedSensor,
  SdrRecord,
  SensorRecord,
  ThresholdName,
} from '../../../protocols/ipmi/index.ts';
import {
  bmcAddress,
  entityName,
  eventReadingType,
  idStringText,
  inverseLinearization,
  recordedSensors,
  sensorTypeName,
  thresholdNames,
} from '../../../protocols/ipmi/index.ts';
import type { SensorRecordSummary, SensorSelection, SensorThreshold } from '../../capabilities/sensors.ts';

export interface Sensor extends RecordedSensor {
  /** The number in hex; with the LUN and the owner where these are not the usual. */
  id: string;
}

export function sensorsOf(records: readonly SdrRecord[]): Sensor[] {
  const sensors = records.flatMap(({ body }) => ('sensorNumber' in body ? recordedSensors(body) : []));
  return sensors.map((sensor) => ({ ...sensor, id: sensorId(sensor) }));
}

function sensorId({ sensorNumber, owner }: RecordedSensor): string {
  const lun = owner.lun === 0 ? '' : `.${owner.lun}`;
  return `${hex(sensorNumber)}${lun}${owner.address === bmcAddress ? '' : `@${hex(owner.address)}`}`;
}

/**
 * How its owner is reached; undefined where that is software of the system, which answers nobody.
 *
 * @param ownedByBmc whatever the record says
 */
export function targetOf({ owner }: Sensor, ownedByBmc: boolean): IpmiTarget | undefined {
  const lun = owner.lun === 0 ? {} : { lun: owner.lun };
  if (owner.address === bmcAddress || ownedByBmc) return lun;
  if ((owner.address & 0x01) !== 0) return undefined;
  return { ...lun, through: [{ channel: owner.channel, address: owner.address }] };
}

export function ownerText({ owner }: Sensor): string {
  if ((owner.address & 0x01) !== 0) return `system software ${hex(owner.address)}`;
  const lun = owner.lun === 0 ? '' : `, LUN ${owner.lun}`;
  if (owner.address === bmcAddress) return `BMC${lun}`;
  return `controller ${hex(owner.address)} on channel ${owner.channel}${lun}`;
}

export function entityText({ entityId, entityInstance }: { entityId: number; entityInstance: number }): string {
  return `${entityName(entityId)} ${entityInstance & 0x7f}`;
}

export function isThresholdSensor(record: SensorRecord): boolean {
  return record.kind !== 'event-only' && record.readingType === eventReadingType.threshold;
}

/** How its raw values become values; undefined for a sensor whose record has no factors. */
export function conversionOf(record: SensorRecord): Conversion | undefined {
  return record.kind === 'full' ? record : undefined;
}

/** What a raw threshold, or the bit of it, means for the value: where the scale is turned round, upper is lower. */
export function thresholdMeaning(record: SensorRecord, raw: ThresholdName): SensorThreshold {
  if (record.kind !== 'full' || record.linearization !== inverseLinearization) return raw;
  const turned = raw.startsWith('lower') ? raw.replace('lower', 'upper') : raw.replace('upper', 'lower');
  return thresholdNames.find((name) => name === turned) ?? raw;
}

/** Whether Get Sensor Thresholds may tell more than the record: bits 3:2 of the capabilities. */
export function thresholdAccess(record: SensorRecord): 'none' | 'readable' | 'settable' | 'fixed' {
  const access = record.kind === 'event-only' ? 0 : (record.capabilities >> 2) & 0x03;
  return (['none', 'readable', 'settable', 'fixed'] as const)[access] ?? 'none';
}

export function isSelected(sensor: Sensor, { named, pattern, type }: SensorSelection): boolean {
  const name = sensor.name.toLowerCase();
  const typeName = sensorTypeName(sensor.record.sensorType).toLowerCase();
  return (
    (named === undefined || name === named.trim().toLowerCase() || sensor.id === named.trim().toLowerCase()) &&
    (pattern === undefined || fits(name, pattern.toLowerCase())) &&
    (type === undefined || typeName === type.trim().toLowerCase())
  );
}

const typesOfSpecification = Array.from({ length: 0x2c }, (_, at) => sensorTypeName(at + 1));

/** Throws for a type that there is not: a mistyped one selects nothing, which would look as if all were well. */
export function checkSensorType(type: string, sensors: readonly Sensor[]): void {
  const own = [...new Set(sensors.map(({ record }) => sensorTypeName(record.sensorType)))];
  const wanted = type.trim().toLowerCase();
  if ([...own, ...typesOfSpecification].some((name) => name.toLowerCase() === wanted)) return;
  throw new AthanorError('invalid-input', `there is no type of sensors named ${type}`, {
    field: 'type',
    value: type,
    remedy: `Those of this BMC: ${own.toSorted().join(', ')}.`,
  });
}

/** A glob over the whole name, or a part of it where the pattern has no `*` or `?`. Linear: no regular expression. */
function fits(name: string, pattern: string): boolean {
  if (!/[*?]/.test(pattern)) return name.includes(pattern);
  let [at, from, star, starAt] = [0, 0, -1, 0];
  while (at < name.length) {
    if (pattern[from] === '*') {
      [star, starAt] = [from, at];
      from += 1;
    } else if (from < pattern.length && (pattern[from] === '?' || pattern[from] === name[at])) {
      [at, from] = [at + 1, from + 1];
    } else if (star >= 0) {
      starAt += 1;
      [at, from] = [starAt, star + 1];
    } else {
      return false;
    }
  }
  return /^\**$/.test(pattern.slice(from));
}

export function recordSummary({ recordId, body }: SdrRecord): SensorRecordSummary {
  const common = { recordId: hex(recordId, 4), name: 'id' in body ? idStringText(body.id) : '', entity: '' };
  const entity = 'entityId' in body ? entityText(body) : '';
  switch (body.kind) {
    case 'full':
    case 'compact':
    case 'event-only': {
      const kind = body.kind === 'event-only' ? 'event-only sensor' : `${body.kind} sensor`;
      const sensorIds = recordedSensors(body).map(sensorId);
      return { ...common, kind, entity, sensorIds, detail: sensorTypeName(body.sensorType) };
    }
    case 'fru-device-locator': {
      const detail = body.logical ? `FRU ${body.fruId} at ${hex(body.accessAddress)}` : `EEPROM at ${hex(body.fruId)}`;
      return { ...common, kind: 'FRU device', entity, sensorIds: [], detail };
    }
    case 'controller-locator': {
      const detail = `at ${hex(body.slaveAddress)} on channel ${body.channel}`;
      return { ...common, kind: 'management controller', entity, sensorIds: [], detail };
    }
    case 'generic-device-locator': {
      const detail = `at ${hex(body.slaveAddress)} behind ${hex(body.accessAddress)}`;
      return { ...common, kind: 'device', entity, sensorIds: [], detail };
    }
    case 'entity-association': {
      const contained = body.contained.filter(({ entityId }) => entityId !== 0).map(entityText);
      const detail = contained.join((body.flags & 0x80) === 0 ? ', ' : ' … ');
      return { ...common, kind: 'entity association', entity: entityText(body.container), sensorIds: [], detail };
    }
    case 'oem': {
      const detail = `manufacturer ${body.manufacturerId}: ${Buffer.from(body.data).toString('hex')}`;
      return { ...common, kind: 'OEM', sensorIds: [], detail };
    }
    case 'other': {
      const detail = Buffer.from(body.data).toString('hex');
      return { ...common, kind: `type ${hex(body.recordType)}`, sensorIds: [], detail };
    }
  }
}

function hex(value: number, digits = 2): string {
  return `0x${value.toString(16).padStart(digits, '0')}`;
}
