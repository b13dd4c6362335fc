/**
 * One entry of the event filter table (IPMI v2.0 §17.7, Table 17-2): 20 bytes after the filter's number.
 *
 * | bytes | filter                                                             |
 * | ----- | ------------------------------------------------------------------ |
 * | 1     | 7 enabled, 6:5 type: 0 to be set, 2 preset by the maker            |
 * | 2     | actions, see `pefActions`; 6 group control operation               |
 * | 3     | 6:4 group control selector, 3:0 alert policy                       |
 * | 4     | severity                                                           |
 * | 5–9   | generator id (2), sensor type, sensor number, event trigger; FF any |
 * | 10–11 | event data 1: offsets (LE)                                         |
 * | 12–20 | event data 1, 2, 3: AND mask, compare 1, compare 2 each            |
 */
import { ByteReader } from '../byte-reader.ts';

/** The actions by their bits, 0 first; the same in capabilities, global control and filters. */
export const pefActions = ['alert', 'power-off', 'reset', 'power-cycle', 'oem', 'diagnostic-interrupt'] as const;

export type PefAction = (typeof pefActions)[number];

export function pefActionsOf(bits: number): PefAction[] {
  return pefActions.filter((_, index) => (bits & (1 << index)) !== 0);
}

export function pefActionBits(actions: readonly PefAction[]): number {
  return actions.reduce((bits, action) => bits | (1 << pefActions.indexOf(action)), 0);
}

export const pefSeverities: Readonly<Record<number, string>> = {
  0x00: 'unspecified',
  0x01: 'monitor',
  0x02: 'information',
  0x04: 'ok',
  0x08: 'non-critical',
  0x10: 'critical',
  0x20: 'non-recoverable',
};

export interface EventDataMatch {
  andMask: number;
  compare1: number;
  compare2: number;
}

export interface EventFilter {
  number: number;
  enabled: boolean;
  /** 0 to be set by software, 2 preset by the maker; 1 and 3 are reserved. */
  type: number;
  /** Bits as in `pefActions`, and bit 6. */
  actions: number;
  groupControl: number;
  alertPolicy: number;
  severity: number;
  generatorId: number;
  sensorType: number;
  sensorNumber: number;
  eventTrigger: number;
  offsetMask: number;
  eventData: readonly [EventDataMatch, EventDataMatch, EventDataMatch];
}

export function encodeEventFilter(filter: EventFilter): Buffer {
  const bytes = Buffer.alloc(12);
  bytes[0] = filter.number & 0x7f;
  bytes[1] = (filter.enabled ? 0x80 : 0) | ((filter.type & 0x03) << 5);
  bytes[2] = filter.actions & 0x7f;
  bytes[3] = ((filter.groupControl & 0x07) << 4) | (filter.alertPolicy & 0x0f);
  bytes[4] = filter.severity;
  bytes.writeUInt16LE(filter.generatorId, 5);
  bytes[7] = filter.sensorType;
  bytes[8] = filter.sensorNumber;
  bytes[9] = filter.eventTrigger;
  bytes.writeUInt16LE(filter.offsetMask, 10);
  const matches = filter.eventData.flatMap(({ andMask, compare1, compare2 }) => [andMask, compare1, compare2]);
  return Buffer.concat([bytes, Buffer.from(matches)]);
}

export function decodeEventFilter(data: Uint8Array): EventFilter {
  const reader = new ByteReader(data, 'event filter');
  const number = reader.byte() & 0x7f;
  const configuration = reader.byte();
  const actions = reader.byte() & 0x7f;
  const policy = reader.byte();
  const match = () => ({ andMask: reader.byte(), compare1: reader.byte(), compare2: reader.byte() });
  return {
    number,
    enabled: (configuration & 0x80) !== 0,
    type: (configuration >> 5) & 0x03,
    actions,
    groupControl: (policy >> 4) & 0x07,
    alertPolicy: policy & 0x0f,
    severity: reader.byte(),
    generatorId: reader.uint16LittleEndian(),
    sensorType: reader.byte(),
    sensorNumber: reader.byte(),
    eventTrigger: reader.byte(),
    offsetMask: reader.uint16LittleEndian(),
    eventData: [match(), match(), match()],
  };
}
