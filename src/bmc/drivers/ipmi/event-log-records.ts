/** Reads the records of the event log one after another (IPMI v2.0 §31.5), around what BMCs get wrong. */
import { asAthanorError } from '../../../errors/index.ts';
import {
  completionCode,
  firstRecordId,
  getSelEntry,
  lastRecordId,
  noData,
  reserveSel,
  selRecordLength,
  wholeRecord,
} from '../../../protocols/ipmi/index.ts';
import { sleep } from '../../ports.ts';
import type { Note } from '../../settle.ts';
import type { Refusal } from './client.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';

const code = { eraseInProgress: 0x81, reservationLost: 0xc5, notPresent: 0xcb, tooManyBytes: 0xca } as const;
/** Refusals of a read that a shorter one may escape. */
const shorterMayHelp: ReadonlySet<number> = new Set([0xc7, 0xc8, code.tooManyBytes, 0xff]);

const reserveTries = 3;
const reservationTries = 5;
const erasePolls = 20;
const erasePauseMs = 500;
const shortestRead = 4;

export interface RawRecord {
  id: number;
  next: number;
  bytes: Buffer;
}

/** The record, or undefined where there is none of that id (or the log is empty). */
export async function readRecord(
  context: IpmiContext,
  recordId: number,
  signal?: AbortSignal,
): Promise<RawRecord | undefined> {
  const read = (request: { reservation: number; offset: number; count: number }) =>
    askPatiently(context, { recordId, ...request }, signal);
  let reply = await read({ reservation: 0, offset: 0, count: wholeRecord });
  if ('value' in reply && reply.value.data.length >= selRecordLength) {
    return record(reply.value.nextRecordId, reply.value.data);
  }
  if ('refused' in reply && !shorterMayHelp.has(reply.refused.completionCode)) return absent(context, reply.refused);

  // In parts: each needs a reservation, which any other reader may take away.
  let bytes = Buffer.alloc(0);
  let count = 8;
  let next = lastRecordId;
  let reservation = await reserve(context, signal);
  for (let lost = 0; bytes.length < selRecordLength; ) {
    const missing = selRecordLength - bytes.length;
    reply = await read({ reservation, offset: bytes.length, count: Math.min(count, missing) });
    if ('value' in reply) {
      if (reply.value.data.length === 0) return undefined;
      next = reply.value.nextRecordId;
      bytes = Buffer.concat([bytes, reply.value.data]);
      continue;
    }
    const refusal = reply.refused;
    if (refusal.completionCode === code.reservationLost && lost < reservationTries) {
      lost += 1;
      bytes = Buffer.alloc(0);
      reservation = await reserve(context, signal);
    } else if (shorterMayHelp.has(refusal.completionCode) && count > shortestRead) {
      count = Math.floor(count / 2);
    } else return absent(context, refusal);
  }
  return record(next, bytes);
}

function record(next: number, data: Uint8Array): RawRecord {
  const bytes = Buffer.from(data.subarray(0, selRecordLength));
  return { id: bytes.readUInt16LE(0), next, bytes };
}

function absent(context: IpmiContext, refusal: Refusal): undefined {
  if (refusal.completionCode === code.notPresent) return undefined;
  throw refusedError(context.peer, getSelEntry.name, refusal);
}

/** Waits while the log is being erased. */
async function askPatiently(
  context: IpmiContext,
  request: { reservation: number; recordId: number; offset: number; count: number },
  signal?: AbortSignal,
) {
  for (let polls = 0; ; polls += 1) {
    const reply = await context.client.ask(getSelEntry, request, signal);
    const erasing = 'refused' in reply && reply.refused.completionCode === code.eraseInProgress;
    if (!erasing || polls >= erasePolls) return reply;
    await sleep(context.clock, erasePauseMs, signal);
  }
}

export interface RecordsRead {
  records: RawRecord[];
  /** The log was changed in such a way that the records do not hang together. */
  broken: string | undefined;
}

/** From `recordId` to the end, oldest first; undefined where there is no such record. Bounded: no id is read twice. */
export async function readRecordsFrom(
  context: IpmiContext,
  recordId: number,
  signal?: AbortSignal,
): Promise<RecordsRead | undefined> {
  const records: RawRecord[] = [];
  const seen = new Set<number>();
  let wanted = recordId;
  for (;;) {
    seen.add(wanted);
    const found = await readRecord(context, wanted, signal);
    if (found === undefined) {
      if (records.length === 0) return undefined;
      return { records, broken: `record ${wanted} was announced and is not there` };
    }
    seen.add(found.id);
    records.push(found);
    if (found.next === lastRecordId || found.next === firstRecordId) return { records, broken: undefined };
    if (seen.has(found.next)) return { records, broken: `record ${found.id} points back to ${found.next}` };
    wanted = found.next;
  }
}

/**
 * A reservation: 0 where the BMC has none to give. An answer that was lost does no harm: the next reservation takes the
 * place of the one that nobody knows.
 */
export async function reserve(context: IpmiContext, signal?: AbortSignal, note?: Note): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const reply = await context.client.ask(reserveSel, noData, signal);
      if ('value' in reply) return reply.value.reservation;
      if (reply.refused.completionCode !== completionCode.invalidCommand) {
        throw refusedError(context.peer, reserveSel.name, reply.refused);
      }
      note?.(reserveSel.name, `${reply.refused.text}: goes on without`);
      return 0;
    } catch (thrown) {
      if (asAthanorError(thrown).code !== 'outcome-unknown' || attempt >= reserveTries) throw thrown;
    }
  }
}
