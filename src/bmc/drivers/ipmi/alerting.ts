/** Platform event filtering and alerts over IPMI (IPMI v2.0 §30, LAN parameters 17–19 of §23.2). */
import type { EventFilter } from '../../../protocols/ipmi/index.ts';
import {
  armPefPostponeTimer,
  decodeAlertPolicy,
  decodeEventFilter,
  decodePefByte,
  decodePefControl,
  decodePefSystemGuid,
  encodePefControl,
  eventText,
  getLastProcessedEventId,
  getPefCapabilities,
  getPefConfigurationParameters,
  noData,
  pefActionsOf,
  pefParameter,
  pefSeverities,
  postponeTimer,
  sensorTypeName,
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
import { readAlertDestinations, writeAlertDestination } from './alert-destinations.ts';
import { readAlertStrings, toPolicy, writeAlertString, writePolicy } from './alert-policies.ts';
import type { IpmiContext } from './context.ts';
import { disagrees, getOptionalPef, getPef, readBackAlerting, setPef } from './pef-access.ts';
import { sendChange } from './send-change.ts';

export function ipmiAlerting(context: IpmiContext): AlertingCapability {
  const about = { driver: 'ipmi', capability: 'alerting', clock: context.clock } as const;
  const change = <Value>(options: CallOptions, task: (note: Note) => Promise<Value>) =>
    settle(about, (note) => context.lane.change(() => task(note), options.signal));
  return {
    info: (options = {}) => settle(about, (note) => readInfo(context, note, options.signal)),
    enable: (enabled, options = {}) =>
      change(options, async (note) => {
        const control = await getPef(context, pefParameter.control, 0, decodePefControl, options.signal);
        await setPef(context, pefParameter.control, encodePefControl({ ...control, enabled }), note, options.signal);
        const seen = await readBackAlerting(context, () => readInfo(context, note, options.signal));
        if (seen.enabled !== enabled) throw disagrees(context, 'event filtering');
        return seen;
      }),
    filters: (options = {}) =>
      settle(about, async (note) => {
        const count = await getPef(context, pefParameter.eventFilterCount, 0, decodePefByte, options.signal);
        note(getPefConfigurationParameters.name, `${count} event filters`);
        const all: EventFilterReading[] = [];
        for (let number = 1; number <= count; number += 1) all.push(await readFilter(context, number, options.signal));
        return all;
      }),
    enableFilter: (number, enabled, options = {}) =>
      change(options, async (note) => {
        const filter = await getPef(context, pefParameter.eventFilter, number, decodeEventFilter, options.signal);
        const first = Buffer.of(number, (enabled ? 0x80 : 0) | (filter.type << 5));
        await setPef(context, pefParameter.eventFilterFirstByte, first, note, options.signal);
        const seen = await readBackAlerting(context, () => readFilter(context, number, options.signal));
        if (seen.enabled !== enabled) throw disagrees(context, `event filter ${number}`);
        return seen;
      }),
    policies: (options = {}) =>
      settle(about, async (note) => {
        const count = await getPef(context, pefParameter.alertPolicyCount, 0, decodePefByte, options.signal);
        note(getPefConfigurationParameters.name, `${count} alert policies`);
        const all: AlertPolicyReading[] = [];
        for (let number = 1; number <= count; number += 1) {
          all.push(
            toPolicy(await getPef(context, pefParameter.alertPolicy, number, decodeAlertPolicy, options.signal)),
          );
        }
        return all;
      }),
    enablePolicy: (number, enabled, options = {}) =>
      change(options, (note) => writePolicy(context, number, { enabled }, note, options.signal)),
    setPolicy: (number, wanted, options = {}) =>
      change(options, (note) => writePolicy(context, number, wanted, note, options.signal)),
    strings: (options = {}) => settle(about, (note) => readAlertStrings(context, note, options.signal)),
    setString: (number, wanted, options = {}) =>
      change(options, (note) => writeAlertString(context, number, wanted, note, options.signal)),
    postpone: (seconds, options = {}) =>
      change(options, async (note) => {
        await sendChange(context, armPefPostponeTimer, { timer: seconds }, 'the postpone timer anew', options);
        const read = { timer: postponeTimer.readOnly };
        const { countdown } = await readBackAlerting(context, () =>
          context.client.run(armPefPostponeTimer, read, options.signal),
        );
        note(armPefPostponeTimer.name, `${countdown} s are left`);
        if (countdown > 0 !== seconds > 0) throw disagrees(context, 'the postpone timer');
        return { remainingSeconds: countdown };
      }),
    destinations: (channel, options = {}) =>
      settle(about, (note) => readAlertDestinations(context, channel, note, options.signal)),
    setDestination: (number, wanted, options = {}) =>
      change(options, (note) => writeAlertDestination(context, number, wanted, note, options.signal)),
    filter: (number, options = {}) => settle(about, (note) => describeFilter(context, number, note, options.signal)),
  };
}

async function readInfo(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<AlertingReading> {
  const { client } = context;
  const capabilities = await client.run(getPefCapabilities, noData, signal);
  note(getPefCapabilities.name, `version ${capabilities.version}, ${capabilities.eventFilterCount} event filters`);
  const control = await getPef(context, pefParameter.control, 0, decodePefControl, signal);
  const optional = <Value>(parameter: number, decode: (data: Uint8Array) => Value) =>
    getOptionalPef(context, parameter, 0, decode, signal);
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
  return toFilter(await getPef(context, pefParameter.eventFilter, number, decodeEventFilter, signal));
}

async function describeFilter(context: IpmiContext, number: number, note: Note, signal?: AbortSignal) {
  const filter = await getPef(context, pefParameter.eventFilter, number, decodeEventFilter, signal);
  note(getPefConfigurationParameters.name, `event filter ${number}`);
  const { sensorType, eventTrigger, offsetMask } = filter;
  const known = filter.sensorType !== 0xff && filter.eventTrigger !== 0xff;
  const offsets = Array.from({ length: 15 }, (_, offset) => offset).filter((one) => (offsetMask & (1 << one)) !== 0);
  const events = offsets.map((offset) => (known && eventText(eventTrigger, sensorType, offset)) || `offset ${offset}`);
  return {
    ...toFilter(filter),
    ...(filter.sensorType !== 0xff && { sensorTypeName: sensorTypeName(sensorType) }),
    groupControl: filter.groupControl,
    events,
    eventData: filter.eventData.map((match) => ({ ...match })),
  };
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
