/** Sensors over IPMI: their records, readings and thresholds (IPMI v2.0 §33, §35, §36). */
import { AthanorError } from '../../../errors/index.ts';
import type { RawThresholds, ThresholdName } from '../../../protocols/ipmi/index.ts';
import {
  convertReading,
  isNonLinear,
  nearestRaw,
  setSensorThresholds,
  thresholdNames,
} from '../../../protocols/ipmi/index.ts';
import type {
  SensorDetails,
  SensorReading,
  SensorsCapability,
  SensorSelection,
  SensorThreshold,
  SensorThresholds,
} from '../../capabilities/sensors.ts';
import { sensorThresholds } from '../../capabilities/sensors.ts';
import type { CallOptions } from '../../result.ts';
import type { SdrCache } from '../../sdr-cache.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import type { IpmiContext } from './context.ts';
import { createSdrStore } from './sdr-store.ts';
import { readBack, sendChange } from './send-change.ts';
import type { Sensor } from './sensor-population.ts';
import {
  checkSensorType,
  isSelected,
  recordSummary,
  sensorsOf,
  targetOf,
  thresholdMeaning,
} from './sensor-population.ts';
import { createSensorReader, settableThresholds } from './sensor-reading.ts';

export function ipmiSensors(context: IpmiContext, cache: SdrCache): SensorsCapability {
  const about = { driver: 'ipmi', capability: 'sensors', clock: context.clock } as const;
  const store = createSdrStore(context, cache);
  const reader = createSensorReader(context);

  async function select(selection: SensorSelection, note: Note, signal?: AbortSignal): Promise<Sensor[]> {
    const sensors = sensorsOf(await store.readRecords(note, signal));
    if (selection.type !== undefined) checkSensorType(selection.type, sensors);
    return sensors.filter((sensor) => isSelected(sensor, selection));
  }

  async function named(nameOrId: string, note: Note, signal?: AbortSignal): Promise<Sensor[]> {
    const sensors = await select({ named: nameOrId }, note, signal);
    if (sensors.length > 0) return sensors;
    throw new AthanorError('not-found', `BMC ${context.peer.name} has no sensor ${nameOrId}`, {
      value: nameOrId,
      remedy: 'List the sensors and take a name or id from there.',
    });
  }

  async function list(selection: SensorSelection, note: Note, signal?: AbortSignal): Promise<SensorReading[]> {
    const readings: SensorReading[] = [];
    for (const sensor of await select(selection, note, signal)) readings.push(await reader.read(sensor, signal));
    return readings;
  }

  async function describeAll(nameOrId: string, note: Note, signal?: AbortSignal): Promise<SensorDetails[]> {
    const details: SensorDetails[] = [];
    for (const sensor of await named(nameOrId, note, signal)) details.push(await reader.describe(sensor, signal));
    return details;
  }

  async function change(nameOrId: string, wanted: SensorThresholds, note: Note, { signal }: CallOptions) {
    const [sensor, ...others] = await named(nameOrId, note, signal);
    if (sensor === undefined || others.length > 0) {
      const ids = [sensor, ...others].map((one) => one?.id).join(', ');
      throw new AthanorError('conflict', `${others.length + 1} sensors are called ${nameOrId}: ${ids}`, {
        value: nameOrId,
        remedy: 'Name one of them by its id.',
      });
    }
    const before = await reader.readRawThresholds(sensor, signal);
    const raw = rawWanted(sensor, wanted, before);
    const request = { sensorNumber: sensor.sensorNumber, thresholds: raw };
    const target = targetOf(sensor, context.quirks.has('assumebmcowner'));
    const what = `the thresholds of ${sensor.name}`;
    await sendChange(context, setSensorThresholds, request, what, { signal, target });
    note(setSensorThresholds.name, `${sensor.name}: ${inWords(raw)}, confirmed by the BMC`);
    const after = await readBack(context, what, () => reader.readRawThresholds(sensor, signal));
    note('Get Sensor Thresholds', `${sensor.name}: ${inWords(after)}`);
    const unlike = thresholdNames.filter((name) => raw[name] !== undefined && after[name] !== raw[name]);
    if (unlike.length > 0) {
      throw new AthanorError(
        'bmc-refused',
        `BMC ${context.peer.name} accepted the thresholds of ${sensor.name}, but ${unlike.join(', ')} read back unchanged`,
      );
    }
    return await reader.describe(sensor, signal);
  }

  return {
    list: (selection = {}, options = {}) => settle(about, (note) => list(selection, note, options.signal)),
    describe: (nameOrId, options = {}) => settle(about, (note) => describeAll(nameOrId, note, options.signal)),
    setThresholds: (nameOrId, thresholds, options = {}) =>
      settle(about, (note) => context.lane.change(() => change(nameOrId, thresholds, note, options), options.signal)),
    listRecords: (options = {}) =>
      settle(about, async (note) => (await store.readRecords(note, options.signal)).map(recordSummary)),
    recordStore: (options = {}) => settle(about, (note) => store.info(note, options.signal)),
  };
}

/** The raw bytes that come nearest; refuses what the sensor cannot hold, and limits that contradict each other. */
function rawWanted(sensor: Sensor, wanted: SensorThresholds, before: RawThresholds): RawThresholds {
  const { record, name } = sensor;
  if (record.kind !== 'full' || isNonLinear(record.linearization)) {
    throw new AthanorError('unsupported', `The thresholds of ${name} cannot be set: its values follow no one formula`);
  }
  const settable = settableThresholds(sensor);
  const raw: Partial<Record<ThresholdName, number>> = {};
  for (const threshold of sensorThresholds) {
    const value = wanted[threshold];
    if (value === undefined) continue;
    const rawName = thresholdMeaning(record, threshold);
    if (!settable.includes(rawName)) {
      const words = settable.map((one) => thresholdMeaning(record, one)).join(', ') || 'none';
      throw new AthanorError('unsupported', `${threshold} of ${name} cannot be set; what can be set: ${words}`);
    }
    const nearest = nearestRaw(value, record);
    if (nearest === undefined) throw new AthanorError('unsupported', `${name} has no analogue reading`);
    refuseOutOfRange(sensor, threshold, value, nearest);
    raw[rawName] = nearest;
  }
  if (Object.keys(raw).length === 0) {
    throw new AthanorError('invalid-input', 'No threshold is given', { field: 'thresholds' });
  }
  refuseDisorder(sensor, { ...before, ...raw });
  return raw;
}

function refuseOutOfRange({ record, name }: Sensor, threshold: string, value: number, nearest: number): void {
  if (record.kind !== 'full') return;
  const all = Array.from({ length: 256 }, (_, raw) => convertReading(raw, record)).filter((one) => one !== undefined);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const held = convertReading(nearest, record);
  if (held !== undefined && value >= least && value <= most) return;
  throw new AthanorError('invalid-input', `${threshold} of ${name} must be from ${least} to ${most}`, {
    field: threshold,
    value: String(value),
  });
}

/** From the lowest to the highest, each at most the next: a BMC that takes others raises alarms without end. */
function refuseDisorder({ record, name }: Sensor, raw: RawThresholds): void {
  if (record.kind !== 'full') return;
  let last: { threshold: SensorThreshold; value: number } | undefined;
  for (const threshold of sensorThresholds) {
    const rawValue = raw[thresholdMeaning(record, threshold)];
    const value = rawValue === undefined ? undefined : convertReading(rawValue, record);
    if (value === undefined) continue;
    if (last !== undefined && value < last.value) {
      throw new AthanorError(
        'invalid-input',
        `${name}: ${threshold} ${value} would be below ${last.threshold} ${last.value}`,
        { field: threshold, value: String(value), remedy: 'Change both, or set one that fits the other.' },
      );
    }
    last = { threshold, value };
  }
}

function inWords(raw: RawThresholds): string {
  return thresholdNames.flatMap((name) => (raw[name] === undefined ? [] : [`${name} raw ${raw[name]}`])).join(', ');
}
