/** The clock of the event log (IPMI v2.0 §31.10–§31.11b). */
import { AthanorError } from '../../../errors/index.ts';
import {
  getSelTime,
  lastSinceInitialization,
  noData,
  readTimestamp,
  setSelTime,
} from '../../../protocols/ipmi/index.ts';
import type { SystemEventLogTime } from '../../capabilities/system-event-log.ts';
import type { Note } from '../../settle.ts';
import { outcomeUnknown } from '../../settle.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';
import { timeOf } from './event-entry.ts';
import { readUtcOffset } from './event-log-info.ts';

/** By how much the read-back may differ: the time between both requests, and a clock that counts whole seconds. */
const toleranceSeconds = 5;

export async function readTime(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<SystemEventLogTime> {
  const { timestamp } = await context.client.run(getSelTime, noData, signal);
  const minutes = await readUtcOffset(context, note, signal);
  const time = timeOf(timestamp, minutes ?? 0);
  note(getSelTime.name, time.at ?? `the clock is not set: ${timestamp}`);
  const ours = Math.floor(context.clock.now() / 1000);
  return {
    ...time,
    ...(minutes !== undefined && { utcOffsetMinutes: minutes }),
    ...(time.at !== undefined && { aheadSeconds: timestamp - (minutes ?? 0) * 60 - ours }),
  };
}

export async function setTime(
  context: IpmiContext,
  at: number | undefined,
  note: Note,
  signal?: AbortSignal,
): Promise<SystemEventLogTime> {
  const minutes = (await readUtcOffset(context, note, signal)) ?? 0;
  const before = context.clock.now();
  const wanted = Math.round((at ?? before) / 1000);
  const timestamp = wanted + minutes * 60;
  if (timestamp <= lastSinceInitialization || timestamp >= 0xffff_ffff) {
    throw new AthanorError('invalid-input', `the event log of an IPMI BMC knows no such time`, {
      field: 'at',
      value: String(at),
      remedy: 'Give a time between 1987 and 2106.',
    });
  }
  let unanswered: unknown;
  const reply = await context.client.ask(setSelTime, { timestamp }, signal).catch((thrown: unknown) => {
    if (!(thrown instanceof AthanorError) || thrown.code !== 'outcome-unknown') throw thrown;
    unanswered = thrown;
    return undefined;
  });
  if (reply !== undefined && 'refused' in reply) throw refusedError(context.peer, setSelTime.name, reply.refused);
  if (reply !== undefined) note(setSelTime.name, `${timestamp}: accepted by the BMC`);

  const { timestamp: readBack } = await context.client.run(getSelTime, noData, signal);
  const time = await readTime(context, note, signal);
  const expected = timestamp + (context.clock.now() - before) / 1000;
  if (readTimestamp(readBack).kind === 'clock' && Math.abs(readBack - expected) <= toleranceSeconds) return time;
  const message = `The clock of BMC ${context.peer.name} reads ${time.at ?? readBack} after it was set`;
  if (unanswered !== undefined) throw outcomeUnknown(message, unanswered);
  throw new AthanorError('bmc-refused', `${message}, although it confirmed that`, {
    remedy: 'The BMC may take its time from NTP or from the host; set it there.',
  });
}
