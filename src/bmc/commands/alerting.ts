/** What the BMC does by itself on events, and whom it tells (alerts.ts). */
import { z } from 'zod';
import type { AlertingReading, AlertPolicyReading, EventFilterReading } from '../capabilities/alerting.ts';
import { alertCommands } from './alerts.ts';
import type { BmcCommand, BmcPresentation } from './command.ts';
import { defineBmcCommand } from './command.ts';

const nothing = z.object({});
const action = z.enum(['alert', 'power-off', 'reset', 'power-cycle', 'oem', 'diagnostic-interrupt']);
const information = z.object({
  version: z.string(),
  enabled: z.boolean(),
  possibleActions: z.array(action),
  enabledActions: z.array(action),
  eventMessages: z.boolean(),
  startupDelaySeconds: z.number().optional(),
  alertStartupDelaySeconds: z.number().optional(),
  filterCount: z.number(),
  policyCount: z.number(),
  alertGuid: z.string().optional().describe('in hex; left out where it is the BMC’s own'),
  lastEvent: z
    .object({ lastRecordId: z.number(), lastBySoftware: z.number(), lastByBmc: z.number() })
    .optional()
    .describe('records of the event log'),
});
const filter = z.object({
  number: z.number(),
  enabled: z.boolean(),
  preset: z.boolean(),
  actions: z.array(action),
  alertPolicy: z.number(),
  severity: z.string(),
  generatorId: z.number().optional().describe('left out: any'),
  sensorType: z.number().optional().describe('left out: any'),
  sensorNumber: z.number().optional().describe('left out: any'),
  eventTrigger: z.number().optional().describe('left out: any'),
  offsetMask: z.number(),
});
const policy = z.object({
  number: z.number(),
  policySet: z.number(),
  enabled: z.boolean(),
  rule: z.string(),
  channel: z.number(),
  destination: z.number(),
  stringSelector: z.number().describe('0: none'),
  stringByEvent: z.boolean().describe('the selector names a set of strings, of which the event chooses'),
});
const filterDetails = filter.extend({
  sensorTypeName: z.string().optional(),
  groupControl: z.number(),
  events: z.array(z.string()).describe('those that it lets through'),
  eventData: z
    .array(z.object({ andMask: z.number(), compare1: z.number(), compare2: z.number() }))
    .describe('how the three bytes of event data are matched'),
});
const channel = z.number().int().min(1).max(11).optional();
const byte = (most: number, text: string) => z.number().int().min(0).max(most).optional().describe(text);
const number = z.number().int().min(1).max(127).describe('its number in the table');

export const alertingCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'pef info',
    summary: 'tell whether and how the BMC acts on events',
    effect: 'read',
    parameters: nothing,
    value: information,
    run: (bmc, _parameters, options) => bmc.alerting.info(options),
    present: presentInformation,
  }),
  ...[true, false].map((enabled) =>
    defineBmcCommand({
      name: `pef ${enabled ? 'enable' : 'disable'}`,
      summary: enabled ? 'let the BMC act on events' : 'keep the BMC from acting on events',
      effect: 'change',
      parameters: nothing,
      value: information,
      run: (bmc, _parameters, options) => bmc.alerting.enable(enabled, options),
      present: presentInformation,
    }),
  ),
  defineBmcCommand({
    name: 'pef filters',
    summary: 'list the event filters',
    effect: 'read',
    parameters: nothing,
    value: z.array(filter),
    run: (bmc, _parameters, options) => bmc.alerting.filters(options),
    present: presentFilters,
  }),
  defineBmcCommand({
    name: 'pef filter get',
    summary: 'tell all of one event filter',
    effect: 'read',
    parameters: z.object({ number }),
    positional: ['number'],
    value: filterDetails,
    run: (bmc, parameters, options) => bmc.alerting.filter(parameters.number, options),
    present: (value) => ({ ...presentFilters([value]), line: value.events.join(', ') || 'no event' }),
  }),
  ...[true, false].map((enabled) =>
    defineBmcCommand({
      name: `pef filter ${enabled ? 'enable' : 'disable'}`,
      summary: `${enabled ? 'enable' : 'disable'} one event filter`,
      effect: 'change',
      parameters: z.object({ number }),
      positional: ['number'],
      value: filter,
      run: (bmc, parameters, options) => bmc.alerting.enableFilter(parameters.number, enabled, options),
      present: (value) => presentFilters([value]),
    }),
  ),
  defineBmcCommand({
    name: 'pef policies',
    summary: 'list the alert policies',
    effect: 'read',
    parameters: nothing,
    value: z.array(policy),
    run: (bmc, _parameters, options) => bmc.alerting.policies(options),
    present: presentPolicies,
  }),
  ...[true, false].map((enabled) =>
    defineBmcCommand({
      name: `pef policy ${enabled ? 'enable' : 'disable'}`,
      summary: `${enabled ? 'enable' : 'disable'} one alert policy`,
      effect: 'change',
      parameters: z.object({ number }),
      positional: ['number'],
      value: policy,
      run: (bmc, parameters, options) => bmc.alerting.enablePolicy(parameters.number, enabled, options),
      present: (value) => presentPolicies([value]),
    }),
  ),
  defineBmcCommand({
    name: 'pef policy set',
    summary: 'set whom one alert policy alerts; what is left out stays as it is',
    effect: 'change',
    parameters: z.object({
      number,
      policySet: byte(15, 'the set that it belongs to, by which filters name it'),
      enabled: z.boolean().optional().describe('whether it counts'),
      rule: z
        .enum([
          'always',
          'if-previous-failed-next-entry',
          'if-previous-failed-stop',
          'if-previous-failed-next-channel',
          'if-previous-failed-next-destination-type',
        ])
        .optional()
        .describe('what it does after the one before it in its set'),
      channel: channel.describe('by which the alert goes'),
      destination: byte(15, 'the number in `alert destinations`'),
      stringSelector: byte(127, 'the number of the alert string, or of a set of them; 0: none'),
      stringByEvent: z.boolean().optional().describe('the selector names a set, of which the event chooses'),
    }),
    positional: ['number'],
    value: policy,
    run: (bmc, { number: which, ...wanted }, options) => bmc.alerting.setPolicy(which, wanted, options),
    present: (value) => presentPolicies([value]),
  }),
  defineBmcCommand({
    name: 'pef postpone',
    summary: 'keep the BMC from acting on events for a while',
    effect: 'change',
    parameters: z.object({ seconds: z.number().int().min(0).max(253).describe('0 ends it') }),
    positional: ['seconds'],
    value: z.object({ remainingSeconds: z.number() }),
    run: (bmc, { seconds }, options) => bmc.alerting.postpone(seconds, options),
    present: ({ remainingSeconds }) => ({ line: `${remainingSeconds} s left` }),
  }),
  ...alertCommands,
];

function presentInformation({ enabled, enabledActions, filterCount, policyCount }: AlertingReading): BmcPresentation {
  const does = enabled
    ? `acts on events (${enabledActions.join(', ') || 'no action enabled'})`
    : 'does not act on events';
  return { line: `${does}; ${filterCount} filters, ${policyCount} policies` };
}

function presentFilters(list: readonly EventFilterReading[]): BmcPresentation {
  const any = (value: number | undefined) => value ?? 'any';
  return {
    line: `${list.length} event filters, ${list.filter(({ enabled }) => enabled).length} enabled`,
    table: {
      columns: ['number', 'enabled', 'actions', 'policy', 'severity', 'sensor type', 'sensor'],
      rows: list.map((one) => [
        one.number,
        one.enabled ? 'yes' : 'no',
        one.actions.join(' '),
        one.alertPolicy,
        one.severity,
        any(one.sensorType),
        any(one.sensorNumber),
      ]),
    },
  };
}

function presentPolicies(list: readonly AlertPolicyReading[]): BmcPresentation {
  return {
    line: `${list.length} alert policies, ${list.filter(({ enabled }) => enabled).length} enabled`,
    table: {
      columns: ['number', 'set', 'enabled', 'rule', 'channel', 'destination'],
      rows: list.map((one) => [
        one.number,
        one.policySet,
        one.enabled ? 'yes' : 'no',
        one.rule,
        one.channel,
        one.destination,
      ]),
    },
  };
}
