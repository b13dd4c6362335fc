/** What ipmitool and FreeIPMI print of sensors, taken apart. */
import type { SensorThreshold } from '../capabilities/sensors.ts';

export interface ListedSensor {
  name: string;
  /** As printed, e.g. `3840.000`, `0x1`, `na`. */
  value: string;
  unit: string;
  /** `ok`, `nc`, `cr`, `nr`; the state bytes of a discrete sensor, e.g. `0x0100`; `na`. */
  status: string;
  thresholds: Partial<Record<SensorThreshold, number>>;
}

const order: readonly SensorThreshold[] = [
  'lower-non-recoverable',
  'lower-critical',
  'lower-non-critical',
  'upper-non-critical',
  'upper-critical',
  'upper-non-recoverable',
];

/** `ipmitool sensor list`: `NAME | value | unit | status | six thresholds from the lowest`. */
export function parseSensorList(printed: string): ListedSensor[] {
  return linesOf(printed).map((line) => {
    const [name = '', value = '', unit = '', status = '', ...limits] = line.split('|').map((cell) => cell.trim());
    return { name, value, unit, status, thresholds: limitsOf(limits, 'na') };
  });
}

/** The states of a discrete sensor as bits; ipmitool prints the byte with the lower ones first. */
export function stateBits(status: string): number {
  const bytes = Number.parseInt(status.slice(2), 16);
  return ((bytes >> 8) | (bytes << 8)) & 0x7fff;
}

export interface ListedRecord {
  name: string;
  number: number;
  entityId: number;
  entityInstance: number;
  /** The rest, e.g. `Event-Only`, `Logical FRU @00h`. */
  text: string;
}

/** `ipmitool sdr elist all`: `NAME | 30h | ok | 29.1 | text`. */
export function parseExtendedList(printed: string): ListedRecord[] {
  return linesOf(printed).map((line) => {
    const [name = '', number = '', , entity = '', text = ''] = line.split('|').map((cell) => cell.trim());
    const [entityId, entityInstance] = entity.split('.').map(Number);
    return {
      name,
      number: Number.parseInt(number, 16),
      entityId: entityId ?? -1,
      entityInstance: entityInstance ?? -1,
      text,
    };
  });
}

export interface InterpretedSensor {
  recordId: number;
  name: string;
  type: string;
  /** `Nominal`, `Warning`, `Critical`, `N/A`. */
  state: string;
  value: string;
  unit: string;
  thresholds: Partial<Record<SensorThreshold, number>>;
  events: string[];
}

/** `ipmi-sensors --output-sensor-thresholds --output-sensor-state --comma-separated-output`. */
export function parseFreeIpmi(printed: string): InterpretedSensor[] {
  const rows = linesOf(printed).filter((line) => /^\d+,/.test(line));
  return rows.map((line) => {
    const [id, name = '', type = '', state = '', value = '', unit = '', ...rest] = line.split(',');
    const events = [
      ...rest
        .slice(6)
        .join(',')
        .matchAll(/'([^']*)'/g),
    ].map(([, event = '']) => event);
    const thresholds = limitsOf(rest.slice(0, 6), 'N/A');
    return { recordId: Number(id), name: name.trim(), type, state, value, unit, thresholds, events };
  });
}

function limitsOf(cells: readonly string[], none: string): Partial<Record<SensorThreshold, number>> {
  const limits: Partial<Record<SensorThreshold, number>> = {};
  for (const [index, name] of order.entries()) {
    const cell = cells[index];
    if (cell !== undefined && cell !== none) limits[name] = Number(cell);
  }
  return limits;
}

function linesOf(printed: string): string[] {
  return printed.split('\n').filter((line) => line.trim() !== '');
}
