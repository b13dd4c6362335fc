/** Event filters, alert policies and the delays of platform event filtering. */
import type { AlertPolicy, EventFilter, PetAcknowledgement } from '../../../protocols/ipmi/index.ts';
import {
  armPefPostponeTimer,
  encodeAlertPolicy,
  encodeEventFilter,
  encodePefSystemGuid,
  getLastProcessedEventId,
  getPefCapabilities,
  getPefConfigurationParameters,
  petAcknowledge,
  pefParameter,
  postponeTimer,
  privilegeLevel,
  setLastProcessedEventId,
  setPefConfigurationParameters,
} from '../../../protocols/ipmi/index.ts';
import type { Area, AreaContext } from '../area.ts';
import { handler } from '../area.ts';

const filterCount = 6;
const policyCount = 4;
const stringCount = 2;
const stringBlocks = 4;
const notSupported = { completionCode: 0x80 };
const readOnly = { completionCode: 0x82 };
const any = { andMask: 0xff, compare1: 0x00, compare2: 0x00 };

/** Temperature, voltage, fan, chassis intrusion, power supply, watchdog: what servers come with. */
const sensorTypes = [0x01, 0x02, 0x04, 0x05, 0x08, 0x23];

function presetFilter(index: number): EventFilter {
  return {
    number: index + 1,
    enabled: index < 3,
    type: 2,
    actions: index === 0 ? 0x03 : 0x01,
    groupControl: 0,
    alertPolicy: 1,
    severity: index === 0 ? 0x20 : 0x10,
    generatorId: 0xffff,
    sensorType: sensorTypes[index] ?? 0xff,
    sensorNumber: 0xff,
    eventTrigger: index < 3 ? 0x01 : 0x6f,
    offsetMask: index < 3 ? 0x0204 : 0x0001,
    eventData: [any, any, any],
  };
}

function presetPolicy(index: number): AlertPolicy {
  return {
    number: index + 1,
    policySet: 1,
    enabled: index === 0,
    rule: 0,
    channel: 1,
    destination: index + 1,
    eventSpecificString: false,
    stringSelector: 0,
  };
}

export interface PefArea extends Area {
  /** The traps that somebody has acknowledged, in their order. */
  readonly acknowledged: readonly PetAcknowledgement[];
}

export function createPefArea(context: AreaContext): PefArea {
  /** By parameter, then by set (and block) for tables; what is not in it is not supported. */
  const values = new Map<string, Uint8Array>([
    [`${pefParameter.setInProgress}`, Buffer.of(0)],
    [`${pefParameter.control}`, Buffer.of(0x01)],
    [`${pefParameter.actionGlobalControl}`, Buffer.of(0x0f)],
    [`${pefParameter.startupDelay}`, Buffer.of(60)],
    [`${pefParameter.alertStartupDelay}`, Buffer.of(60)],
    [`${pefParameter.eventFilterCount}`, Buffer.of(filterCount)],
    [`${pefParameter.alertPolicyCount}`, Buffer.of(policyCount)],
    [`${pefParameter.systemGuid}`, encodePefSystemGuid({ used: false, guid: context.guid })],
    [`${pefParameter.alertStringCount}`, Buffer.of(stringCount)],
  ]);
  for (let index = 0; index < filterCount; index += 1) {
    values.set(`${pefParameter.eventFilter}/${index + 1}`, encodeEventFilter(presetFilter(index)));
  }
  for (let index = 0; index < policyCount; index += 1) {
    values.set(`${pefParameter.alertPolicy}/${index + 1}`, encodeAlertPolicy(presetPolicy(index)));
  }
  for (let selector = 0; selector <= stringCount; selector += 1) {
    values.set(`${pefParameter.alertStringKeys}/${selector}`, Buffer.of(selector, 0, 0));
    for (let block = 1; block <= stringBlocks; block += 1) {
      const text = Buffer.concat([Buffer.of(selector, block), Buffer.alloc(16)]);
      values.set(`${pefParameter.alertString}/${selector}/${block}`, text);
    }
  }
  const processed = { lastAdditionTime: 0, lastRecordId: 0, lastBySoftware: 0, lastByBmc: 0 };
  const acknowledged: PetAcknowledgement[] = [];
  let postponedUntil = 0;

  /** The key of a parameter, by what a request or its data tell. */
  function keyOf(parameter: number, set: number, block: number): string {
    if (parameter === pefParameter.alertString) return `${parameter}/${set & 0x7f}/${block}`;
    const isTable = values.has(`${parameter}/${set & 0x7f}`);
    return isTable ? `${parameter}/${set & 0x7f}` : String(parameter);
  }
  const counts: number[] = [
    pefParameter.eventFilterCount,
    pefParameter.alertPolicyCount,
    pefParameter.alertStringCount,
  ];

  return {
    acknowledged,
    handlers: [
      // Taken outside sessions too (appendix G).
      handler(petAcknowledge, 0, (trap) => {
        acknowledged.push(trap);
        return {};
      }),
      handler(getPefCapabilities, privilegeLevel.user, () => ({
        version: '1.5',
        actions: 0x2f,
        eventFilterCount: filterCount,
      })),
      handler(armPefPostponeTimer, privilegeLevel.administrator, ({ timer }) => {
        if (timer !== postponeTimer.readOnly) postponedUntil = context.clock.now() + timer * 1_000;
        return { countdown: Math.min(0xfe, Math.ceil(Math.max(0, postponedUntil - context.clock.now()) / 1_000)) };
      }),
      handler(setPefConfigurationParameters, privilegeLevel.administrator, ({ parameter, data }) => {
        if (counts.includes(parameter)) return readOnly;
        if (parameter === pefParameter.eventFilterFirstByte) {
          const filter = values.get(`${pefParameter.eventFilter}/${data[0]}`);
          if (filter === undefined) return { completionCode: 0xc9 };
          values.set(
            `${pefParameter.eventFilter}/${data[0]}`,
            Buffer.concat([filter.subarray(0, 1), data.subarray(1, 2), filter.subarray(2)]),
          );
          return {};
        }
        const key = keyOf(parameter, data[0] ?? 0, data[1] ?? 0);
        const before = values.get(key);
        if (before === undefined) return notSupported;
        if (before.length !== data.length && parameter !== pefParameter.alertString) return { completionCode: 0xc7 };
        values.set(key, Buffer.from(data));
        return {};
      }),
      handler(getPefConfigurationParameters, privilegeLevel.operator, ({ parameter, setSelector, blockSelector }) => {
        if (parameter === pefParameter.eventFilterFirstByte) {
          const filter = values.get(`${pefParameter.eventFilter}/${setSelector}`);
          return filter === undefined ? { completionCode: 0xc9 } : { revision: 0x11, data: filter.subarray(0, 2) };
        }
        const data = values.get(keyOf(parameter, setSelector, blockSelector));
        return data === undefined ? notSupported : { revision: 0x11, data };
      }),
      handler(setLastProcessedEventId, privilegeLevel.administrator, ({ byBmc, recordId }) => {
        if (byBmc) processed.lastByBmc = recordId;
        else processed.lastBySoftware = recordId;
        return {};
      }),
      handler(getLastProcessedEventId, privilegeLevel.administrator, () => processed),
    ],
  };
}
