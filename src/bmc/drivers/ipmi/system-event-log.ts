/** The event log over IPMI (IPMI v2.0 §31): information, entries, clearing. */
import { createHash } from 'node:crypto';
import { AthanorError } from '../../../errors/index.ts';
import { firstRecordId, getSelEntry, lastRecordId } from '../../../protocols/ipmi/index.ts';
import type {
  SystemEventLogCapability,
  SystemEventLogQuery,
  SystemEventLogReading,
} from '../../capabilities/system-event-log.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import type { IpmiContext } from './context.ts';
import { takeBufferedEvent } from './event-buffer.ts';
import { toEntry } from './event-entry.ts';
import { clearLog, removeEntry } from './event-log-changes.ts';
import { readInfo, utcOffset } from './event-log-info.ts';
import type { RawRecord, RecordsRead } from './event-log-records.ts';
import { readRecord, readRecordsFrom } from './event-log-records.ts';
import { readTime, setTime } from './event-log-time.ts';
import type { SensorsContext } from './event-sensors.ts';
import { sensorFinder } from './event-sensors.ts';

export function ipmiSystemEventLog(context: SensorsContext): SystemEventLogCapability {
  const about = { driver: 'ipmi', capability: 'systemEventLog', clock: context.clock } as const;
  return {
    info: (options = {}) => settle(about, (note) => readInfo(context, note, options.signal)),
    list: (query = {}, options = {}) => settle(about, (note) => list(context, query, note, options.signal)),
    clear: (options = {}) =>
      settle(about, (note) => context.lane.change(() => clearLog(context, note, options), options.signal)),
    remove: (id, options = {}) =>
      settle(about, (note) =>
        context.lane.change(() => removeEntry(context, parseId(id), note, options.signal), options.signal),
      ),
    time: (options = {}) => settle(about, (note) => readTime(context, note, options.signal)),
    setTime: (at, options = {}) =>
      settle(about, (note) => context.lane.change(() => setTime(context, at, note, options.signal), options.signal)),
    takeBufferedEvent: (options = {}) =>
      settle(about, (note) =>
        context.lane.change(() => takeBufferedEvent(context, note, options.signal), options.signal),
      ),
  };
}

async function list(
  context: SensorsContext,
  query: SystemEventLogQuery,
  note: Note,
  signal?: AbortSignal,
): Promise<SystemEventLogReading> {
  const { records, restarted } = await readWanted(context, query, note, signal);
  const wanted = query.last === undefined ? records : records.slice(-query.last);
  const offset = wanted.length === 0 ? 0 : await utcOffset(context, signal);
  const findSensor = await sensorFinder(context, wanted, note, signal);
  const entries = wanted.map(({ bytes }) => toEntry(bytes, findSensor, offset));
  const newest = records.at(-1);
  const cursor = newest === undefined ? query.after : cursorOf(newest);
  return { entries, restarted, ...(cursor !== undefined && { cursor }) };
}

async function readWanted(
  context: IpmiContext,
  { after, last }: SystemEventLogQuery,
  note: Note,
  signal?: AbortSignal,
): Promise<{ records: RawRecord[]; restarted: boolean }> {
  if (after !== undefined) {
    const known = await readRecord(context, parseId(after), signal);
    if (known !== undefined && isThat(known, after)) {
      if (known.next === lastRecordId || known.next === firstRecordId) return { records: [], restarted: false };
      return { records: recordsOf(await readRecordsFrom(context, known.next, signal), note), restarted: false };
    }
    note(getSelEntry.name, `entry ${after} is gone: the log was cleared or has begun anew`);
  } else if (last !== undefined) {
    const newest = await readNewest(context, last, signal);
    if (newest !== undefined) return { records: recordsOf(newest, note), restarted: false };
  }
  const all = recordsOf(await readRecordsFrom(context, firstRecordId, signal), note);
  return { records: all, restarted: after !== undefined };
}

function recordsOf(read: RecordsRead | undefined, note: Note): RawRecord[] {
  const records = read?.records ?? [];
  note(getSelEntry.name, `${records.length} entries read`);
  if (read?.broken !== undefined) note(getSelEntry.name, `the log ends early: ${read.broken}`);
  return records;
}

/**
 * Ids are given in order as a rule: so the newest ones begin near the last id less their number, and the links from there
 * tell whether that is so. Undefined where it is not.
 */
async function readNewest(context: IpmiContext, count: number, signal?: AbortSignal): Promise<RecordsRead | undefined> {
  const newest = await readRecord(context, lastRecordId, signal);
  const begin = (newest?.id ?? 0) - count + 1;
  if (newest === undefined || begin <= 1) return undefined;
  const read = await readRecordsFrom(context, begin, signal);
  return read !== undefined && read.broken === undefined && read.records.length >= count ? read : undefined;
}

/** The id and a mark of what the entry holds: ids are given anew after the log was cleared. */
function cursorOf({ id, bytes }: RawRecord): string {
  return `${id}-${markOf(bytes)}`;
}

function isThat(record: RawRecord, cursor: string): boolean {
  const mark = cursor.split('-')[1];
  return mark === undefined || mark === markOf(record.bytes);
}

function markOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 8);
}

/** Decimal, or hex with 0x as ipmitool prints it; what follows a dash is the mark of a cursor. */
export function parseId(given: string): number {
  const [id = ''] = given.split('-');
  const number = /^(\d+|0x[0-9a-f]+)$/i.test(id) ? Number(id) : Number.NaN;
  if (number > firstRecordId && number < lastRecordId) return number;
  throw new AthanorError('invalid-input', `${given} is no id of an entry of the event log`, {
    field: 'id',
    value: given,
    remedy: 'Give an id as `sel list` shows it: 1 to 65534, or in hex with 0x.',
  });
}
