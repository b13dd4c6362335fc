/** The running of a data centre: power meter and limit, asset tag, temperatures. */
import { z } from 'zod';
import type { PowerLimitReading } from '../capabilities/data-centre.ts';
import type { BmcCommand, BmcPresentation } from './command.ts';
import { defineBmcCommand } from './command.ts';

const nothing = z.object({});
const place = z.enum(['inlet', 'processor', 'baseboard']);
const limit = z.object({
  active: z.boolean(),
  watts: z.number().optional(),
  correctionMs: z.number().optional(),
  samplingSeconds: z.number().optional(),
  whenExceeded: z.string().optional(),
});
const temperatureLimit = z.object({
  place: place.describe('where the sensor is'),
  instance: z.number().int().min(1).max(255).describe('which of the sensors there'),
  celsius: z.number().int().min(1).max(255).describe('the limit in degrees C'),
  exceptionSeconds: z.number().int().min(0).max(65535).default(0).describe('for how long it may be exceeded'),
  powerOff: z.boolean().default(false).describe('switch the machine off then'),
  log: z.boolean().default(true).describe('write it to the event log then'),
});
const assetTag = z.object({ assetTag: z.string().max(63).describe('printable ASCII') });
const controllerName = z.object({ controllerName: z.string().max(63).describe('printable ASCII') });

export const dcmiCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'dcmi capabilities',
    summary: 'tell what of DCMI the BMC has',
    effect: 'read',
    parameters: nothing,
    value: z.object({
      conformance: z.string(),
      supported: z.array(z.string()),
      powerAverages: z.array(z.number()).describe('the rolling averages that are kept, in seconds'),
    }),
    run: (bmc, _parameters, options) => bmc.dataCentre.capabilities(options),
    present: ({ conformance, supported }) => ({ line: `${conformance}: ${supported.join(', ')}` }),
  }),
  defineBmcCommand({
    name: 'dcmi power',
    summary: 'read the power meter',
    effect: 'read',
    parameters: z.object({
      averageSeconds: z
        .number()
        .int()
        .min(1)
        .optional()
        .describe('over one of the rolling averages that `dcmi capabilities` lists; since the BMC began if left out'),
    }),
    value: z.object({
      currentWatts: z.number(),
      minimumWatts: z.number(),
      maximumWatts: z.number(),
      averageWatts: z.number(),
      at: z.string(),
      periodSeconds: z.number(),
      active: z.boolean().describe('false: the power is not measured now'),
    }),
    run: (bmc, { averageSeconds }, options) => bmc.dataCentre.power(averageSeconds, options),
    present: (value) => ({
      line: `${value.currentWatts} W (${value.minimumWatts} to ${value.maximumWatts}, average ${value.averageWatts})`,
    }),
  }),
  defineBmcCommand({
    name: 'dcmi power-limit get',
    summary: 'tell the power limit',
    effect: 'read',
    parameters: nothing,
    value: limit,
    run: (bmc, _parameters, options) => bmc.dataCentre.getPowerLimit(options),
    present: presentLimit,
  }),
  defineBmcCommand({
    name: 'dcmi power-limit set',
    summary: 'set the power limit; it holds when it is activated',
    effect: 'change',
    parameters: z.object({
      watts: z.number().int().min(1).max(65535).describe('the limit'),
      correctionMs: z.number().int().min(0).max(0xffff_ffff).default(1000).describe('how long it may be exceeded'),
      samplingSeconds: z.number().int().min(0).max(65535).default(1).describe('over how long power is averaged'),
      whenExceeded: z
        .enum(['none', 'hard-power-off', 'log-only'])
        .default('log-only')
        .describe('what is done when it cannot be kept'),
    }),
    positional: ['watts'],
    value: limit,
    run: (bmc, parameters, options) => bmc.dataCentre.setPowerLimit(parameters, options),
    present: presentLimit,
  }),
  ...[true, false].map((active) =>
    defineBmcCommand({
      name: `dcmi power-limit ${active ? 'activate' : 'deactivate'}`,
      summary: active ? 'make the power limit hold' : 'lift the power limit',
      effect: 'change',
      parameters: nothing,
      value: limit,
      run: (bmc, _parameters, options) => bmc.dataCentre.activatePowerLimit(active, options),
      present: presentLimit,
    }),
  ),
  defineBmcCommand({
    name: 'dcmi asset-tag get',
    summary: 'read the asset tag',
    effect: 'read',
    parameters: nothing,
    value: assetTag,
    run: (bmc, _parameters, options) => bmc.dataCentre.getAssetTag(options),
    present: (value) => ({ line: value.assetTag }),
  }),
  defineBmcCommand({
    name: 'dcmi asset-tag set',
    summary: 'write the asset tag',
    effect: 'change',
    parameters: assetTag,
    positional: ['assetTag'],
    value: assetTag,
    run: (bmc, parameters, options) => bmc.dataCentre.setAssetTag(parameters.assetTag, options),
    present: (value) => ({ line: value.assetTag }),
  }),
  defineBmcCommand({
    name: 'dcmi controller-name get',
    summary: "read the BMC's own name",
    effect: 'read',
    parameters: nothing,
    value: controllerName,
    run: (bmc, _parameters, options) => bmc.dataCentre.getControllerName(options),
    present: (value) => ({ line: value.controllerName }),
  }),
  defineBmcCommand({
    name: 'dcmi controller-name set',
    summary: "write the BMC's own name",
    effect: 'change',
    parameters: controllerName,
    positional: ['controllerName'],
    value: controllerName,
    run: (bmc, parameters, options) => bmc.dataCentre.setControllerName(parameters.controllerName, options),
    present: (value) => ({ line: value.controllerName }),
  }),
  defineBmcCommand({
    name: 'dcmi thermal',
    summary: 'read the temperatures at inlet, processors and baseboard, and their limits',
    effect: 'read',
    parameters: nothing,
    value: z.object({
      temperatures: z.array(z.object({ place, instance: z.number(), celsius: z.number() })),
      limits: z.array(temperatureLimit),
    }),
    run: (bmc, _parameters, options) => bmc.dataCentre.thermal(options),
    present: ({ temperatures, limits }) => ({
      line: temperatures.map((one) => `${one.place} ${one.instance}: ${one.celsius} °C`).join(', '),
      table: {
        columns: ['place', 'instance', 'degrees C', 'limit'],
        rows: temperatures.map((one) => [
          one.place,
          one.instance,
          one.celsius,
          limits.find((other) => other.place === one.place && other.instance === one.instance)?.celsius,
        ]),
      },
    }),
  }),
  defineBmcCommand({
    name: 'dcmi thermal-limit set',
    summary: 'set at which temperature the BMC acts',
    effect: 'change',
    parameters: temperatureLimit,
    positional: ['place', 'instance', 'celsius'],
    value: temperatureLimit,
    run: (bmc, parameters, options) => bmc.dataCentre.setTemperatureLimit(parameters, options),
    present: (value) => ({ line: `${value.place} ${value.instance}: ${value.celsius} °C` }),
  }),
  defineBmcCommand({
    name: 'dcmi sensors',
    summary: 'tell which sensor records hold the temperatures of inlet, processors and baseboard',
    effect: 'read',
    parameters: nothing,
    value: z.array(z.object({ place, sensors: z.number(), recordIds: z.array(z.number()) })),
    run: (bmc, _parameters, options) => bmc.dataCentre.sensors(options),
    present: (list) => ({
      line: list.map((one) => `${one.place} ${one.sensors}`).join(', '),
      table: {
        columns: ['place', 'sensors', 'records'],
        rows: list.map((one) => [one.place, one.sensors, one.recordIds.join(' ')]),
      },
    }),
  }),
];

function presentLimit({ active, watts, whenExceeded }: PowerLimitReading): BmcPresentation {
  const amount = watts === undefined ? 'no limit told' : `${watts} W, then ${whenExceeded ?? 'none'}`;
  return { line: `${amount}, ${active ? 'active' : 'not active'}` };
}
