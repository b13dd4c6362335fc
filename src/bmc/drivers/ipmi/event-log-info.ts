/** What a BMC tells of its event log as a whole (IPMI v2.0 §31.2, §31.11a). */
import { AthanorError } from '../../../errors/index.ts';
import type { SelInfo } from '../../../protocols/ipmi/index.ts';
import { getSelInfo, getSelTimeUtcOffset, IpmiDecodeError, noData } from '../../../protocols/ipmi/index.ts';
import type { SystemEventLogInfo } from '../../capabilities/system-event-log.ts';
import type { Note } from '../../settle.ts';
import type { IpmiContext } from './context.ts';
import { timeOf } from './event-entry.ts';

export async function readInfo(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<SystemEventLogInfo> {
  const info = await context.client.run(getSelInfo, noData, signal);
  note(getSelInfo.name, `${info.entries} entries${info.overflow ? ', overflowed' : ''}`);
  return toInfo(info, await utcOffset(context, signal));
}

/** Of an offset, either way (§31.11a). */
const mostMinutes = 1_440;

/** More than this is "or more", which is no number (§31.2). */
const freeUnspecified = 0xffff;

function toInfo(info: SelInfo, offset: number): SystemEventLogInfo {
  const added = timeOf(info.lastAddition, offset).at;
  const cleared = timeOf(info.lastErasure, offset).at;
  return {
    entries: info.entries,
    ...(info.freeBytes !== freeUnspecified && { freeBytes: info.freeBytes }),
    overflowed: info.overflow,
    ...(added !== undefined && { lastAddedAt: added }),
    ...(cleared !== undefined && { lastClearedAt: cleared }),
    version: `${info.version & 0x0f}.${info.version >> 4}`,
  };
}

/** 0 where the BMC does not say: its clock is then taken for UTC. */
export async function utcOffset(context: IpmiContext, signal?: AbortSignal): Promise<number> {
  return (await readUtcOffset(context, () => undefined, signal)) ?? 0;
}

/** Undefined where the BMC does not say, or nothing that can be read: the rest of what it tells is not lost for that. */
export async function readUtcOffset(
  context: IpmiContext,
  note: Note,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const unsaid = (why: string) => {
    note(getSelTimeUtcOffset.name, `${why}: the clock is taken for UTC`);
    return undefined;
  };
  const reply = await context.client.ask(getSelTimeUtcOffset, noData, signal).catch((error: unknown) => {
    if (error instanceof AthanorError && error.cause instanceof IpmiDecodeError) return error.cause;
    throw error;
  });
  if (reply instanceof IpmiDecodeError) return unsaid(reply.message);
  if ('refused' in reply) return unsaid(reply.refused.text);
  const { minutes } = reply.value;
  if (minutes !== undefined && Math.abs(minutes) > mostMinutes) return unsaid(`${minutes} minutes are no offset`);
  return minutes;
}
