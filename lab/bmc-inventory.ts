/** What a lab BMC says it has: FRU data and a handful of sensors, as ipmi_sim's emulator commands. */

const hex = (bytes: Buffer): string => [...bytes].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(' ');

/** The byte that makes the sum of all bytes zero. */
const checksum = (bytes: Buffer): number => (256 - (bytes.reduce((sum, byte) => sum + byte, 0) % 256)) % 256;

/** One area of the FRU: format version, length in eights, head, type/length-coded strings, end mark, checksum. */
function fruArea(head: number[], fields: string[]): Buffer {
  const body = Buffer.concat([
    Buffer.from([1, 0, ...head]),
    ...fields.map((field) => Buffer.concat([Buffer.of(0xc0 | field.length), Buffer.from(field, 'latin1')])),
    Buffer.of(0xc1),
  ]);
  const area = Buffer.alloc(Math.ceil((body.length + 1) / 8) * 8);
  body.copy(area);
  area[1] = area.length / 8;
  area[area.length - 1] = checksum(area);
  return area;
}

/** Platform Management FRU Information Storage Definition 1.3: header, chassis, board and product areas. */
export function fruData(serialNumber: string): Buffer {
  const serial = serialNumber.slice(0, 60);
  const chassis = fruArea([0x17], ['LAB-CHASSIS', serial]);
  const board = fruArea([0, 0, 0, 0], ['Athanor', 'Lab Board', serial, 'LAB-BOARD', '']);
  const product = fruArea([0], ['Athanor', 'Lab Server', 'LAB-1', '1', serial, '', '']);
  const header = Buffer.from([1, 0, 1, 1 + chassis.length / 8, 1 + (chassis.length + board.length) / 8, 0, 0, 0]);
  header[7] = checksum(header);
  const data = Buffer.concat([header, chassis, board, product]);
  return Buffer.concat([data, Buffer.alloc(Math.max(0, 512 - data.length))]);
}

interface ThresholdSensor {
  number: number;
  name: string;
  /** IPMI 2.0 table 42-3. */
  type: number;
  /** IPMI 2.0 table 43-15: 1 degrees C, 4 volts, 6 watts, 18 RPM. */
  unit: number;
  multiplier: number;
  /** Power of ten of the result. */
  exponent: number;
  raw: number;
  /** Upper non-recoverable, critical, non-critical, then lower ones. */
  thresholds: [number, number, number, number, number, number];
}

const sensors: ThresholdSensor[] = [
  {
    number: 1,
    name: 'CPU Temp',
    type: 1,
    unit: 1,
    multiplier: 1,
    exponent: 0,
    raw: 40,
    thresholds: [110, 100, 90, 0, 0, 5],
  },
  {
    number: 2,
    name: 'Inlet Temp',
    type: 1,
    unit: 1,
    multiplier: 1,
    exponent: 0,
    raw: 23,
    thresholds: [60, 50, 45, 0, 0, 5],
  },
  {
    number: 3,
    name: '12V Rail',
    type: 2,
    unit: 4,
    multiplier: 6,
    exponent: -2,
    raw: 201,
    thresholds: [230, 220, 215, 170, 180, 185],
  },
  {
    number: 4,
    name: 'Fan 1',
    type: 4,
    unit: 18,
    multiplier: 100,
    exponent: 0,
    raw: 56,
    thresholds: [255, 250, 245, 5, 10, 15],
  },
];

/** Full sensor record, IPMI 2.0 table 43-1. */
function sensorRecord(sensor: ThresholdSensor): Buffer {
  const name = Buffer.from(sensor.name, 'latin1');
  const record = Buffer.alloc(48 + name.length);
  record.writeUInt16LE(sensor.number, 0);
  record.set([0x51, 0x01, record.length - 5, 0x20, 0, sensor.number, 7, 1, 0x7f, 0x68, sensor.type, 1], 2);
  record.writeUInt16LE(0x7a95, 14);
  record.writeUInt16LE(0x7a95, 16);
  record.writeUInt16LE(0x3f3f, 18);
  record[21] = sensor.unit;
  record[24] = sensor.multiplier;
  record[29] = (sensor.exponent & 0xf) << 4;
  record[30] = 7;
  record[34] = 255;
  record.set(sensor.thresholds, 36);
  record[42] = 2;
  record[43] = 2;
  record[47] = 0xc0 | name.length;
  name.copy(record, 48);
  return record;
}

/** The emulator file of a BMC (ipmi_sim_cmd(5)). */
export function emulatorCommands(serialNumber: string): string {
  const all = '111111111111111';
  const thresholdEvents = `000${'1'.repeat(12)}`;
  const fru = fruData(serialNumber);
  return [
    'mc_setbmc 0x20',
    'mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr',
    'sel_enable 0x20 1000 0x0a',
    ...sensors.flatMap((sensor) => [
      `sensor_add 0x20 0 ${sensor.number} ${sensor.type} 0x01`,
      `sensor_set_value 0x20 0 ${sensor.number} ${sensor.raw} 0`,
      `sensor_set_threshold 0x20 0 ${sensor.number} settable ${all.slice(0, 6)} ${hex(Buffer.from(sensor.thresholds))}`,
      `sensor_set_event_support 0x20 0 ${sensor.number} enable scanning per-state ${Array(4).fill(thresholdEvents).join(' ')}`,
      `main_sdr_add 0x20 ${hex(sensorRecord(sensor))}`,
    ]),
    `mc_add_fru_data 0x20 0 ${fru.length} data ${hex(fru)}`,
    'mc_enable 0x20',
    '',
  ].join('\n');
}
