/** What a BMC tells of its event log as a whole (IPMI v2.0 §31.2, §31.11a). */
import type { SelInfo } from '../../../protocols/ipmi/index.ts';
import { getSelInfo, getSelTimeUtcOffset, noData } from '../../../protocols/ipmi/index.ts';
import type { SystemEventLogInfo } from '../../capabilities/system-event-log.ts';
import type { Note } from '../../settle.ts';
import type { IpmiContext } from './context.ts';
import { timeOf } from './event-entry.ts';

export async function readInfo(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<SystemEventLogInfo> {
  const info = await context.client.run(getSelInfo, noData, signal);
  note(getSelInfo.name, `${info.entries} entries${info.overflow ? ', overflowed' : ''}`);
  return toInfo(info, await utcOffset(context, signal));
}

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
  const reply = await context.client.ask(getSelTimeUtcOffset, noData, signal);
  return 'value' in reply ? (reply.value.minutes ?? 0) : 0;
}
