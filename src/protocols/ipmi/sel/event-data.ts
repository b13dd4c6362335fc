/**
 * What event data 1–3 tell beside the event itself (IPMI v2.0 §29.7, Table 29-6; §42.2, Table 42-3).
 *
 * | event data 1 | threshold sensors                 | discrete sensors                        |
 * | ------------ | --------------------------------- | --------------------------------------- |
 * | 7:6 of byte 2 | 01 trigger reading               | 01 previous state and severity          |
 * | 5:4 of byte 3 | 01 trigger threshold             |                                         |
 * | both          | 00 unspecified, 10 OEM code, 11 extension specific to the sensor's type     ||
 * | 3:0           | offset of the event              |                                         |
 */
import { eventText } from '../sensors/event-text.ts';
import { extensionDetails } from './event-extensions.ts';
import type { EventFields } from './record.ts';

export interface EventDataParts {
  /** Offset of the event: which of the sensor's states. */
  offset: number;
  /** Raw sensor values, of threshold sensors. */
  triggerReading?: number;
  triggerThreshold?: number;
  /** Offset of the state that the sensor had before. */
  previousState?: number;
  /** Offset into the generic severity states (event/reading type 07h). */
  severityState?: number;
  /** Bytes 2 and 3 where they are OEM codes. */
  oem2?: number;
  oem3?: number;
  /** Bytes 2 and 3 where they mean something for this type of sensor. */
  extension2?: number;
  extension3?: number;
}

const thresholdType = 0x01;
const severityType = 0x07;
const sensorSpecificType = 0x6f;
const unspecifiedState = 0x0f;

export function readEventData(event: EventFields): EventDataParts {
  const [first, second, third] = event.eventData;
  const parts: EventDataParts = { offset: first & 0x0f };
  const threshold = event.eventReadingType === thresholdType;
  switch (first >> 6) {
    case 0b01:
      if (threshold) {
        parts.triggerReading = second;
      } else {
        if ((second & 0x0f) !== unspecifiedState) parts.previousState = second & 0x0f;
        if (second >> 4 !== unspecifiedState) parts.severityState = second >> 4;
      }
      break;
    case 0b10:
      parts.oem2 = second;
      break;
    case 0b11:
      parts.extension2 = second;
      break;
  }
  switch ((first >> 4) & 0b11) {
    case 0b01:
      if (threshold) parts.triggerThreshold = third;
      break;
    case 0b10:
      parts.oem3 = third;
      break;
    case 0b11:
      parts.extension3 = third;
      break;
  }
  return parts;
}

/** The details as sentences, in the specification's words; raw sensor values are left to whoever knows the sensor. */
export function eventDetails(event: EventFields): string[] {
  const parts = readEventData(event);
  const details: string[] = [];
  const stateText = (type: number, offset: number): string =>
    eventText(type, event.sensorType, offset) ?? `state ${offset}`;
  if (parts.previousState !== undefined) {
    details.push(`before: ${stateText(event.eventReadingType, parts.previousState)}`);
  }
  if (parts.severityState !== undefined) details.push(`severity: ${stateText(severityType, parts.severityState)}`);
  if (event.eventReadingType === sensorSpecificType) {
    const { extension2, extension3 } = parts;
    const known = extensionDetails(event.sensorType, parts.offset, extension2, extension3);
    details.push(...known);
    if (known.length === 0 && extension2 !== undefined) details.push(`extension code ${hex(extension2)}`);
    if (known.length === 0 && extension3 !== undefined) details.push(`second extension code ${hex(extension3)}`);
  }
  if (parts.oem2 !== undefined) details.push(`OEM code ${hex(parts.oem2)}`);
  if (parts.oem3 !== undefined) details.push(`second OEM code ${hex(parts.oem3)}`);
  return details;
}

function hex(value: number): string {
  return `${value.toString(16).toUpperCase().padStart(2, '0')}h`;
}
