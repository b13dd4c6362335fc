/** Sensors of five BMCs recorded from physical servers, as we, ipmitool and FreeIPMI read them from the same ipmi_sim. */
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { recordings } from '../../tools/recordings.ts';
import { entityName } from '../protocols/ipmi/index.ts';
import type { Bmc, SensorReading, SensorRecordSummary } from './index.ts';
import { openBmc } from './index.ts';
import type { IpmiSim } from './testing/ipmi-sim.ts';
import { administrator, startIpmiSim } from './testing/ipmi-sim.ts';
import { realDependencies } from './testing/real-dependencies.ts';
import { expectDone } from './testing/results.ts';
import type { InterpretedSensor, ListedSensor } from './testing/sensor-listings.ts';
import { parseExtendedList, parseFreeIpmi, parseSensorList, stateBits } from './testing/sensor-listings.ts';
import { startUdpRelay } from './testing/udp-relay.ts';

const folder = recordings('ipmi');
const emulations = folder === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith('.emu'));

let sim: IpmiSim | undefined;
let bmc: Bmc | undefined;

afterEach(async () => {
  await bmc?.close();
  await sim?.stop();
});

function open(port: number): Bmc {
  const credential = { name: 'sim', ...administrator, fingerprint: 'one' };
  return openBmc({ name: 'b1', driver: 'ipmi', address: '127.0.0.1', port, credential }, realDependencies());
}

interface ReadRecord {
  record: SensorRecordSummary;
  /** Of the first sensor of the record. */
  reading: SensorReading;
}

/** Readings come in the order of the records, as many for each as it describes sensors. */
async function readByRecord(from: Bmc): Promise<ReadRecord[]> {
  const readings = expectDone(await from.sensors.list()).value;
  const records = expectDone(await from.sensors.listRecords()).value;
  let at = 0;
  return records.flatMap((record) => {
    const reading = readings[at];
    at += record.sensorIds.length;
    return record.sensorIds.length === 0 || reading === undefined ? [] : [{ record, reading }];
  });
}

function agreesWithIpmitool({ reading }: ReadRecord, listed: ListedSensor): void {
  const what = `${reading.name} ${reading.id}`;
  // An odd owner is software of the system (§5.4), which nobody can ask, as FreeIPMI agrees; ipmitool takes it for an
  // address on the bus, where ipmi_sim has put a controller of that address for it.
  if (reading.unavailable?.startsWith('owned by system software') === true) return;
  expect(reading.unavailable === undefined, `${what}: has a reading`).toBe(listed.value !== 'na');
  // Where the record says that a sensor has no thresholds, ipmitool asks for them all the same; FreeIPMI does not either.
  if (Object.keys(reading.thresholds).length > 0) expectLimits(reading, listed.thresholds, 0.000_51);
  // ipmitool knows no unit of a sensor without a reading.
  if (reading.unavailable !== undefined) return;
  if (listed.unit !== 'discrete') expect(reading.unit || 'unspecified', what).toBe(listed.unit);
  if (listed.unit === 'discrete') {
    const bits = stateBits(listed.status).toString(2).replaceAll('0', '');
    expect(reading.states, `${what}: ${listed.status}`).toHaveLength(bits.length);
    return;
  }
  expect(reading.value, what).toBeCloseTo(Number(listed.value), 2);
  const health = { ok: 'ok', nc: 'warning', cr: 'critical', nr: 'critical' }[listed.status];
  expect(reading.health, what).toBe(health);
}

function expectLimits({ name, thresholds }: SensorReading, theirs: SensorReading['thresholds'], by: number): void {
  expect(Object.keys(thresholds).toSorted(), name).toEqual(Object.keys(theirs).toSorted());
  for (const [key, value] of Object.entries(theirs)) {
    const ours = Object.entries(thresholds).find(([threshold]) => threshold === key)?.[1];
    expect(Math.abs((ours ?? Number.NaN) - value), `${name} ${key}`).toBeLessThanOrEqual(by);
  }
}

const freeIpmiUnits: Record<string, string> = { C: 'degrees C', V: 'Volts', A: 'Amps', W: 'Watts', '%': 'percent' };

/** What we call otherwise than FreeIPMI, and why. */
const judgedOtherwise: Record<string, string> = {
  'Entity Absent': 'an empty place is no fault; FreeIPMI calls it critical',
};

function agreesWithFreeIpmi({ record, reading }: ReadRecord, theirs: InterpretedSensor): void {
  const what = `${reading.name} ${record.recordId}`;
  expect(record.name, what).toBe(theirs.name);
  const type = theirs.type === 'OEM Reserved' ? 'OEM' : theirs.type;
  expect(bare(reading.type), what).toContain(bare(freeIpmiTypes[type] ?? type));
  // FreeIPMI asks nobody but the BMC unless told to.
  if (reading.unavailable !== undefined) {
    expect(theirs.value, what).toBe('N/A');
    expect(theirs.state, what).toBe('N/A');
    return;
  }
  expectLimits(reading, theirs.thresholds, 0.005_1);
  if (theirs.value !== 'N/A') {
    expect(Math.abs((reading.value ?? Number.NaN) - Number(theirs.value)), what).toBeLessThanOrEqual(0.005_1);
    expect(reading.unit || 'unspecified', what).toBe(freeIpmiUnits[theirs.unit] ?? theirs.unit);
  }
  const told = theirs.events.filter((event) => event !== 'OK' && !event.startsWith('OEM Event'));
  if (reading.value === undefined && !reading.states.some((state) => state.startsWith('state '))) {
    expect(reading.states.map(bare), what).toEqual(told.map(bare));
  }
  if (theirs.state === 'N/A' || reading.states.some((state) => judgedOtherwise[state] !== undefined)) return;
  const health = { Nominal: 'ok', Warning: 'warning', Critical: 'critical' }[theirs.state];
  expect(reading.health, `${what}: ${reading.states.join()}`).toBe(health);
}

/** Two of its names are older than the specification's. */
const freeIpmiTypes: Record<string, string> = {
  'OS Critical Stop': 'OS Stop / Shutdown',
  'OS Boot': 'Base OS Boot / Installation Status',
};

/** Letters and digits: blanks, slashes, dashes and hyphens differ between every two programs. */
function bare(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

describe.runIf(folder)('sensors of recorded BMCs', () => {
  it('are there', () => expect(emulations.length).toBeGreaterThan(0));

  it.each(emulations)('%s: names, values, units, limits and states', async (emulation) => {
    sim = await startIpmiSim({ emulation: resolve(folder ?? '', emulation) });
    bmc = open(sim.port);
    const byRecord = await readByRecord(bmc);
    const measured = byRecord.filter(({ record }) => record.kind !== 'event-only sensor');
    expect(measured.length).toBeGreaterThan(50);

    const listed = parseSensorList(await sim.ipmitool('sensor', 'list'));
    expect(measured.map(({ record }) => record.name)).toEqual(listed.map(({ name }) => name));
    for (const [index, one] of measured.entries()) agreesWithIpmitool(one, listed[index] ?? failed('no row'));

    const options = [
      '--output-sensor-thresholds',
      '--output-sensor-state',
      '--comma-separated-output',
      '--quiet-cache',
    ];
    const interpreted = parseFreeIpmi(await sim.freeipmi('ipmi-sensors', ...options));
    expect(interpreted.length).toBe(measured.length);
    for (const theirs of interpreted) {
      const ours = measured.find(({ record }) => Number(record.recordId) === theirs.recordId);
      agreesWithFreeIpmi(ours ?? failed(`record ${theirs.recordId}`), theirs);
    }
  });

  it.each(emulations)('%s: records and what is told of their store', async (emulation) => {
    sim = await startIpmiSim({ emulation: resolve(folder ?? '', emulation) });
    bmc = open(sim.port);
    const records = expectDone(await bmc.sensors.listRecords()).value;
    const listed = parseExtendedList(await sim.ipmitool('sdr', 'elist', 'all'));
    const ours = records.filter(
      ({ kind }) => !['OEM', 'entity association'].includes(kind) && !kind.startsWith('type'),
    );
    expect(ours).toHaveLength(listed.length);
    for (const [index, { name, entity, sensorIds, kind, detail }] of ours.entries()) {
      const theirs = listed[index] ?? failed('no row');
      expect(name).toBe(theirs.name);
      expect(entity, name).toBe(`${entityName(theirs.entityId)} ${theirs.entityInstance & 0x7f}`);
      expect(Number(sensorIds[0]?.split(/[.@]/)[0] ?? 0), name).toBe(theirs.number);
      expect(kind === 'event-only sensor', name).toBe(theirs.text === 'Event-Only');
      const [, fru] = /^Logical FRU @(..)h$/.exec(theirs.text) ?? [];
      if (fru !== undefined) expect(detail).toContain(`FRU ${Number.parseInt(fru, 16)} at`);
      const [, controller] = /MC @ (..)h$/.exec(theirs.text) ?? [];
      if (controller !== undefined) expect(detail).toContain(`at 0x${controller.toLowerCase()}`);
    }

    const store = expectDone(await bmc.sensors.recordStore()).value;
    const printed = await sim.ipmitool('sdr', 'info');
    expect(printed).toMatch(new RegExp(`Record Count +: ${store.recordCount}\n`));
    expect(printed).toMatch(/SDR Version +: 0x51\n/);
    expect(printed).toMatch(/Most recent Addition +: NA\n/);
    expect(printed).toMatch(/SDR overflow +: no\n/);
    expect(store).toMatchObject({ source: 'repository', version: '1.5', lastAdditionAt: undefined, overflowed: false });
  });
});

describe.runIf(folder)('one sensor of a recorded BMC', () => {
  it('has the details that ipmitool prints', async () => {
    sim = await startIpmiSim({ emulation: resolve(folder ?? '', 's2600kp.emu') });
    bmc = open(sim.port);
    for (const name of ['Sys Fan 1A', 'BB Inlet Temp', 'P1 Therm Margin']) {
      const [details, ...others] = expectDone(await bmc.sensors.describe(name)).value;
      expect(others).toEqual([]);
      const printed = await sim.ipmitool('sensor', 'get', name);
      const field = (label: string) => new RegExp(`${label} *: (.*)`).exec(printed)?.[1]?.trim() ?? failed(label);
      expect(field('Sensor ID')).toBe(`${name} (${details?.id})`);
      expect(field('Sensor Type \\(Threshold\\)')).toBe(details?.type);
      expect(Number.parseFloat(field('Sensor Reading'))).toBe(details?.value);
      const positive = field('Positive Hysteresis');
      expect(details?.hysteresis?.positive.toFixed(3) ?? 'Unspecified', name).toBe(positive);
      const negative = field('Negative Hysteresis');
      expect(details?.hysteresis?.negative.toFixed(3) ?? 'Unspecified', name).toBe(negative);
    }
  });

  it('is read with fewer round trips than ipmitool needs, and with far fewer the next time', async () => {
    sim = await startIpmiSim({ emulation: resolve(folder ?? '', 'dell_r730.emu') });
    const relay = await startUdpRelay(sim.port);
    try {
      const { username, password } = administrator;
      const where = ['-I', 'lanplus', '-C', '3', '-H', '127.0.0.1', '-p', String(relay.port)];
      await promisify(execFile)('ipmitool', [...where, '-U', username, '-P', password, 'sensor', 'list']);
      const ipmitool = relay.received();
      bmc = open(relay.port);
      const asked = async (task: () => Promise<unknown>) => {
        const before = relay.received();
        await task();
        return relay.received() - before;
      };
      const first = await asked(() => open(relay.port).sensors.list());
      const reading = bmc;
      await reading.sensors.list();
      const again = await asked(() => reading.sensors.list());
      expect(first).toBeLessThanOrEqual(ipmitool);
      expect(again).toBeLessThan(first / 2);
      const one = await asked(() => reading.sensors.describe('Inlet Temp'));
      expect(one).toBeLessThanOrEqual(4);
    } finally {
      relay.close();
    }
  });
});

function failed(why: string): never {
  throw new Error(why);
}
