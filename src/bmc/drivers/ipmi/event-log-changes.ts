/** Clearing the event log and deleting single entries (IPMI v2.0 §31.8, §31.9): each under a reservation, then read back. */
import { AthanorError, asAthanorError } from '../../../errors/index.ts';
import { clearSel, deleteSelEntry, getSelErasureStatus, getSelInfo } from '../../../protocols/ipmi/index.ts';
import type { SystemEventLogCleared, SystemEventLogEntry } from '../../capabilities/system-event-log.ts';
import { sleep } from '../../ports.ts';
import type { CallOptions } from '../../result.ts';
import type { Note } from '../../settle.ts';
import { outcomeUnknown } from '../../settle.ts';
import type { CommandAnswer } from './client.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';
import { toEntry } from './event-entry.ts';
import { readRecord, reserve } from './event-log-records.ts';
import { readBack } from './send-change.ts';
import type { SensorsContext } from './event-sensors.ts';
import { sensorFinder } from './event-sensors.ts';
import { readInfo, utcOffset } from './event-log-info.ts';

const reservationLost = 0xc5;
const tries = 3;
const defaultDeadlineMs = 30_000;
const pollMs = 250;

export async function clearLog(
  context: IpmiContext,
  note: Note,
  { signal, deadlineMs = defaultDeadlineMs }: CallOptions,
): Promise<SystemEventLogCleared> {
  const before = await readInfo(context, note, signal);
  if (before.entries === 0) {
    note(getSelInfo.name, 'the log is empty already: nothing to do');
    return { removed: 0, info: before };
  }
  const begun = await initiate(context, note, signal);
  const after = await readBack(context, 'an event log that was cleared', async () => {
    await untilErased(context, begun, deadlineMs, note, signal);
    return await readInfo(context, note, signal);
  });
  // Some BMCs log the clearing itself, and events may have come meanwhile.
  const gone = after.entries === 0 || (after.entries < before.entries && after.entries <= 2);
  if (!gone) {
    const message = `BMC ${context.peer.name} still has ${after.entries} of ${before.entries} entries`;
    if ('unknown' in begun) throw outcomeUnknown(message, begun.unknown);
    throw new AthanorError('deadline-exceeded', `${message} after it confirmed that the log was cleared`, {
      remedy: 'Read the log again in a minute; this BMC may need longer.',
    });
  }
  return { removed: before.entries, info: after };
}

type Begun = { reservation: number; erased: boolean } | { reservation: number; unknown: AthanorError };

/** Sent once; a reservation that another took away is got anew, for then nothing was erased. */
async function initiate(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<Begun> {
  for (let attempt = 1; ; attempt += 1) {
    const reservation = await reserve(context, signal, note);
    let reply: CommandAnswer<{ erased: boolean }>;
    try {
      reply = await context.client.ask(clearSel, { reservation, action: 'initiate' as const }, signal);
    } catch (thrown) {
      const error = asAthanorError(thrown);
      if (error.code !== 'outcome-unknown') throw error;
      note(clearSel.name, error.message);
      return { reservation, unknown: error };
    }
    if ('value' in reply) {
      note(clearSel.name, reply.value.erased ? 'erasure completed' : 'erasure in progress');
      return { reservation, erased: reply.value.erased };
    }
    note(clearSel.name, reply.refused.text);
    if (reply.refused.completionCode !== reservationLost || attempt >= tries) {
      throw refusedError(context.peer, clearSel.name, reply.refused);
    }
  }
}

/** Ends early where the BMC has no progress to tell: the read-back decides. */
async function untilErased(
  context: IpmiContext,
  begun: Begun,
  deadlineMs: number,
  note: Note,
  signal?: AbortSignal,
): Promise<void> {
  if ('erased' in begun && begun.erased) return;
  const deadline = context.clock.monotonic() + deadlineMs;
  for (;;) {
    const { reservation } = begun;
    const reply = await context.client.ask(getSelErasureStatus, { reservation, action: 'status' as const }, signal);
    if ('refused' in reply) {
      note(getSelErasureStatus.name, reply.refused.text);
      return;
    }
    if (reply.value.erased) {
      note(getSelErasureStatus.name, 'erasure completed');
      return;
    }
    if (context.clock.monotonic() >= deadline) {
      throw outcomeUnknown(`BMC ${context.peer.name} still erases its log after ${deadlineMs} ms`);
    }
    await sleep(context.clock, pollMs, signal);
  }
}

export async function removeEntry(
  context: SensorsContext,
  recordId: number,
  note: Note,
  signal?: AbortSignal,
): Promise<SystemEventLogEntry> {
  const found = await readRecord(context, recordId, signal);
  if (found === undefined) {
    throw new AthanorError('not-found', `BMC ${context.peer.name} has no entry ${recordId} in its log`);
  }
  const findSensor = await sensorFinder(context, [found], note, signal);
  const entry = toEntry(found.bytes, findSensor, await utcOffset(context, signal));
  let unanswered: AthanorError | undefined;
  for (let attempt = 1; unanswered === undefined; attempt += 1) {
    const reservation = await reserve(context, signal, note);
    const reply = await context.client
      .ask(deleteSelEntry, { reservation, recordId }, signal)
      .catch((thrown: unknown) => {
        unanswered = asAthanorError(thrown);
        if (unanswered.code !== 'outcome-unknown') throw unanswered;
        return undefined;
      });
    if (reply === undefined) break;
    if ('value' in reply) {
      note(deleteSelEntry.name, `entry ${reply.value.recordId} deleted`);
      break;
    }
    if (reply.refused.completionCode !== reservationLost || attempt >= tries) {
      throw refusedError(context.peer, deleteSelEntry.name, reply.refused);
    }
  }
  const left = await readBack(context, `entry ${recordId}`, () => readRecord(context, recordId, signal));
  if (left === undefined || !left.bytes.equals(found.bytes)) return entry;
  const message = `Entry ${recordId} is still in the log of BMC ${context.peer.name}`;
  if (unanswered !== undefined) throw outcomeUnknown(message, unanswered);
  throw new AthanorError('bmc-refused', `${message}, although the BMC confirmed that it was deleted`);
}
