/**
 * Platform event traps: an event as an SNMP trap (IPMI Platform Event Trap Format Specification v1.0 §4). The event's type
 * is in the trap's specific field, everything else in one octet string. Numbers of several bytes are big-endian.
 *
 * | specific trap | 23:16 sensor type | 15:8 event type | 7 deassertion | 3:0 offset |
 *
 * | bytes | variable binding                                               |
 * | ----- | -------------------------------------------------------------- |
 * | 0:15  | GUID of the system                                             |
 * | 16:17 | sequence number                                                |
 * | 18:21 | local time: seconds since 1998-01-01 00:00, 0 unspecified      |
 * | 22:23 | UTC offset in minutes, FFFFh unspecified                       |
 * | 24    | trap source type                                               |
 * | 25    | event source type                                              |
 * | 26    | severity                                                       |
 * | 27    | sensor device                                                  |
 * | 28    | sensor number                                                  |
 * | 29    | entity                                                         |
 * | 30    | entity instance                                                |
 * | 31:38 | event data                                                     |
 * | 39    | language                                                       |
 * | 40:43 | manufacturer id                                                |
 * | 44:45 | system id                                                      |
 * | 46:   | OEM fields                                                     |
 */
import { ByteReader } from '../byte-reader.ts';

/** SNMP enterprise of these traps: 1.3.6.1.4.1.3183.1.1. */
export const platformEventTrapEnterprise = '1.3.6.1.4.1.3183.1.1';

export const trapSeverities = {
  0x01: 'monitor',
  0x02: 'information',
  0x04: 'ok',
  0x08: 'non-critical',
  0x10: 'critical',
  0x20: 'non-recoverable',
} as const;

export interface PlatformEventTrap {
  sensorType: number;
  eventReadingType: number;
  deassertion: boolean;
  offset: number;
  /** 16 bytes. */
  guid: Uint8Array;
  sequence: number;
  /** Seconds since 1998-01-01 00:00 of the local time; 0 where the sender knows none. */
  localTimestamp: number;
  /** Minutes from UTC; undefined where the sender does not say. */
  utcOffsetMinutes: number | undefined;
  trapSource: number;
  eventSource: number;
  /** A key of `trapSeverities`; 0 unspecified. */
  severity: number;
  sensorDevice: number;
  sensorNumber: number;
  entity: number;
  entityInstance: number;
  /** 8 bytes, of which IPMI uses three. */
  eventData: Uint8Array;
  language: number;
  manufacturerId: number;
  systemId: number;
  oem: Uint8Array;
}

const epochOf1998 = Date.UTC(1998, 0, 1);
const unspecifiedOffset = -1;

/** Milliseconds since 1970; undefined where the sender knew no time. A time without an offset is taken for UTC. */
export function trapTime(trap: PlatformEventTrap): number | undefined {
  if (trap.localTimestamp === 0) return undefined;
  return epochOf1998 + trap.localTimestamp * 1000 - (trap.utcOffsetMinutes ?? 0) * 60_000;
}

/** @param variableBinding the octet string of the trap's one variable */
export function decodePlatformEventTrap(specificTrap: number, variableBinding: Uint8Array): PlatformEventTrap {
  const reader = new ByteReader(variableBinding, 'platform event trap');
  const guid = reader.bytes(16);
  const sequence = reader.bytes(2).readUInt16BE(0);
  const localTimestamp = reader.uint32BigEndian();
  const offset = reader.bytes(2).readInt16BE(0);
  return {
    sensorType: (specificTrap >>> 16) & 0xff,
    eventReadingType: (specificTrap >>> 8) & 0xff,
    deassertion: (specificTrap & 0x80) !== 0,
    offset: specificTrap & 0x0f,
    guid,
    sequence,
    localTimestamp,
    utcOffsetMinutes: offset === unspecifiedOffset ? undefined : offset,
    trapSource: reader.byte(),
    eventSource: reader.byte(),
    severity: reader.byte(),
    sensorDevice: reader.byte(),
    sensorNumber: reader.byte(),
    entity: reader.byte(),
    entityInstance: reader.byte(),
    eventData: reader.bytes(8),
    language: reader.byte(),
    manufacturerId: reader.uint32BigEndian(),
    systemId: reader.bytes(2).readUInt16BE(0),
    oem: reader.rest(),
  };
}

export function encodePlatformEventTrap(trap: PlatformEventTrap): { specificTrap: number; variableBinding: Buffer } {
  const fixed = Buffer.alloc(46);
  fixed.set(trap.guid.subarray(0, 16), 0);
  fixed.writeUInt16BE(trap.sequence, 16);
  fixed.writeUInt32BE(trap.localTimestamp, 18);
  fixed.writeInt16BE(trap.utcOffsetMinutes ?? unspecifiedOffset, 22);
  const singles = [trap.trapSource, trap.eventSource, trap.severity, trap.sensorDevice, trap.sensorNumber];
  Buffer.of(...singles, trap.entity, trap.entityInstance).copy(fixed, 24);
  fixed.set(trap.eventData.subarray(0, 8), 31);
  fixed[39] = trap.language;
  fixed.writeUInt32BE(trap.manufacturerId, 40);
  fixed.writeUInt16BE(trap.systemId, 44);
  const direction = trap.deassertion ? 0x80 : 0;
  return {
    specificTrap: (trap.sensorType << 16) | (trap.eventReadingType << 8) | direction | (trap.offset & 0x0f),
    variableBinding: Buffer.concat([fixed, trap.oem]),
  };
}
