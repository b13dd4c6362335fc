/** Platform event filtering and alerts over IPMI (IPMI v2.0 §30, LAN parameters 17–19 of §23.2). */
import { AthanorError } from '../../../errors/index.ts';
import type { AlertPolicy, EventFilter } from '../../../protocols/ipmi/index.ts';
import {
  alertPolicyRules,
  armPefPostponeTimer,
  decodeAlertPolicy,
  decodeEventFilter,
  decodePefByte,
  decodePefControl,
  decodePefSystemGuid,
  encodeAlertPolicy,
  encodePefControl,
  getLastProcessedEventId,
  getPefCapabilities,
  getPefConfigurationParameters,
  IpmiDecodeError,
  noData,
  pefActionsOf,
  pefParameter,
  pefSeverities,
  postponeTimer,
  setPefConfigurationParameters,
} from '../../../protocols/ipmi/index.ts';
import type {
  AlertingCapability,
  AlertingReading,
  AlertPolicyReading,
  EventFilterReading,
} from '../../capabilities/alerting.ts';
import type { CallOptions } from '../../result.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import { readAlertDestinations } from './alert-destinations.ts';
import type { IpmiContext } from './context.ts';

export function ipmiAlerting(context: IpmiContext): AlertingCapability {
  const about = { driver: 'ipmi', capability: 'alerting', clock: context.clock } as const;
  const change = <Value>(options: CallOptions, task: (note: Note) => Promise<Value>) =>
    settle(about, (note) => context.lane.change(() => task(note), options.signal));
  return {
    info: (options = {}) => settle(about, (note) => readInfo(context, note, options.signal)),
    enable: (enabled, options = {}) =>
      change(options, async (note) => {
        const control = await get(context, pefParameter.control, 0, decodePefControl, options.signal);
        await set(context, pefParameter.control, encodePefControl({ ...control, enabled }), note, options.signal);
        const seen = await readInfo(context, note, options.signal);
        if (seen.enabled !== enabled) throw disagrees(context, 'event filtering');
        return seen;
      }),
    filters: (options = {}) =>
      settle(about, async (note) => {
        const count = await get(context, pefParameter.eventFilterCount, 0, decodePefByte, options.signal);
        note(getPefConfigurationParameters.name, `${count} event filters`);
        const all: EventFilterReading[] = [];
        for (let number = 1; number <= count; number += 1) all.push(await readFilter(context, number, options.signal));
        return all;
      }),
    enableFilter: (number, enabled, options = {}) =>
      change(options, async (note) => {
        const filter = await get(context, pefParameter.eventFilter, number, decodeEventFilter, options.signal);
        const first = Buffer.of(number, (enabled ? 0x80 : 0) | (filter.type << 5));
        await set(context, pefParameter.eventFilterFirstByte, first, note, options.signal);
        const seen = await readFilter(context, number, options.signal);
        if (seen.enabled !== enabled) throw disagrees(context, `event filter ${number}`);
        return seen;
      }),
    policies: (options = {}) =>
      settle(about, async (note) => {
        const count = await get(context, pefParameter.alertPolicyCount, 0, decodePefByte, options.signal);
        note(getPefConfigurationParameters.name, `${count} alert policies`);
        const all: AlertPolicyReading[] = [];
        for (let number = 1; number <= count; number += 1) {
          all.push(toPolicy(await get(context, pefParameter.alertPolicy, number, decodeAlertPolicy, options.signal)));
        }
        return all;
      }),
    enablePolicy: (number, enabled, options = {}) =>
      change(options, async (note) => {
        const read = () => get(context, pefParameter.alertPolicy, number, decodeAlertPolicy, options.signal);
        const policy = await read();
        await set(context, pefParameter.alertPolicy, encodeAlertPolicy({ ...policy, enabled }), note, options.signal);
        const seen = await read();
        if (seen.enabled !== enabled) throw disagrees(context, `alert policy ${number}`);
        return toPolicy(seen);
      }),
    postpone: (seconds, options = {}) =>
      change(options, async (note) => {
        await context.client.run(armPefPostponeTimer, { timer: seconds }, options.signal);
        const read = { timer: postponeTimer.readOnly };
        const { countdown } = await context.client.run(armPefPostponeTimer, read, options.signal);
        note(armPefPostponeTimer.name, `${countdown} s are left`);
        if (countdown > 0 !== seconds > 0) throw disagrees(context, 'the postpone timer');
        return { remainingSeconds: countdown };
      }),
    destinations: (channel, options = {}) =>
      settle(about, (note) => readAlertDestinations(context, channel, note, options.signal)),
  };
}

async function readInfo(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<AlertingReading> {
  const { client } = context;
  const capabilities = await client.run(getPefCapabilities, noData, signal);
  note(getPefCapabilities.name, `version ${capabilities.version}, ${capabilities.eventFilterCount} event filters`);
  const control = await get(context, pefParameter.control, 0, decodePefControl, signal);
  const optional = <Value>(parameter: number, decode: (data: Uint8Array) => Value) =>
    getOptional(context, parameter, 0, decode, signal);
  const guid = await optional(pefParameter.systemGuid, decodePefSystemGuid);
  const startupDelaySeconds = await optional(pefParameter.startupDelay, decodePefByte);
  const alertStartupDelaySeconds = await optional(pefParameter.alertStartupDelay, decodePefByte);
  const last = await client.ask(getLastProcessedEventId, noData, signal);
  return {
    version: capabilities.version,
    enabled: control.enabled,
    possibleActions: pefActionsOf(capabilities.actions),
    enabledActions: pefActionsOf((await optional(pefParameter.actionGlobalControl, decodePefByte)) ?? 0),
    eventMessages: control.eventMessages,
    ...(startupDelaySeconds !== undefined && { startupDelaySeconds }),
    ...(alertStartupDelaySeconds !== undefined && { alertStartupDelaySeconds }),
    filterCount: capabilities.eventFilterCount,
    policyCount: (await optional(pefParameter.alertPolicyCount, decodePefByte)) ?? 0,
    ...(guid?.used === true && { alertGuid: Buffer.from(guid.guid).toString('hex') }),
    ...('value' in last && {
      lastEvent: {
        lastRecordId: last.value.lastRecordId,
        lastBySoftware: last.value.lastBySoftware,
        lastByBmc: last.value.lastByBmc,
      },
    }),
  };
}

async function readFilter(context: IpmiContext, number: number, signal?: AbortSignal): Promise<EventFilterReading> {
  return toFilter(await get(context, pefParameter.eventFilter, number, decodeEventFilter, signal));
}

function toFilter(filter: EventFilter): EventFilterReading {
  const unlessAny = (value: number, any = 0xff) => (value === any ? undefined : value);
  const { number, enabled, type, alertPolicy, offsetMask } = filter;
  return {
    number,
    enabled,
    preset: type === 2,
    actions: pefActionsOf(filter.actions),
    alertPolicy,
    severity: pefSeverities[filter.severity] ?? `severity ${filter.severity}`,
    generatorId: unlessAny(filter.generatorId, 0xffff),
    sensorType: unlessAny(filter.sensorType),
    sensorNumber: unlessAny(filter.sensorNumber),
    eventTrigger: unlessAny(filter.eventTrigger),
    offsetMask,
  };
}

function toPolicy(policy: AlertPolicy): AlertPolicyReading {
  const { number, policySet, enabled, rule, channel, destination, stringSelector } = policy;
  const named = alertPolicyRules[rule] ?? `rule ${rule}`;
  return { number, policySet, enabled, rule: named, channel, destination, stringSelector };
}

async function get<Value>(
  context: IpmiContext,
  parameter: number,
  setSelector: number,
  decode: (data: Uint8Array) => Value,
  signal?: AbortSignal,
): Promise<Value> {
  const request = { parameter, setSelector, blockSelector: 0 };
  const { data } = await context.client.run(getPefConfigurationParameters, request, signal);
  return decoded(context, () => decode(data));
}

async function getOptional<Value>(
  context: IpmiContext,
  parameter: number,
  setSelector: number,
  decode: (data: Uint8Array) => Value,
  signal?: AbortSignal,
): Promise<Value | undefined> {
  const request = { parameter, setSelector, blockSelector: 0 };
  const answer = await context.client.ask(getPefConfigurationParameters, request, signal);
  return 'value' in answer ? decoded(context, () => decode(answer.value.data)) : undefined;
}

async function set(context: IpmiContext, parameter: number, data: Uint8Array, note: Note, signal?: AbortSignal) {
  await context.client.run(setPefConfigurationParameters, { parameter, data }, signal);
  note(setPefConfigurationParameters.name, `parameter ${parameter}: confirmed by the BMC`);
}

function decoded<Value>(context: IpmiContext, decode: () => Value): Value {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof IpmiDecodeError)) throw error;
    throw new AthanorError('bmc-protocol', `BMC ${context.peer.name}: ${error.message}`, { cause: error });
  }
}

function disagrees(context: IpmiContext, what: string): AthanorError {
  return new AthanorError(
    'deadline-exceeded',
    `BMC ${context.peer.name} confirmed the change of ${what}, but reads back otherwise`,
  );
}
