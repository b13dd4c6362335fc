/** One record may stand for several like sensors (IPMI v2.0 §43.2, §43.3: record sharing); here each gets its own. */
import { idStringStem, idStringText } from './id-string.ts';
import type { RecordSharing, SensorOwner, SensorRecord } from './sensor-record.ts';

/** One sensor of a record, as it is numbered and named. */
export interface RecordedSensor {
  owner: SensorOwner;
  sensorNumber: number;
  name: string;
  entityId: number;
  /** Bit 7: the entity is logical, or device-relative. */
  entityInstance: number;
  record: SensorRecord;
}

/** The sensors of a record, in the order of their numbers; a record that is not shared has one. */
export function recordedSensors(record: SensorRecord): RecordedSensor[] {
  const name = idStringText(record.id);
  const { owner, entityId } = record;
  const sharing = record.kind === 'full' ? undefined : record.sharing;
  // Numbers beyond 0xFE do not exist: a count that leads there is wrong.
  const count = Math.max(1, Math.min(sharing?.count ?? 1, 0xff - record.sensorNumber));
  return Array.from({ length: count }, (_, index) => {
    const instance = record.entityInstance + (sharing?.entityInstanceIncrements === true ? index : 0);
    return {
      owner,
      sensorNumber: record.sensorNumber + index,
      name: sharing === undefined || count === 1 ? name : modifiedName(idStringStem(record.id), sharing, index),
      entityId,
      entityInstance: (record.entityInstance & 0x80) | (instance & 0x7f),
      record,
    };
  });
}

/**
 * The instance modifier is appended: `Fan ` with numbers from 1 gives `Fan 1`, `Fan 2`. Where the name has a number already
 * and the numbers begin at 0 (Dell's `Drive 15`), that number counts on.
 */
function modifiedName(name: string, { modifierType, modifierOffset }: RecordSharing, index: number): string {
  const number = modifierOffset + index;
  if (modifierType === 1) return `${name}${letters(number)}`;
  const [, before = '', digits] = /^(.*?)(\d{1,4})$/.exec(name) ?? [];
  if (digits !== undefined && modifierOffset === 0) return `${before}${Number(digits) + index}`;
  return `${name}${number}`;
}

/** A … Z, AA, AB … */
function letters(number: number): string {
  const last = String.fromCharCode(0x41 + (number % 26));
  return number < 26 ? last : `${letters(Math.floor(number / 26) - 1)}${last}`;
}
