/** What a discrete sensor's state or an event is called, and how bad it is (IPMI v2.0 §42). */
import type { EventSeverity, EventState } from './event-state.ts';
import { eventReadingType, genericEvents } from './generic-events.ts';
import { sensorSpecificEvents } from './sensor-specific-events.ts';

export type { EventSeverity, EventState } from './event-state.ts';
export { eventReadingType } from './generic-events.ts';
export type { SensorUnits } from './sensor-types.ts';
export { entityName, sensorTypeName, unitText } from './sensor-types.ts';

/**
 * The state in the specification's words; undefined for an OEM or reserved one.
 *
 * @param readingType the event/reading type code: 0x01 threshold, 0x02–0x0C generic, 0x6F specific to the sensor's type
 */
export function eventText(readingType: number, sensorType: number, offset: number): string | undefined {
  return eventState(readingType, sensorType, offset)?.text;
}

/** How bad the state is while it lasts; undefined where `eventText` is. */
export function eventSeverity(readingType: number, sensorType: number, offset: number): EventSeverity | undefined {
  return eventState(readingType, sensorType, offset)?.severity;
}

function eventState(readingType: number, sensorType: number, offset: number): EventState | undefined {
  const states = readingType === eventReadingType.sensorSpecific ? sensorSpecificEvents[sensorType] : undefined;
  return (states ?? genericEvents[readingType])?.[offset];
}
