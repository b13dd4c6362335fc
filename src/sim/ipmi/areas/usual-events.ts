/** What the log of a server that has lived a little holds. */
import type { EventGenerator, SelRecord } from '../../../protocols/ipmi/index.ts';
import { encodeSelRecord } from '../../../protocols/ipmi/index.ts';

const bmc = { kind: 'controller', address: 0x20, lun: 0, channel: 0 } as const;
const firmware = { kind: 'software', id: 0x20, lun: 0, channel: 0 } as const;

/** One event: how long ago, of which sensor, what. Sensor numbers are those of `usualSensors`. */
interface Happening {
  minutesAgo: number;
  sensorType: number;
  sensorNumber: number;
  /** 6Fh, specific to the sensor's type, when left out. */
  readingType?: number;
  data: readonly [number, number, number];
  ended?: boolean;
  by?: EventGenerator;
}

const happenings: readonly Happening[] = [
  // Firmware progress: video initialization, then the operating system is booted.
  { minutesAgo: 600, sensorType: 0x0f, sensorNumber: 0x06, data: [0xc2, 0x09, 0xff], by: firmware },
  { minutesAgo: 599, sensorType: 0x0f, sensorNumber: 0x06, data: [0xc2, 0x13, 0xff], by: firmware },
  // A processor's temperature rises over its upper non-critical threshold and falls again.
  { minutesAgo: 300, sensorType: 0x01, sensorNumber: 0x11, readingType: 0x01, data: [0x57, 87, 85] },
  { minutesAgo: 290, sensorType: 0x01, sensorNumber: 0x11, readingType: 0x01, data: [0x57, 83, 85], ended: true },
  // Correctable errors in memory module 3.
  { minutesAgo: 200, sensorType: 0x0c, sensorNumber: 0x78, data: [0x30, 0xff, 0x03] },
  // A power supply loses its input and gets it back.
  { minutesAgo: 120, sensorType: 0x08, sensorNumber: 0x50, data: [0x03, 0xff, 0xff] },
  { minutesAgo: 115, sensorType: 0x08, sensorNumber: 0x50, data: [0x03, 0xff, 0xff], ended: true },
  // The watchdog of the operating system resets the machine.
  { minutesAgo: 60, sensorType: 0x23, sensorNumber: 0x7c, data: [0xc1, 0x04, 0xff] },
  // The log is nearly full, by 75 per cent.
  { minutesAgo: 1, sensorType: 0x10, sensorNumber: 0x8a, data: [0x35, 0xff, 75] },
];

/** @param now in seconds since 1970 */
export function usualEvents(now: number): Buffer[] {
  const events = happenings.map((happening) => toRecord(happening, now - happening.minutesAgo * 60));
  // As the BMC started its clock was not set: the seconds since then.
  const cleared: Happening = { minutesAgo: 0, sensorType: 0x10, sensorNumber: 0x8a, data: [0x02, 0xff, 0xff] };
  return [toRecord(cleared, 42), ...events, ...oemRecords(now)].map(encodeSelRecord);
}

function toRecord(happening: Happening, timestamp: number): SelRecord {
  return {
    kind: 'system-event',
    recordId: 0,
    recordType: 0x02,
    timestamp,
    generator: happening.by ?? bmc,
    messageFormat: 4,
    sensorType: happening.sensorType,
    sensorNumber: happening.sensorNumber,
    eventReadingType: happening.readingType ?? 0x6f,
    deassertion: happening.ended ?? false,
    eventData: happening.data,
  };
}

function oemRecords(now: number): SelRecord[] {
  const data = Buffer.from('0123456789ab', 'hex');
  return [
    { kind: 'oem-timestamped', recordId: 0, recordType: 0xc0, timestamp: now - 30, manufacturerId: 674, data },
    { kind: 'oem', recordId: 0, recordType: 0xe0, data: Buffer.from('000102030405060708090a0b0c', 'hex') },
  ];
}
