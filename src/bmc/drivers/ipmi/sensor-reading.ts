/** One sensor's reading: its value and thresholds, or its states, in words (IPMI v2.0 §35.9, §35.14). */
import { AthanorError } from '../../../errors/index.ts';
import type {
  Conversion,
  IpmiCommand,
  RawThresholds,
  SensorReadingResponse,
  ThresholdName,
} from '../../../protocols/ipmi/index.ts';
import {
  convertReading,
  convertWidth,
  eventSeverity,
  eventText,
  getSensorHysteresis,
  getSensorReading,
  getSensorReadingFactors,
  getSensorThresholds,
  isNonLinear,
  sensorTypeName,
  thresholdNames,
  unitText,
} from '../../../protocols/ipmi/index.ts';
import type { SensorDetails, SensorHealth, SensorReading, SensorThresholds } from '../../capabilities/sensors.ts';
import type { IpmiContext } from './context.ts';
import type { Sensor } from './sensor-population.ts';
import {
  conversionOf,
  entityText,
  isThresholdSensor,
  ownerText,
  targetOf,
  thresholdAccess,
  thresholdMeaning,
} from './sensor-population.ts';

/** A BMC may have a dozen sensors of a controller that is not there: the first of them waits, the others do not. */
const leftAloneMs = 60_000;

/** As much of the driver's context as reading needs. */
type ReaderContext = Pick<IpmiContext, 'clock'> & {
  client: Pick<IpmiContext['client'], 'ask'>;
  quirks: Pick<IpmiContext['quirks'], 'has'>;
};

export interface SensorReader {
  read(sensor: Sensor, signal?: AbortSignal): Promise<SensorReading>;
  describe(sensor: Sensor, signal?: AbortSignal): Promise<SensorDetails>;
  readRawThresholds(sensor: Sensor, signal?: AbortSignal): Promise<RawThresholds>;
}

interface Taken {
  reading: SensorReading;
  answer: SensorReadingResponse | undefined;
}

export function createSensorReader(context: ReaderContext): SensorReader {
  const { client, quirks, clock } = context;
  /** Controllers behind the BMC that did not answer, and until when they are not asked again. */
  const silentUntil = new Map<string, number>();

  /** The answer of whoever owns the sensor, or why there is none. */
  async function ask<Request extends { sensorNumber: number }, Response>(
    command: IpmiCommand<Request, Response>,
    sensor: Sensor,
    request: Request,
    signal?: AbortSignal,
  ): Promise<{ value: Response } | { none: string }> {
    const target = targetOf(sensor, quirks.has('assumebmcowner'));
    if (target === undefined) return { none: `owned by ${ownerText(sensor)}` };
    const bridged = target.through !== undefined;
    const silence = `${ownerText(sensor)} does not answer`;
    if (bridged && (silentUntil.get(silence) ?? 0) > clock.now()) return { none: silence };
    try {
      const answer = await client.ask(command, request, signal, target);
      return 'value' in answer ? answer : { none: answer.refused.text };
    } catch (error) {
      if (!bridged || !(error instanceof AthanorError) || error.code !== 'deadline-exceeded') throw error;
      silentUntil.set(silence, clock.now() + leftAloneMs);
      return { none: silence };
    }
  }

  async function take(sensor: Sensor, signal?: AbortSignal): Promise<Taken> {
    const { record, sensorNumber } = sensor;
    if (record.kind === 'event-only') {
      return { reading: unread(sensor, 'only sends events'), answer: undefined };
    }
    const asked = await ask(getSensorReading, sensor, { sensorNumber }, signal);
    const thresholds = await valuesOf(sensor, await readRawThresholds(sensor, signal), signal);
    if ('none' in asked) return { reading: { ...unread(sensor, asked.none), thresholds }, answer: undefined };
    const answer = asked.value;
    const why = unavailability(answer, quirks.has('ignorescanningdisabled'));
    if (why !== undefined) return { reading: { ...unread(sensor, why), thresholds }, answer };
    const value = await valueOf(sensor, answer.reading, signal);
    const found = { ...unread(sensor, undefined), value, thresholds };
    if (!isThresholdSensor(record)) return { reading: { ...found, ...statesOf(sensor, answer.states ?? 0) }, answer };
    const names = trippedThresholds(sensor, answer.states, found);
    const states = names.map((name) => `at or ${name.startsWith('lower') ? 'below' : 'above'} ${name}`);
    return { reading: { ...found, states, health: thresholdHealth(names, value) }, answer };
  }

  async function factorsAt(sensor: Sensor, raw: number, signal?: AbortSignal): Promise<Conversion | undefined> {
    const conversion = conversionOf(sensor.record);
    if (conversion === undefined || !isNonLinear(conversion.linearization)) return conversion;
    const request = { sensorNumber: sensor.sensorNumber, reading: raw };
    const asked = await ask(getSensorReadingFactors, sensor, request, signal);
    // Without its factors at this point a value would be made up.
    return 'none' in asked ? undefined : { ...conversion, factors: asked.value.factors };
  }

  async function valueOf(sensor: Sensor, raw: number, signal?: AbortSignal): Promise<number | undefined> {
    if (!hasValue(sensor)) return undefined;
    const conversion = await factorsAt(sensor, raw, signal);
    return conversion === undefined ? undefined : convertReading(raw, conversion);
  }

  async function valuesOf(sensor: Sensor, raw: RawThresholds, signal?: AbortSignal): Promise<SensorThresholds> {
    const thresholds: SensorThresholds = {};
    for (const name of thresholdNames) {
      const rawValue = raw[name];
      const value = rawValue === undefined ? undefined : await valueOf(sensor, rawValue, signal);
      if (value !== undefined) thresholds[thresholdMeaning(sensor.record, name)] = value;
    }
    return thresholds;
  }

  /** What the BMC uses now; what the record says where these are fixed. */
  async function readRawThresholds(sensor: Sensor, signal?: AbortSignal): Promise<RawThresholds> {
    const { record, sensorNumber } = sensor;
    if (record.kind !== 'full' || !isThresholdSensor(record)) return {};
    const access = thresholdAccess(record);
    if (access === 'none') return {};
    if (access === 'fixed') return recordedThresholds(sensor);
    const asked = await ask(getSensorThresholds, sensor, { sensorNumber }, signal);
    return 'none' in asked ? {} : asked.value.thresholds;
  }

  async function readHysteresis(sensor: Sensor, signal?: AbortSignal): Promise<SensorDetails['hysteresis']> {
    const { record, sensorNumber } = sensor;
    if (record.kind !== 'full' || !isThresholdSensor(record)) return undefined;
    const access = (record.capabilities >> 4) & 0x03;
    if (access === 0) return undefined;
    const fixed = { positive: record.positiveHysteresis, negative: record.negativeHysteresis };
    const asked = access === 3 ? { value: fixed } : await ask(getSensorHysteresis, sensor, { sensorNumber }, signal);
    // Some BMCs refuse this command and mean what the record says.
    const raw = 'none' in asked ? fixed : asked.value;
    const [positive, negative] = [raw.positive, raw.negative].map((counts) => convertWidth(counts, record));
    return positive === undefined || negative === undefined ? undefined : { positive, negative };
  }

  return {
    readRawThresholds,
    read: async (sensor, signal) => (await take(sensor, signal)).reading,
    async describe(sensor, signal) {
      const { record } = sensor;
      const { reading, answer } = await take(sensor, signal);
      const discrete = record.kind === 'event-only' ? 'events only' : 'discrete';
      return {
        ...reading,
        kind: isThresholdSensor(record) ? 'threshold' : discrete,
        owner: ownerText(sensor),
        raw: answer === undefined ? undefined : { reading: answer.reading, states: answer.states },
        hysteresis: await readHysteresis(sensor, signal),
        range: rangeOf(sensor),
        settableThresholds: settableThresholds(sensor).map((name) => thresholdMeaning(record, name)),
      };
    },
  };
}

/** Raw names, as Set Sensor Thresholds takes them: bits 13:8 of the mask in the record. */
export function settableThresholds({ record }: Sensor): ThresholdName[] {
  if (record.kind === 'event-only' || thresholdAccess(record) !== 'settable') return [];
  return thresholdNames.filter((_, bit) => (record.readingMask & (0x100 << bit)) !== 0);
}

function unread(sensor: Sensor, unavailable: string | undefined): SensorReading {
  const { record } = sensor;
  return {
    name: sensor.name,
    id: sensor.id,
    type: sensorTypeName(record.sensorType),
    entity: entityText(sensor),
    value: undefined,
    unit: record.kind !== 'event-only' && hasValue(sensor) ? unitText(record.units) : '',
    states: [],
    health: 'unknown',
    thresholds: {},
    unavailable,
  };
}

/** A discrete sensor may have an analogue reading beside its states (§43.1, byte 21). */
function hasValue({ record }: Sensor): boolean {
  if (record.kind !== 'full' || record.analogFormat === 3) return false;
  return isThresholdSensor(record) || record.units.base !== 0 || record.units.percentage;
}

function unavailability(answer: SensorReadingResponse, ignoreScanningDisabled: boolean): string | undefined {
  if (!answer.scanningEnabled && !ignoreScanningDisabled) return 'not scanned';
  return answer.unavailable ? 'no reading at present' : undefined;
}

function statesOf({ record }: Sensor, bits: number): { states: string[]; health: SensorHealth } {
  const offsets = Array.from({ length: 15 }, (_, offset) => offset).filter((offset) => (bits & (1 << offset)) !== 0);
  const { readingType, sensorType } = record;
  const states = offsets.map((offset) => eventText(readingType, sensorType, offset) ?? `state ${offset}`);
  const severities = offsets.map((offset) => eventSeverity(readingType, sensorType, offset));
  const worst = (['critical', 'warning', undefined] as const).find((severity) => severities.includes(severity));
  return { states, health: worst ?? (severities.includes(undefined) ? 'unknown' : 'ok') };
}

/** As the BMC says; where it says nothing, as the value lies. */
function trippedThresholds({ record }: Sensor, bits: number | undefined, { value, thresholds }: SensorReading) {
  if (bits !== undefined) {
    return thresholdNames.filter((_, bit) => (bits & (1 << bit)) !== 0).map((name) => thresholdMeaning(record, name));
  }
  return thresholdNames.filter((name) => {
    const limit = thresholds[name];
    if (value === undefined || limit === undefined) return false;
    return name.startsWith('lower') ? value <= limit : value >= limit;
  });
}

function thresholdHealth(tripped: readonly string[], value: number | undefined): SensorHealth {
  if (tripped.length > 0) return tripped.every((name) => name.endsWith('non-critical')) ? 'warning' : 'critical';
  return value === undefined ? 'unknown' : 'ok';
}

/** The record has them upper first, from the worst inwards; bits 5:0 of its mask tell which are there. */
function recordedThresholds({ record }: Sensor): RawThresholds {
  if (record.kind !== 'full') return {};
  const raw: Partial<Record<ThresholdName, number>> = {};
  for (const [bit, name] of thresholdNames.entries()) {
    const value = record.thresholds[5 - bit];
    if (value !== undefined && (record.readingMask & (1 << bit)) !== 0) raw[name] = value;
  }
  return raw;
}

function rangeOf({ record }: Sensor): SensorDetails['range'] {
  if (record.kind !== 'full' || record.analogFormat === 3 || isNonLinear(record.linearization)) return {};
  const flags = record.analogFlags;
  const given: [keyof SensorDetails['range'], boolean, number][] = [
    ['nominal', (flags & 0x01) !== 0, record.nominal],
    ['normalMaximum', (flags & 0x02) !== 0, record.normalMaximum],
    ['normalMinimum', (flags & 0x04) !== 0, record.normalMinimum],
    ['maximum', true, record.sensorMaximum],
    ['minimum', true, record.sensorMinimum],
  ];
  const range: SensorDetails['range'] = {};
  for (const [name, present, raw] of given) {
    const value = present ? convertReading(raw, record) : undefined;
    if (value !== undefined) range[name] = value;
  }
  return range;
}
