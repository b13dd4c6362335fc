/** The BMC's event log and its clock. */
import { z } from 'zod';
import type {
  EventValue,
  SystemEventLogEntry,
  SystemEventLogInfo,
  SystemEventLogTime,
} from '../capabilities/system-event-log.ts';
import type { BmcCommand, BmcPresentation, BmcTable } from './command.ts';
import { defineBmcCommand } from './command.ts';

const nothing = z.object({});
const time = z.iso.datetime();

const eventValue = z.object({ value: z.number(), unit: z.string().describe('`raw` where it cannot be converted') });

const entry = z.object({
  id: z.string(),
  kind: z.enum(['event', 'oem', 'unknown']),
  at: time.optional().describe("left out when the BMC's clock was not set at that time"),
  secondsSinceStart: z.number().optional().describe('in its place: how long the BMC had been running'),
  source: z.string().optional().describe('who raised it'),
  sensor: z.object({ type: z.string(), number: z.number(), name: z.string().optional() }).optional(),
  event: z.string().describe('what happened, in the words of the specification'),
  asserted: z.boolean().describe('the state began; else it ended'),
  details: z.array(z.string()),
  reading: eventValue.optional().describe('what the sensor read'),
  threshold: eventValue.optional().describe('the threshold that was passed'),
  severity: z.enum(['information', 'warning', 'critical', 'unknown']),
  manufacturerId: z.number().optional().describe('IANA enterprise number of who defined an OEM record'),
  raw: z.string().describe('the record as it came, in hex'),
});

const info = z.object({
  entries: z.number(),
  freeBytes: z.number().optional(),
  overflowed: z.boolean().describe('the log was full and entries were lost'),
  lastAddedAt: time.optional(),
  lastClearedAt: time.optional(),
  version: z.string(),
});

const clock = z.object({
  at: time.optional().describe('left out where the clock was never set'),
  secondsSinceStart: z.number().optional().describe('in its place: how long it has been running'),
  utcOffsetMinutes: z.number().optional().describe("the BMC's clock less UTC, where the BMC says that"),
  aheadSeconds: z.number().optional().describe("the BMC's clock less ours"),
});

export const selCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'sel info',
    summary: 'tell how full the event log is',
    effect: 'read',
    parameters: nothing,
    value: info,
    run: (bmc, _parameters, options) => bmc.systemEventLog.info(options),
    present: (value) => ({ line: infoLine(value) }),
  }),
  defineBmcCommand({
    name: 'sel list',
    summary: 'list the entries of the event log, oldest first',
    effect: 'read',
    parameters: z.object({
      after: z
        .string()
        .optional()
        .describe(
          'only what came after this entry: an id, or the cursor of an earlier list, which also tells whether the log was cleared since',
        ),
      last: z.int().min(1).max(65_534).optional().describe('only so many of the newest'),
    }),
    value: z.object({
      entries: z.array(entry),
      cursor: z.string().optional().describe('for the next --after'),
      restarted: z.boolean().describe('the entry given with --after is gone: the log was cleared or has begun anew'),
    }),
    run: (bmc, query, options) => bmc.systemEventLog.list(query, options),
    present: ({ entries, cursor, restarted }) => ({
      line: [
        entries.length === 1 ? '1 entry' : `${entries.length} entries`,
        ...(restarted ? ['the log has begun anew'] : []),
        ...(cursor === undefined ? [] : [`cursor ${cursor}`]),
      ].join(', '),
      table: tableOf(entries),
    }),
  }),
  defineBmcCommand({
    name: 'sel clear',
    summary: 'clear the event log; its entries are gone for good and saved nowhere',
    effect: 'disruptive',
    parameters: nothing,
    value: z.object({ removed: z.number().describe('entries that are gone'), info }),
    run: (bmc, _parameters, options) => bmc.systemEventLog.clear(options),
    present: ({ removed, info: after }) => ({ line: `${removed} entries gone, now ${infoLine(after)}` }),
  }),
  defineBmcCommand({
    name: 'sel delete',
    summary: 'delete one entry of the event log for good',
    effect: 'disruptive',
    parameters: z.object({ id: z.string().describe('id of the entry: decimal, or hex with 0x') }),
    positional: ['id'],
    value: entry,
    run: (bmc, { id }, options) => bmc.systemEventLog.remove(id, options),
    present: (value) => ({ line: `deleted: ${entryLine(value)}` }),
  }),
  defineBmcCommand({
    name: 'sel time get',
    summary: 'tell the time of the clock that stamps the event log',
    effect: 'read',
    parameters: nothing,
    value: clock,
    run: (bmc, _parameters, options) => bmc.systemEventLog.time(options),
    present: presentTime,
  }),
  defineBmcCommand({
    name: 'sel time set',
    summary: 'set the clock that stamps the event log',
    effect: 'change',
    parameters: z.object({
      at: z
        .union([z.literal('now'), z.iso.datetime({ offset: true })])
        .default('now')
        .describe('`now`, or a time as 2026-01-31T12:00:00Z'),
    }),
    positional: ['at'],
    value: clock,
    run: (bmc, { at }, options) => bmc.systemEventLog.setTime(at === 'now' ? undefined : Date.parse(at), options),
    present: presentTime,
  }),
  defineBmcCommand({
    name: 'events read',
    summary: 'take the event out of the buffer that the BMC keeps for system software',
    effect: 'change',
    parameters: nothing,
    value: z.array(entry).describe('at most one'),
    run: (bmc, _parameters, options) => bmc.systemEventLog.takeBufferedEvent(options),
    present: (entries) => ({
      line: entries.map(entryLine).join('') || 'no event is waiting',
    }),
  }),
];

function infoLine({ entries, freeBytes, overflowed, lastAddedAt, lastClearedAt }: SystemEventLogInfo): string {
  return [
    `${entries} entries`,
    ...(freeBytes === undefined ? [] : [`${freeBytes} bytes free`]),
    ...(overflowed ? ['OVERFLOWED: entries were lost'] : []),
    ...(lastAddedAt === undefined ? [] : [`last added ${lastAddedAt}`]),
    ...(lastClearedAt === undefined ? [] : [`cleared ${lastClearedAt}`]),
  ].join(', ');
}

function tableOf(entries: readonly SystemEventLogEntry[]): BmcTable {
  return {
    columns: ['id', 'time', 'severity', 'sensor', 'event', 'state', 'details'],
    rows: entries.map((one) => [
      one.id,
      timeText(one),
      one.severity,
      sensorText(one),
      one.event,
      one.kind === 'event' ? (one.asserted ? 'asserted' : 'deasserted') : '',
      detailText(one),
    ]),
  };
}

function entryLine(one: SystemEventLogEntry): string {
  return [one.id, timeText(one), sensorText(one), one.event, one.asserted ? '' : 'deasserted', detailText(one)]
    .filter((part) => part !== '')
    .join(', ');
}

function timeText({ at, secondsSinceStart }: { at?: string; secondsSinceStart?: number }): string {
  return at ?? (secondsSinceStart === undefined ? 'unknown' : `${secondsSinceStart} s after start`);
}

function sensorText({ sensor, manufacturerId }: SystemEventLogEntry): string {
  if (sensor === undefined) return manufacturerId === undefined ? '' : `manufacturer ${manufacturerId}`;
  const number = `#${sensor.number.toString(16).toUpperCase().padStart(2, '0')}h`;
  return `${sensor.type} ${sensor.name ?? number}`;
}

function detailText({ reading, threshold, details }: SystemEventLogEntry): string {
  return [
    ...(reading === undefined ? [] : [`reading ${valueText(reading)}`]),
    ...(threshold === undefined ? [] : [`threshold ${valueText(threshold)}`]),
    ...details,
  ].join(', ');
}

function valueText({ value, unit }: EventValue): string {
  return unit === 'raw' ? `${value} (raw)` : `${value} ${unit}`.trim();
}

function presentTime({ at, secondsSinceStart, aheadSeconds }: SystemEventLogTime): BmcPresentation {
  if (at === undefined) return { line: `not set, ${timeText({ secondsSinceStart })}` };
  const ahead = aheadSeconds ?? 0;
  const off = ahead === 0 ? 'right' : `${Math.abs(ahead)} s ${ahead > 0 ? 'ahead' : 'behind'}`;
  return { line: `${at}, ${off}` };
}
