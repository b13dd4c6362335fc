/** What the BMC measures, and what it says of its sensors. */
import { z } from 'zod';
import { AthanorError } from '../../errors/index.ts';
import type { SensorReading, SensorThresholds } from '../capabilities/sensors.ts';
import { sensorThresholds } from '../capabilities/sensors.ts';
import type { BmcCommand, BmcPresentation } from './command.ts';
import { defineBmcCommand } from './command.ts';

const thresholds = z.object({
  'lower-non-recoverable': z.number().optional(),
  'lower-critical': z.number().optional(),
  'lower-non-critical': z.number().optional(),
  'upper-non-critical': z.number().optional(),
  'upper-critical': z.number().optional(),
  'upper-non-recoverable': z.number().optional(),
});

const readingShape = {
  name: z.string(),
  id: z.string().describe('tells the sensors of one BMC apart'),
  type: z.string(),
  entity: z.string().describe('what the sensor belongs to'),
  value: z.number().optional().describe('left out where there is no reading'),
  unit: z.string().describe('of the value and the thresholds; empty for a sensor that only has states'),
  states: z.array(z.string()).describe("the states that hold now, in the specification's words"),
  health: z.enum(['ok', 'warning', 'critical', 'unknown']),
  thresholds,
  unavailable: z.string().optional().describe('why nothing is known of it now'),
};

const reading = z.object(readingShape);

const details = z.object({
  ...readingShape,
  kind: z.enum(['threshold', 'discrete', 'events only']),
  owner: z.string(),
  raw: z.object({ reading: z.number(), states: z.number().optional() }).optional(),
  hysteresis: z.object({ positive: z.number(), negative: z.number() }).optional(),
  range: z.object({
    nominal: z.number().optional(),
    normalMinimum: z.number().optional(),
    normalMaximum: z.number().optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
  }),
  settableThresholds: z.array(z.enum(sensorThresholds)),
});

const limit = (name: string) => z.number().optional().describe(`the ${name} limit, in the sensor's unit`);
const nameOrId = z.string().min(1).describe('its name, or its id where several have that name');

export const sensorsCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'sensors',
    summary: 'read the sensors',
    effect: 'read',
    parameters: z.object({
      type: z.string().optional().describe('only those of this type, e.g. temperature, fan, "power supply"'),
      name: z.string().optional().describe('only those with this in their name, or of this pattern with * and ?'),
      unhealthy: z.boolean().default(false).describe('only those in a state of warning or worse'),
    }),
    value: z.array(reading),
    async run(bmc, { type, name, unhealthy }, options) {
      const selection = { ...(type !== undefined && { type }), ...(name !== undefined && { pattern: name }) };
      const result = await bmc.sensors.list(selection, options);
      if (result.outcome !== 'done' || !unhealthy) return result;
      return { ...result, value: result.value.filter(({ health }) => health === 'warning' || health === 'critical') };
    },
    present: presentReadings,
  }),
  defineBmcCommand({
    name: 'sensor get',
    summary: 'read all there is to know of one sensor',
    effect: 'read',
    parameters: z.object({ name: nameOrId }),
    positional: ['name'],
    value: z.array(details),
    run: (bmc, { name }, options) => bmc.sensors.describe(name, options),
    present: presentDetails,
  }),
  defineBmcCommand({
    name: 'sensor set-threshold',
    summary: 'set the limits of a sensor',
    effect: 'change',
    parameters: z.object({
      name: nameOrId,
      lowerNonRecoverable: limit('lower non-recoverable'),
      lowerCritical: limit('lower critical'),
      lowerNonCritical: limit('lower non-critical'),
      upperNonCritical: limit('upper non-critical'),
      upperCritical: limit('upper critical'),
      upperNonRecoverable: limit('upper non-recoverable'),
    }),
    positional: ['name'],
    value: details,
    run(bmc, { name, ...limits }, options) {
      const given: [keyof SensorThresholds, number | undefined][] = [
        ['lower-non-recoverable', limits.lowerNonRecoverable],
        ['lower-critical', limits.lowerCritical],
        ['lower-non-critical', limits.lowerNonCritical],
        ['upper-non-critical', limits.upperNonCritical],
        ['upper-critical', limits.upperCritical],
        ['upper-non-recoverable', limits.upperNonRecoverable],
      ];
      const wanted = Object.fromEntries(given.filter(([, value]) => value !== undefined));
      if (Object.keys(wanted).length === 0) {
        throw new AthanorError('invalid-input', 'bmc sensor set-threshold: no limit is given', { field: 'name' });
      }
      return bmc.sensors.setThresholds(name, wanted, options);
    },
    present: (value) => presentDetails([value]),
  }),
  defineBmcCommand({
    name: 'sdr list',
    summary: 'list the records that the BMC keeps of its sensors, units and controllers',
    effect: 'read',
    parameters: z.object({}),
    value: z.array(
      z.object({
        recordId: z.string(),
        kind: z.string(),
        name: z.string(),
        entity: z.string(),
        sensorIds: z.array(z.string()).describe('the sensors it describes'),
        detail: z.string(),
      }),
    ),
    run: (bmc, _parameters, options) => bmc.sensors.listRecords(options),
    present: (records) => ({
      line: `${records.length} records`,
      table: {
        columns: ['record', 'kind', 'name', 'entity', 'sensors', 'detail'],
        rows: records.map(({ recordId, kind, name, entity, sensorIds, detail }) => {
          const sensors = sensorIds.length > 2 ? `${sensorIds[0]} … ${sensorIds.at(-1)}` : sensorIds.join(' ');
          return [recordId, kind, name, entity, sensors, detail];
        }),
      },
    }),
  }),
  defineBmcCommand({
    name: 'sdr info',
    summary: 'tell what the BMC says of the store of these records',
    effect: 'read',
    parameters: z.object({}),
    value: z.object({
      source: z.enum(['repository', 'device']),
      version: z.string().optional(),
      recordCount: z.number(),
      freeBytes: z.number().optional().describe('65534 also means "more"; left out where the BMC does not say'),
      lastAdditionAt: z.number().optional().describe('milliseconds since 1970'),
      lastEraseAt: z.number().optional().describe('milliseconds since 1970'),
      overflowed: z.boolean(),
    }),
    run: (bmc, _parameters, options) => bmc.sensors.recordStore(options),
    present({ source, version, recordCount, freeBytes, overflowed }) {
      const store = `${recordCount} records in the ${source}${version === undefined ? '' : `, version ${version}`}`;
      const free = freeBytes === undefined ? '' : `, ${freeBytes === 0xfffe ? 'at least ' : ''}${freeBytes} bytes free`;
      return { line: `${store}${free}${overflowed ? ', overflowed' : ''}` };
    },
  }),
];

type Shown = Pick<SensorReading, 'name' | 'id' | 'unit' | 'states' | 'health' | 'thresholds'> & {
  value?: number | undefined;
  unavailable?: string | undefined;
};

function presentReadings(readings: readonly Shown[]): BmcPresentation {
  const bad = readings.filter(({ health }) => health === 'warning' || health === 'critical').length;
  return {
    line: `${readings.length} sensors, ${bad === 0 ? 'none' : bad} in a state of warning or worse`,
    table: {
      columns: ['name', 'id', 'value', 'unit', 'health', 'states', 'limits'],
      rows: readings.map((one) => [
        one.name,
        one.id,
        one.value,
        one.unit,
        one.unavailable === undefined ? one.health : one.unavailable,
        one.states.join('; '),
        limitsText(one.thresholds),
      ]),
    },
  };
}

/** A column for each sensor of that name, a row for each thing that is known of one of them. */
function presentDetails(sensors: readonly z.output<typeof details>[]): BmcPresentation {
  const rows: [string, (one: z.output<typeof details>) => string | number | undefined][] = [
    ['id', ({ id }) => id],
    ['type', ({ type, kind }) => `${type} (${kind})`],
    ['entity', ({ entity }) => entity],
    ['owner', ({ owner }) => owner],
    ['value', ({ value, unit }) => (value === undefined ? undefined : `${value} ${unit}`)],
    ['health', ({ health }) => health],
    ['unavailable', ({ unavailable }) => unavailable],
    ['states', ({ states }) => states.join('; ') || undefined],
    ...sensorThresholds.map((name): (typeof rows)[number] => [name, (one) => one.thresholds[name]]),
    ['positive hysteresis', ({ hysteresis }) => hysteresis?.positive],
    ['negative hysteresis', ({ hysteresis }) => hysteresis?.negative],
    ['nominal', ({ range }) => range.nominal],
    ['normal minimum', ({ range }) => range.normalMinimum],
    ['normal maximum', ({ range }) => range.normalMaximum],
    ['minimum', ({ range }) => range.minimum],
    ['maximum', ({ range }) => range.maximum],
    ['limits that can be set', ({ settableThresholds }) => settableThresholds.join(' ') || undefined],
    ['raw', ({ raw }) => raw && `reading ${raw.reading}${raw.states === undefined ? '' : `, states ${raw.states}`}`],
  ];
  const filled = rows
    .map(([label, get]) => [label, ...sensors.map(get)])
    .filter((cells) => cells.slice(1).some((cell) => cell !== undefined));
  return {
    line: presentReadings(sensors).line,
    table: { columns: ['', ...sensors.map(({ name }) => name)], rows: filled },
  };
}

/** E.g. `3 10 … 60 65`: the lower limits, then the upper ones, each from the lowest to the highest. */
function limitsText(limits: Shown['thresholds']): string {
  const [lower, upper] = ['lower', 'upper'].map((side) =>
    sensorThresholds.flatMap((name) => (name.startsWith(side) && limits[name] !== undefined ? [limits[name]] : [])),
  );
  if (lower?.length === 0 && upper?.length === 0) return '';
  return `${lower?.join(' ') ?? ''} … ${upper?.join(' ') ?? ''}`.trim();
}
