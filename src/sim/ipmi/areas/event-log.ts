/** The event log with its clock, and the event message buffer (IPMI v2.0 §31, §22.3–§22.8, §29.3). */
import type { GlobalEnables, MessageFlags } from '../../../protocols/ipmi/index.ts';
import {
  addSelEntry,
  bufferEmpty,
  clearMessageFlags,
  clearSel,
  deleteSelEntry,
  enableMessageChannelReceive,
  encodeEventFields,
  firstRecordId,
  getBmcGlobalEnables,
  getMessageFlags,
  getSelEntry,
  getSelInfo,
  getSelTime,
  getSelTimeUtcOffset,
  lastRecordId,
  platformEventMessage,
  privilegeLevel,
  readEventMessageBuffer,
  reserveSel,
  selRecordLength,
  setBmcGlobalEnables,
  setSelTime,
  setSelTimeUtcOffset,
  systemEventRecordType,
  unspecifiedTimestamp,
} from '../../../protocols/ipmi/index.ts';
import type { Area, AreaContext, CommandHandler, Refused } from '../area.ts';
import { handler } from '../area.ts';
import { usualEvents } from './usual-events.ts';

/** May be changed at any time. */
export interface EventLogSettings {
  /** Records that fit; one more is dropped, and the overflow told. */
  capacity: number;
  /** Bytes of a record that one answer holds; more are refused with 0xCA. */
  maximumRead: number;
  /** How long an erasure takes. */
  eraseMs: number;
  /** Clear SEL is confirmed and nothing happens. */
  ignoresClear: boolean;
  /** Set SEL Time is confirmed and nothing happens. */
  ignoresTime: boolean;
  /** The last record points back to the first. */
  endless: boolean;
}

export interface EventLogArea extends Area {
  readonly settings: EventLogSettings;
  /** As the BMC logs an event itself, 16 bytes; gives its record id, or undefined where the log is full. */
  log(record: Uint8Array): number | undefined;
  /** What the log holds. */
  records(): readonly Uint8Array[];
  /** As the BMC does it when its log is damaged: ids are given from 1 anew. */
  forget(): void;
  /** As if somebody else had reserved the log. */
  loseReservation(): void;
}

const { user, operator } = privilegeLevel;
const refusal = {
  notPresent: { completionCode: 0xcb },
  outOfSpace: { completionCode: 0xc4 },
  erasing: { completionCode: 0x81 },
  reservation: { completionCode: 0xc5 },
  tooManyBytes: { completionCode: 0xca },
  range: { completionCode: 0xc9 },
  empty: { completionCode: bufferEmpty },
} as const satisfies Record<string, Refused>;

export function createEventLogArea({ clock }: AreaContext): EventLogArea {
  const settings: EventLogSettings = {
    capacity: 512,
    maximumRead: 0xff,
    eraseMs: 0,
    ignoresClear: false,
    ignoresTime: false,
    endless: false,
  };
  let records: Buffer[] = [];
  let nextId = 1;
  let reservation = 0;
  let reserved = false;
  let erasing = false;
  let overflow = false;
  let aheadSeconds = 0;
  let utcOffset: number | undefined;
  let lastAddition = unspecifiedTimestamp;
  let lastErasure = unspecifiedTimestamp;
  let buffered: Buffer | undefined;
  let enables: GlobalEnables = {
    oem2: false,
    oem1: false,
    oem0: false,
    systemEventLogging: true,
    eventMessageBuffer: true,
    eventMessageBufferInterrupt: false,
    receiveMessageQueueInterrupt: false,
  };
  const receiving = new Set<number>();

  const now = (): number => Math.floor(clock.now() / 1000) + aheadSeconds + (utcOffset ?? 0) * 60;

  function add(given: Uint8Array): number | undefined {
    if (records.length >= settings.capacity) {
      overflow = true;
      return undefined;
    }
    const record = Buffer.alloc(selRecordLength);
    record.set(given.subarray(0, selRecordLength));
    record.writeUInt16LE(nextId, 0);
    nextId = nextId >= lastRecordId - 1 ? 1 : nextId + 1;
    records.push(record);
    lastAddition = now();
    return record.readUInt16LE(0);
  }

  /** The BMC stamps what has a timestamp (§31.6): types below E0h. */
  function stamped(given: Uint8Array): Buffer {
    const record = Buffer.from(given);
    if ((record[2] ?? 0) < 0xe0) record.writeUInt32LE(now(), 3);
    return record;
  }

  function indexOf(recordId: number): number {
    if (recordId === firstRecordId) return records.length === 0 ? -1 : 0;
    if (recordId === lastRecordId) return records.length - 1;
    return records.findIndex((record) => record.readUInt16LE(0) === recordId);
  }

  function isReserved(given: number): boolean {
    return reserved && given === reservation;
  }

  function event(bytes: Buffer, generatorId: number): void {
    const record = Buffer.alloc(selRecordLength);
    record[2] = systemEventRecordType;
    record.writeUInt32LE(now(), 3);
    record[7] = generatorId;
    bytes.copy(record, 9);
    if (enables.systemEventLogging) add(record);
    if (enables.eventMessageBuffer) buffered ??= record;
  }

  for (const record of usualEvents(Math.floor(clock.now() / 1000))) add(record);

  const handlers: CommandHandler[] = [
    handler(getSelInfo, user, () => {
      if (erasing) return refusal.erasing;
      return {
        version: 0x51,
        entries: records.length,
        freeBytes: Math.max(0, settings.capacity - records.length) * selRecordLength,
        lastAddition,
        lastErasure,
        overflow,
        supports: { delete: true, partialAdd: false, reserve: true, allocationInfo: false },
      };
    }),
    handler(reserveSel, user, () => {
      if (erasing) return refusal.erasing;
      reservation = (reservation % 0xffff) + 1;
      reserved = true;
      return { reservation };
    }),
    handler(getSelEntry, user, (request) => {
      if (erasing) return refusal.erasing;
      const index = indexOf(request.recordId);
      const record = records[index];
      if (record === undefined) return refusal.notPresent;
      if (request.offset !== 0 && !isReserved(request.reservation)) return refusal.reservation;
      if (request.offset > selRecordLength) return refusal.range;
      const wanted = Math.min(request.count, selRecordLength - request.offset);
      if (Math.min(request.count, selRecordLength) > settings.maximumRead) return refusal.tooManyBytes;
      const next = records[index + 1] ?? (settings.endless ? records[0] : undefined);
      return {
        nextRecordId: next?.readUInt16LE(0) ?? lastRecordId,
        data: record.subarray(request.offset, request.offset + wanted),
      };
    }),
    handler(addSelEntry, operator, ({ record }) => {
      if (erasing) return refusal.erasing;
      const recordId = add(stamped(record));
      return recordId === undefined ? refusal.outOfSpace : { recordId };
    }),
    handler(deleteSelEntry, operator, (request) => {
      if (erasing) return refusal.erasing;
      if (!isReserved(request.reservation)) return refusal.reservation;
      const index = indexOf(request.recordId);
      const record = records[index];
      if (record === undefined) return refusal.notPresent;
      records.splice(index, 1);
      reserved = false;
      return { recordId: record.readUInt16LE(0) };
    }),
    handler(clearSel, operator, (request) => {
      if (!isReserved(request.reservation)) return refusal.reservation;
      if (request.action === 'initiate' && !settings.ignoresClear) {
        erasing = true;
        const erase = (): void => {
          records = [];
          overflow = false;
          lastErasure = now();
          erasing = false;
        };
        if (settings.eraseMs === 0) erase();
        else clock.after(settings.eraseMs, erase);
      }
      return { erased: !erasing };
    }),
    handler(getSelTime, user, () => ({ timestamp: now() })),
    handler(setSelTime, operator, ({ timestamp }) => {
      if (!settings.ignoresTime) aheadSeconds += timestamp - now();
      return {};
    }),
    handler(getSelTimeUtcOffset, user, () => ({ minutes: utcOffset })),
    handler(setSelTimeUtcOffset, operator, ({ minutes }) => {
      if (minutes !== undefined && Math.abs(minutes) > 1440) return refusal.range;
      // The clock goes on as it is: what it is taken for changes.
      aheadSeconds -= ((minutes ?? 0) - (utcOffset ?? 0)) * 60;
      utcOffset = minutes;
      return {};
    }),
    handler(platformEventMessage, operator, ({ generatorId, event: fields }) => {
      // Over LAN the address of the remote console stands for the generator (§29.3).
      event(encodeEventFields(fields), generatorId ?? 0x81);
      return {};
    }),
    handler(
      getMessageFlags,
      operator,
      (): MessageFlags => ({
        oem2: false,
        oem1: false,
        oem0: false,
        watchdogPreTimeout: false,
        eventMessageBufferFull: buffered !== undefined,
        receiveMessageAvailable: false,
      }),
    ),
    handler(clearMessageFlags, operator, (flags) => {
      if (flags.eventMessageBufferFull) buffered = undefined;
      return {};
    }),
    handler(readEventMessageBuffer, operator, () => {
      const record = buffered;
      buffered = undefined;
      return record === undefined ? refusal.empty : { record };
    }),
    handler(enableMessageChannelReceive, operator, ({ channel, state }) => {
      if (state === 'enable') receiving.add(channel);
      if (state === 'disable') receiving.delete(channel);
      return { channel, enabled: receiving.has(channel) };
    }),
    handler(getBmcGlobalEnables, user, () => enables),
    handler(setBmcGlobalEnables, operator, (wanted) => {
      enables = wanted;
      return {};
    }),
  ];

  return {
    handlers,
    settings,
    log: add,
    records: () => records,
    forget() {
      records = [];
      nextId = 1;
    },
    loseReservation() {
      reserved = false;
    },
  };
}
