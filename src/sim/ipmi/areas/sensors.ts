/** The SDR repository, the sensors and their thresholds (IPMI v2.0 §33, §35). */
import type { RawThresholds, ReadingFactors, SdrBody } from '../../../protocols/ipmi/index.ts';
import {
  encodeSdrRecord,
  getDeviceSdr,
  getDeviceSdrInfo,
  getSdr,
  getSdrRepositoryInfo,
  getSensorHysteresis,
  getSensorReading,
  getSensorReadingFactors,
  getSensorThresholds,
  privilegeLevel,
  reserveDeviceSdrRepository,
  reserveSdrRepository,
  setSensorThresholds,
  thresholdNames,
} from '../../../protocols/ipmi/index.ts';
import type { GetSdrRequest, GetSdrResponse } from '../../../protocols/ipmi/index.ts';
import type { Area, AreaContext, CommandHandler, Refused, SimulatedServer } from '../area.ts';
import { handler } from '../area.ts';
import type { SensorContent, SensorState, SimulatedSensor } from './sensor-content.ts';
import { nonLinearSensorNumber, satelliteSensor, usualSensors } from './usual-sensors.ts';

export interface SensorsAreaOptions {
  content?: SensorContent;
  /** Bytes of a record that one answer holds; more are refused with 0xCA. */
  maximumRead?: number;
  /** No repository: the records are the device's own. */
  deviceOnly?: boolean;
}

export interface SensorsArea extends Area {
  /** What a sensor of the BMC says from now on. */
  set(sensorNumber: number, change: Partial<SensorState>): void;
  /** As if somebody else had reserved the repository. */
  loseReservation(): void;
  /** Adds a record at the end, and tells so by the time of the last addition. */
  addRecord(body: SdrBody): void;
}

const { user, operator } = privilegeLevel;
const notPresent: Refused = { completionCode: 0xcb };
const lastRecord = 0xffff;

export function createSensorsArea(
  context: Pick<AreaContext, 'clock' | 'server'>,
  options: SensorsAreaOptions = {},
): SensorsArea {
  const content = options.content ?? usualSensors();
  const bodies: SdrBody[] = [...content.sensors.map(({ record }) => record), ...content.others];
  const maximumRead = options.maximumRead ?? 0xff;
  let lastAddition = Math.floor(context.clock.now() / 1_000);
  let reservation = 0;

  function read(request: GetSdrRequest): GetSdrResponse | Refused {
    const index =
      request.recordId === 0 ? 0 : request.recordId === lastRecord ? bodies.length - 1 : request.recordId - 1;
    const body = bodies[index];
    if (body === undefined) return notPresent;
    // A reservation is needed for a part of a record only (§33.12).
    const partial = request.offset !== 0;
    if ((partial || request.reservation !== 0) && request.reservation !== reservation) return { completionCode: 0xc5 };
    const bytes = encodeSdrRecord({ recordId: index + 1, version: '1.5', body });
    if (request.offset > bytes.length) return { completionCode: 0xc9 };
    const end = request.length === 0xff ? bytes.length : request.offset + request.length;
    if (end - request.offset > maximumRead) return { completionCode: 0xca };
    const nextRecordId = index + 1 < bodies.length ? index + 2 : lastRecord;
    return { nextRecordId, data: bytes.subarray(request.offset, end) };
  }

  function reserve(): { reservation: number } {
    reservation = (reservation % 0xffff) + 1;
    return { reservation };
  }

  const repository: CommandHandler[] = [
    handler(getSdrRepositoryInfo, user, () => ({
      version: '1.5',
      recordCount: bodies.length,
      freeBytes: 0xffff,
      lastAddition,
      lastErase: 0,
      operations: 0x22,
    })),
    handler(reserveSdrRepository, user, reserve),
    handler(getSdr, user, read),
  ];
  const device: CommandHandler[] = [
    handler(getDeviceSdrInfo, user, ({ countRecords }) => ({
      count: countRecords ? bodies.length : content.sensors.length,
      luns: [true, false, false, false],
      dynamic: false,
      populationChange: 0,
    })),
    handler(reserveDeviceSdrRepository, user, reserve),
    handler(getDeviceSdr, user, read),
  ];
  return {
    handlers: [
      ...(options.deviceOnly === true ? device : repository),
      ...sensorHandlers(content.sensors, context.server),
    ],
    set(sensorNumber, change) {
      for (const { states } of content.sensors) {
        const state = states.get(sensorNumber);
        if (state !== undefined) Object.assign(state, change);
      }
    },
    loseReservation: () => void reserve(),
    addRecord(body) {
      bodies.push(body);
      lastAddition += 1;
    },
  };
}

/** What the node manager answers about the sensor that the BMC's records say it has. */
export function satelliteSensorHandlers(): CommandHandler[] {
  return sensorHandlers([satelliteSensor()], { powerOn: true });
}

/** Up to 99 they are litres, above it two litres a count. */
function nonLinearFactors(reading: number): { nextReading: number; factors: ReadingFactors } {
  const low = reading < 100;
  const plain = { bExponent: 0, resultExponent: 0, tolerance: 0, accuracy: 0, accuracyExponent: 0, direction: 1 };
  return { nextReading: low ? 100 : 0xff, factors: { ...plain, m: low ? 1 : 2, b: low ? 0 : -100 } };
}

function sensorHandlers(
  sensors: readonly SimulatedSensor[],
  server: Pick<SimulatedServer, 'powerOn' | 'fanSpeed'>,
): CommandHandler[] {
  function find(sensorNumber: number, lun: number): (SimulatedSensor & { state: SensorState }) | undefined {
    for (const sensor of sensors) {
      const state = sensor.states.get(sensorNumber);
      if (state !== undefined && sensor.record.owner.lun === lun) return { ...sensor, state };
    }
    return undefined;
  }

  return [
    handler(getSensorReading, user, ({ sensorNumber }, { lun }) => {
      const sensor = find(sensorNumber, lun);
      if (sensor === undefined) return notPresent;
      const { record, state } = sensor;
      const speed = sensor.fanZone === undefined ? 1 : (server.fanSpeed?.(sensor.fanZone) ?? 1);
      const reading = server.powerOn ? Math.min(0xff, Math.round(state.reading * speed)) : state.readingOff;
      const threshold = record.kind === 'full';
      return {
        reading,
        eventMessagesEnabled: true,
        scanningEnabled: state.scanning,
        unavailable: state.unavailable,
        states: threshold ? trippedBits(sensor, reading) : state.states,
      };
    }),
    handler(getSensorThresholds, user, ({ sensorNumber }, { lun }) => {
      const sensor = find(sensorNumber, lun);
      if (sensor === undefined) return notPresent;
      if (sensor.record.kind !== 'full') return { completionCode: 0xcd };
      const thresholds: Partial<Record<keyof RawThresholds, number>> = {};
      for (const [bit, name] of thresholdNames.entries()) {
        const value = sensor.state.thresholds[bit];
        if (value !== undefined && (sensor.record.readingMask & (1 << bit)) !== 0) thresholds[name] = value;
      }
      return { thresholds };
    }),
    handler(setSensorThresholds, operator, ({ sensorNumber, thresholds }, { lun }) => {
      const sensor = find(sensorNumber, lun);
      if (sensor === undefined) return notPresent;
      if (sensor.record.kind !== 'full') return { completionCode: 0xcd };
      const { record, state } = sensor;
      const wanted = thresholdNames.map((name) => thresholds[name]);
      if (wanted.some((value, bit) => value !== undefined && (record.readingMask & (0x100 << bit)) === 0)) {
        return { completionCode: 0xcc };
      }
      for (const [bit, value] of wanted.entries()) if (value !== undefined) state.thresholds[bit] = value;
      return {};
    }),
    handler(getSensorHysteresis, user, ({ sensorNumber }, { lun }) => {
      const record = find(sensorNumber, lun)?.record;
      if (record?.kind !== 'full') return notPresent;
      return { positive: record.positiveHysteresis, negative: record.negativeHysteresis };
    }),
    handler(getSensorReadingFactors, user, ({ sensorNumber, reading }, { lun }) => {
      const record = find(sensorNumber, lun)?.record;
      if (record?.kind !== 'full') return notPresent;
      if (sensorNumber === nonLinearSensorNumber) return nonLinearFactors(reading);
      return { nextReading: 0xff, factors: record.factors };
    }),
  ];
}

/** At or below the lower ones, at or above the upper ones: raw values compared as the sensor's own numbers. */
function trippedBits({ record, state }: SimulatedSensor & { state: SensorState }, reading: number): number {
  if (record.kind !== 'full') return 0;
  const signed = (raw: number) => (record.analogFormat === 2 && raw >= 0x80 ? raw - 0x100 : raw);
  return state.thresholds.reduce((bits, raw, bit) => {
    if ((record.readingMask & (1 << bit)) === 0) return bits;
    const tripped = bit < 3 ? signed(reading) <= signed(raw) : signed(reading) >= signed(raw);
    return tripped ? bits | (1 << bit) : bits;
  }, state.states);
}
