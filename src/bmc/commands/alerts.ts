/** Where the BMC's alerts go, and what they say. */
import { z } from 'zod';
import type { AlertDestination, AlertString } from '../capabilities/alerting.ts';
import type { BmcCommand, BmcPresentation } from './command.ts';
import { defineBmcCommand } from './command.ts';

const alertString = z.object({
  number: z.number(),
  eventFilter: z.number().describe('0: of none'),
  stringSet: z.number(),
  text: z.string(),
});
const destination = z.object({
  channel: z.number(),
  number: z.number(),
  type: z.string(),
  acknowledged: z.boolean(),
  timeoutSeconds: z.number(),
  retries: z.number(),
  address: z.string(),
  macAddress: z.string().optional(),
});
const nothing = z.object({});
const number = z.number().int().min(1).max(127).describe('its number in the table');
const lanChannel = z
  .number()
  .int()
  .min(1)
  .max(11)
  .optional()
  .describe('the LAN channel; the one that is used if left out');
const byte = (most: number, text: string) => z.number().int().min(0).max(most).optional().describe(text);

export const alertCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'alert destinations',
    summary: 'list whom the BMC alerts over the network',
    effect: 'read',
    parameters: z.object({ channel: lanChannel }),
    value: z.array(destination),
    run: (bmc, { channel }, options) => bmc.alerting.destinations(channel, options),
    present: presentDestinations,
  }),
  defineBmcCommand({
    name: 'alert set-destination',
    summary: 'set where one of the alerts over the network goes; what is left out stays as it is',
    effect: 'change',
    parameters: z.object({
      number: z.number().int().min(1).max(15).describe('its number in `alert destinations`'),
      address: z.string().optional().describe('IPv4, or IPv6 where the BMC can'),
      macAddress: z.string().optional().describe('of the next hop, e.g. 52:54:00:00:01:01; zeros: the BMC finds it'),
      type: z.enum(['platform-event-trap', 'oem1', 'oem2']).optional().describe('what is sent'),
      acknowledged: z.boolean().optional().describe('it counts as delivered only when it was acknowledged'),
      timeoutSeconds: z
        .number()
        .int()
        .min(1)
        .max(256)
        .optional()
        .describe('for an acknowledgement, or between the tries'),
      retries: byte(7, 'how often it is sent again'),
      channel: lanChannel,
    }),
    positional: ['number', 'address'],
    value: destination,
    run: (bmc, { number: which, ...wanted }, options) => bmc.alerting.setDestination(which, wanted, options),
    present: (value) => presentDestinations([value]),
  }),
  defineBmcCommand({
    name: 'alert strings',
    summary: 'list the texts that alerts carry',
    effect: 'read',
    parameters: nothing,
    value: z.array(alertString),
    run: (bmc, _parameters, options) => bmc.alerting.strings(options),
    present: presentStrings,
  }),
  defineBmcCommand({
    name: 'alert set-string',
    summary: 'set a text that alerts carry; what is left out stays as it is',
    effect: 'change',
    parameters: z.object({
      number,
      text: z.string().max(255).optional().describe('printable ASCII, as long as the BMC has room for'),
      eventFilter: byte(127, 'the filter for whose events it is; 0: none'),
      stringSet: byte(127, 'the set that it belongs to, by which policies name it'),
    }),
    positional: ['number', 'text'],
    value: alertString,
    run: (bmc, { number: which, ...wanted }, options) => bmc.alerting.setString(which, wanted, options),
    present: (value) => presentStrings([value]),
  }),
];

function presentDestinations(list: readonly AlertDestination[]): BmcPresentation {
  return {
    line: `${list.length} alert destinations`,
    table: {
      columns: ['number', 'type', 'acknowledged', 'timeout s', 'retries', 'address', 'MAC'],
      rows: list.map((one) => [
        one.number,
        one.type,
        one.acknowledged ? 'yes' : 'no',
        one.timeoutSeconds,
        one.retries,
        one.address,
        one.macAddress,
      ]),
    },
  };
}

function presentStrings(list: readonly AlertString[]): BmcPresentation {
  return {
    line: `${list.length} alert strings`,
    table: {
      columns: ['number', 'filter', 'set', 'text'],
      rows: list.map((one) => [one.number, one.eventFilter, one.stringSet, one.text]),
    },
  };
}
