/** What a simulated sensor is: its record, and what it says when it is asked. */
import type { ReadingFactors, SdrBody, SensorOwner, SensorRecord } from '../../../protocols/ipmi/index.ts';
import { idString } from '../../../protocols/ipmi/index.ts';

/** What a sensor says when it is asked. */
export interface SensorState {
  /** Raw, while the server is on and while it is off. */
  reading: number;
  readingOff: number;
  /** Bits of a discrete sensor, or of the thresholds where these are not worked out from the reading. */
  states: number;
  scanning: boolean;
  unavailable: boolean;
  /** Raw: lower non-critical, critical, non-recoverable, upper non-critical, critical, non-recoverable. */
  thresholds: number[];
}

export interface SimulatedSensor {
  record: SensorRecord;
  /** By sensor number; several for a shared record. */
  states: ReadonlyMap<number, SensorState>;
  /** It is the tachometer of a fan of this zone, and follows its duty. */
  fanZone?: number;
}

export interface SensorContent {
  sensors: readonly SimulatedSensor[];
  others: readonly SdrBody[];
}

const bmc: SensorOwner = { address: 0x20, channel: 0, lun: 0 };
const factors: ReadingFactors = {
  m: 1,
  b: 0,
  bExponent: 0,
  resultExponent: 0,
  tolerance: 0,
  accuracy: 0,
  accuracyExponent: 0,
  direction: 1,
};

interface Analogue {
  number: number;
  name: string;
  type: number;
  base: number;
  entity: [number, number];
  reading: number;
  readingOff?: number;
  /** In the order of the commands; undefined where there is none. */
  thresholds?: readonly (number | undefined)[];
  factors?: Partial<ReadingFactors>;
  linearization?: number;
  analogFormat?: number;
  percentage?: boolean;
  owner?: Partial<SensorOwner>;
}

/** Every threshold that is there can be read and set. */
export function analogueSensor(sensor: Analogue): SimulatedSensor {
  const thresholds = Array.from({ length: 6 }, (_, bit) => sensor.thresholds?.[bit]);
  const mask = thresholds.reduce<number>((bits, value, bit) => bits | (value === undefined ? 0 : 1 << bit), 0);
  const raw = thresholds.map((value) => value ?? 0);
  const record: SensorRecord = {
    kind: 'full',
    owner: { ...bmc, ...sensor.owner },
    sensorNumber: sensor.number,
    entityId: sensor.entity[0],
    entityInstance: sensor.entity[1],
    initialization: 0x7f,
    capabilities: mask === 0 ? 0x40 : 0x68,
    sensorType: sensor.type,
    readingType: 0x01,
    assertionMask: (mask << 12) & 0x7000,
    deassertionMask: (mask << 9) & 0x7000,
    readingMask: (mask << 8) | mask,
    analogFormat: sensor.analogFormat ?? 0,
    units: { percentage: sensor.percentage ?? false, rate: 0, modifierUse: 0, base: sensor.base, modifier: 0 },
    linearization: sensor.linearization ?? 0,
    factors: { ...factors, ...sensor.factors },
    analogFlags: 0x01,
    nominal: sensor.reading,
    normalMaximum: 0xff,
    normalMinimum: 0,
    sensorMaximum: sensor.analogFormat === 2 ? 0x7f : 0xff,
    sensorMinimum: sensor.analogFormat === 2 ? 0x80 : 0,
    thresholds: raw.toReversed(),
    positiveHysteresis: 2,
    negativeHysteresis: 2,
    oem: 0,
    id: idString(sensor.name),
  };
  const { reading } = sensor;
  const readingOff = sensor.readingOff ?? reading;
  const state = { reading, readingOff, states: 0, scanning: true, unavailable: false, thresholds: raw };
  return { record, states: new Map([[sensor.number, state]]) };
}

interface Discrete {
  number: number;
  name: string;
  type: number;
  readingType?: number;
  entity: [number, number];
  /** One for each sensor that shares the record. */
  states: readonly number[];
  mask?: number;
  modifierOffset?: number;
  modifierType?: number;
}

export function discreteSensor(sensor: Discrete): SimulatedSensor {
  const mask = sensor.mask ?? 0x7fff;
  const count = sensor.states.length;
  const record: SensorRecord = {
    kind: 'compact',
    owner: bmc,
    sensorNumber: sensor.number,
    entityId: sensor.entity[0],
    entityInstance: sensor.entity[1],
    initialization: 0x67,
    capabilities: 0x40,
    sensorType: sensor.type,
    readingType: sensor.readingType ?? 0x6f,
    assertionMask: mask,
    deassertionMask: mask,
    readingMask: mask,
    analogFormat: 3,
    units: { percentage: false, rate: 0, modifierUse: 0, base: 0, modifier: 0 },
    sharing: {
      count,
      modifierType: sensor.modifierType ?? 0,
      modifierOffset: sensor.modifierOffset ?? 0,
      entityInstanceIncrements: count > 1,
      direction: 0,
    },
    positiveHysteresis: 0,
    negativeHysteresis: 0,
    oem: 0,
    id: idString(sensor.name),
  };
  const states = sensor.states.map((bits, index): [number, SensorState] => {
    const state = { reading: 0, readingOff: 0, states: bits, scanning: true, unavailable: false, thresholds: [] };
    return [sensor.number + index, state];
  });
  return { record, states: new Map(states) };
}
