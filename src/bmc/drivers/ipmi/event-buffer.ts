/** The event message buffer (IPMI v2.0 §22.8): one event, kept for system software until somebody reads it. */
import { bufferEmpty, getMessageFlags, noData, readEventMessageBuffer } from '../../../protocols/ipmi/index.ts';
import type { SystemEventLogEntry } from '../../capabilities/system-event-log.ts';
import type { Note } from '../../settle.ts';
import { refusedError } from './client.ts';
import { toEntry } from './event-entry.ts';
import type { SensorsContext } from './event-sensors.ts';
import { sensorFinder } from './event-sensors.ts';
import { utcOffset } from './event-log-info.ts';

export async function takeBufferedEvent(
  context: SensorsContext,
  note: Note,
  signal?: AbortSignal,
): Promise<SystemEventLogEntry[]> {
  const flags = await context.client.ask(getMessageFlags, noData, signal);
  if ('value' in flags) {
    const { eventMessageBufferFull } = flags.value;
    note(getMessageFlags.name, eventMessageBufferFull ? 'event message buffer full' : 'event message buffer empty');
  } else note(getMessageFlags.name, flags.refused.text);
  // Asked for in any case: the flags may be kept from consoles, and a wrong one must hide no event.
  const reply = await context.client.ask(readEventMessageBuffer, noData, signal);
  if ('refused' in reply) {
    if (reply.refused.completionCode !== bufferEmpty) {
      throw refusedError(context.peer, readEventMessageBuffer.name, reply.refused);
    }
    note(readEventMessageBuffer.name, reply.refused.text);
    return [];
  }
  const { record } = reply.value;
  const offset = await utcOffset(context, signal);
  const found = [{ id: 0, next: 0, bytes: Buffer.from(record) }];
  return [toEntry(record, await sensorFinder(context, found, note, signal), offset)];
}
