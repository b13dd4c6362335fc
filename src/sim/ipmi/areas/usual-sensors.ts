/** The sensors of a simulated two-socket server: what real ones have, and one of each that clients get wrong. */
import type { SdrBody } from '../../../protocols/ipmi/index.ts';
import { idString } from '../../../protocols/ipmi/index.ts';
import type { SensorContent, SimulatedSensor } from './sensor-content.ts';
import { analogueSensor, discreteSensor } from './sensor-content.ts';

const [celsius, volts, watts, rpm] = [1, 4, 6, 18];
const [temperature, voltage, current, fan, powerSupply, otherUnits, drive, watchdog2] = [1, 2, 3, 4, 8, 11, 13, 0x23];
const hundredRpm = { m: 100 };
const none = undefined;

export const nonLinearSensorNumber = 0x60;

/** The sensor of the node manager at 2Ch; its own state is kept by that controller. */
export const satelliteSensor = (): SimulatedSensor =>
  analogueSensor({
    number: 0x08,
    name: 'PCH Temp',
    type: temperature,
    base: celsius,
    entity: [0x2d, 1],
    reading: 47,
    thresholds: [none, none, none, 90, 100, none],
    owner: { address: 0x2c },
  });

export function usualSensors(): SensorContent {
  const cpu = (index: number, reading: number) =>
    analogueSensor({
      number: 0x10 + index,
      name: `CPU${index} Temp`,
      type: temperature,
      base: celsius,
      entity: [3, index],
      reading,
      readingOff: 22,
      thresholds: [none, none, none, 85, 95, 105],
    });
  const fans = [1, 2, 3, 4].map((index) => ({
    // Two fans to a zone, as by Supermicro.
    fanZone: index < 3 ? 0 : 1,
    ...analogueSensor({
      number: 0x30 + index,
      name: `Fan ${index}`,
      type: fan,
      base: rpm,
      entity: [29, index],
      reading: 60 + index,
      readingOff: 0,
      thresholds: [8, 6, none, none, none, none],
      factors: hundredRpm,
    }),
  }));
  const rail = (number: number, name: string, reading: number, m: number) =>
    analogueSensor({
      number,
      name,
      type: voltage,
      base: volts,
      entity: [7, 1],
      reading,
      thresholds: [reading - 20, reading - 30, none, reading + 20, reading + 30, none],
      factors: { m, resultExponent: -3 },
    });
  const sensors = [
    cpu(1, 58),
    cpu(2, 61),
    analogueSensor({
      number: 0x13,
      name: 'Inlet Temp',
      type: temperature,
      base: celsius,
      entity: [55, 1],
      reading: 24,
      thresholds: [5, 0xfb, none, 38, 42, none],
      analogFormat: 2,
    }),
    ...fans,
    rail(0x20, 'P12V', 195, 62),
    rail(0x21, 'P3V3', 206, 16),
    analogueSensor({
      number: 0x40,
      name: 'PS1 Input',
      type: otherUnits,
      base: watts,
      entity: [10, 1],
      reading: 45,
      readingOff: 2,
      thresholds: [none, none, none, 180, 200, none],
      factors: { m: 4 },
    }),
    analogueSensor({
      number: 0x41,
      name: 'PS1 Load',
      type: current,
      base: 0,
      percentage: true,
      entity: [10, 1],
      reading: 31,
      readingOff: 0,
      thresholds: [none, none, none, 100, 130, none],
    }),
    // Each reading has factors of its own: see nonLinearFactors.
    analogueSensor({
      number: nonLinearSensorNumber,
      name: 'Coolant Flow',
      type: otherUnits,
      base: 37,
      entity: [30, 1],
      reading: 120,
      thresholds: [60, 50, none, none, none, none],
      linearization: 0x70,
    }),
    // The period of its tachometer: the slower, the higher, so that the upper limits of the period are the lower ones.
    analogueSensor({
      number: 0x61,
      name: 'Pump 1',
      type: fan,
      base: rpm,
      entity: [30, 1],
      reading: 20,
      thresholds: [none, none, none, 100, 200, none],
      linearization: 7,
      factors: { m: 1, resultExponent: -5 },
    }),
    analogueSensor({
      number: 0x62,
      name: 'Offset',
      type: temperature,
      base: celsius,
      entity: [7, 1],
      reading: 0xfc,
      analogFormat: 1,
      factors: { m: 5, b: 2, bExponent: 1, resultExponent: -1 },
    }),
    discreteSensor({
      number: 0x50,
      name: 'PS Status ',
      type: powerSupply,
      entity: [10, 1],
      states: [1, 9],
      modifierOffset: 1,
    }),
    discreteSensor({
      number: 0x54,
      name: 'PS Redundancy',
      type: powerSupply,
      readingType: 0x0b,
      entity: [10, 3],
      states: [2],
    }),
    discreteSensor({
      number: 0x70,
      name: 'Drive ',
      type: drive,
      entity: [4, 1],
      states: [1, 1, 3, 0],
      modifierOffset: 0,
    }),
    discreteSensor({
      number: 0x78,
      name: 'DIMM ',
      type: 0x0c,
      entity: [32, 1],
      states: [0x40, 0x40],
      modifierType: 1,
      modifierOffset: 0,
    }),
    discreteSensor({ number: 0x7c, name: 'Watchdog', type: watchdog2, entity: [6, 1], states: [0] }),
    discreteSensor({
      number: 0x7d,
      name: 'OEM State',
      type: 0xc0,
      readingType: 0x70,
      entity: [6, 1],
      states: [0x0004],
    }),
  ];
  return { sensors, others };
}

const located = { oem: 0, entityInstance: 1 };

const others: readonly SdrBody[] = [
  {
    kind: 'event-only',
    owner: { address: 0x41, channel: 0, lun: 0 },
    sensorNumber: 0x06,
    entityId: 34,
    entityInstance: 1,
    sensorType: 0x0f,
    readingType: 0x6f,
    sharing: { count: 1, modifierType: 0, modifierOffset: 0, entityInstanceIncrements: false, direction: 0 },
    oem: 0,
    id: idString('BIOS Progress'),
  },
  satelliteSensor().record,
  {
    kind: 'controller-locator',
    slaveAddress: 0x20,
    channel: 0,
    initialization: 0,
    capabilities: 0xbf,
    entityId: 6,
    ...located,
    id: idString('BMC'),
  },
  {
    kind: 'controller-locator',
    slaveAddress: 0x2c,
    channel: 0,
    initialization: 0,
    capabilities: 0x21,
    entityId: 0x2e,
    ...located,
    id: idString('Node Manager'),
  },
  {
    kind: 'fru-device-locator',
    accessAddress: 0x20,
    fruId: 0,
    logical: true,
    lun: 0,
    bus: 0,
    channel: 0,
    deviceType: 0x10,
    deviceTypeModifier: 0,
    entityId: 7,
    ...located,
    id: idString('Main Board'),
  },
  {
    kind: 'entity-association',
    deviceRelative: false,
    container: { address: 0, channel: 0, entityId: 19, entityInstance: 1 },
    flags: 0x80,
    contained: [
      { address: 0, channel: 0, entityId: 10, entityInstance: 1 },
      { address: 0, channel: 0, entityId: 10, entityInstance: 2 },
      { address: 0, channel: 0, entityId: 0, entityInstance: 0 },
      { address: 0, channel: 0, entityId: 0, entityInstance: 0 },
    ],
  },
  { kind: 'oem', manufacturerId: 4711, data: Buffer.of(1, 2, 3) },
];
