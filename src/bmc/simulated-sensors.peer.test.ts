/** What no recorded BMC has: shared, non-linear, turned-round and bridged sensors, and thresholds that can be set. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SimulatedBmc } from '../sim/index.ts';
import { satelliteSensorHandlers, usualSatellites } from '../sim/index.ts';
import { administrator, freeipmi, ipmitool, startTestBmc } from '../sim/testing/real-clients.ts';
import type { Bmc, SensorReading } from './index.ts';
import { openBmc } from './index.ts';
import { realDependencies } from './testing/real-dependencies.ts';
import { expectDone, expectFailed } from './testing/results.ts';
import type { InterpretedSensor, ListedSensor } from './testing/sensor-listings.ts';
import { parseFreeIpmi, parseSensorList } from './testing/sensor-listings.ts';

let sim: SimulatedBmc;
let bmc: Bmc;
let caches: string;

beforeAll(async () => {
  caches = await mkdtemp(join(tmpdir(), 'sdr-caches-'));
});
afterAll(() => rm(caches, { recursive: true, force: true }));
beforeEach(async () => {
  const satellites = usualSatellites.map((satellite) => ({ ...satellite, handlers: satelliteSensorHandlers() }));
  sim = await startTestBmc({ powerOn: true, satellites });
  const credential = { name: 'sim', ...administrator, fingerprint: 'one' };
  bmc = openBmc({ name: 'b1', driver: 'ipmi', address: sim.address, port: sim.port, credential }, realDependencies());
});
afterEach(async () => {
  await bmc.close();
  await sim.stop();
});

async function ours(name: string): Promise<SensorReading> {
  const [found, ...others] = expectDone(await bmc.sensors.list({ named: name })).value;
  expect(others).toEqual([]);
  return found ?? failed(`no sensor ${name}`);
}

async function ipmitoolList(): Promise<Map<string, ListedSensor>> {
  const { stdout } = await ipmitool(sim, ['sensor', 'list']);
  return new Map(parseSensorList(stdout).map((sensor) => [sensor.name, sensor]));
}

async function freeIpmiList(): Promise<Map<string, InterpretedSensor>> {
  const cache = ['--sdr-cache-directory', caches, '--quiet-cache', '--sdr-cache-recreate'];
  const shown = ['--output-sensor-thresholds', '--output-sensor-state', '--comma-separated-output'];
  const { stdout } = await freeipmi(sim, 'ipmi-sensors', [...cache, ...shown, '--shared-sensors', '--bridge-sensors']);
  // FreeIPMI puts a blank of its own before the modifier of a shared sensor.
  return new Map(parseFreeIpmi(stdout).map((sensor) => [sensor.name.replaceAll('  ', ' '), sensor]));
}

describe('sensors of our simulator', () => {
  it('read as ipmitool and FreeIPMI read them: signs, percentages, powers of ten', async () => {
    const [tool, free] = [await ipmitoolList(), await freeIpmiList()];
    for (const name of ['CPU1 Temp', 'Inlet Temp', 'Fan 3', 'P12V', 'P3V3', 'PS1 Input', 'PS1 Load', 'Offset']) {
      const reading = await ours(name);
      expect(reading.value).toBeCloseTo(Number(tool.get(name)?.value), 2);
      expect(reading.value).toBeCloseTo(Number(free.get(name)?.value), 1);
      expect(reading.unit).toBe(tool.get(name)?.unit);
      expect(reading.thresholds).toEqual(tool.get(name)?.thresholds);
      expect(reading.health).toBe('ok');
    }
  });

  it('of another controller are read through the BMC', async () => {
    const reading = await ours('PCH Temp');
    expect(reading).toMatchObject({ id: '0x08@0x2c', value: 47, unit: 'degrees C', health: 'ok' });
    const listed = (await ipmitoolList()).get('PCH Temp');
    expect(listed).toMatchObject({ value: '47.000', thresholds: reading.thresholds });
    expect((await freeIpmiList()).get('PCH Temp')?.value).toBe('47.00');
  });

  it('that share a record each have their name, instance and states', async () => {
    const free = await freeIpmiList();
    for (const name of ['PS Status 1', 'PS Status 2', 'Drive 0', 'Drive 1', 'Drive 2', 'Drive 3']) {
      const { states } = await ours(name);
      expect(states).toEqual(free.get(name)?.events.filter((event) => event !== 'OK'));
    }
    expect(await ours('Drive 2')).toMatchObject({ id: '0x72', entity: 'disk or disk bay 3', health: 'critical' });
    // FreeIPMI gives both the letter A.
    expect(await ours('DIMM B')).toMatchObject({ id: '0x79', entity: 'memory device 2' });
  });

  it('that are not linear are converted with the factors of each reading', async () => {
    const reading = await ours('Coolant Flow');
    expect(reading.value).toBe(Number((await ipmitoolList()).get('Coolant Flow')?.value));
    // ipmitool uses the factors of the reading for the limits too; FreeIPMI gives no value at all.
    expect(reading.thresholds).toEqual({ 'lower-non-critical': 60, 'lower-critical': 50 });
    sim.areas.sensors.set(0x60, { reading: 55 });
    expect(await ours('Coolant Flow')).toMatchObject({ value: 55, health: 'warning' });
    expect((await ipmitoolList()).get('Coolant Flow')).toMatchObject({ value: '55.000', status: 'nc' });
  });

  it('whose scale is turned round have their lower limits below', async () => {
    const reading = await ours('Pump 1');
    const listed = (await ipmitoolList()).get('Pump 1');
    expect(reading.value).toBe(Number(listed?.value));
    // The same numbers, under the names that fit the value: a pump fails by running too slowly.
    expect(listed?.thresholds).toEqual({ 'upper-non-critical': 1000, 'upper-critical': 500 });
    expect(reading.thresholds).toEqual({ 'lower-non-critical': 1000, 'lower-critical': 500 });
    sim.areas.sensors.set(0x61, { reading: 200 });
    expect(await ours('Pump 1')).toMatchObject({ value: 500, health: 'critical' });
  });

  it('tell which limits are passed, and when nothing is known of them', async () => {
    sim.areas.sensors.set(0x11, { reading: 90 });
    sim.areas.sensors.set(0x12, { reading: 120 });
    sim.areas.sensors.set(0x13, { scanning: false });
    sim.areas.sensors.set(0x31, { unavailable: true });
    const tool = await ipmitoolList();
    expect(await ours('CPU1 Temp')).toMatchObject({ health: 'warning', states: ['at or above upper-non-critical'] });
    expect(tool.get('CPU1 Temp')?.status).toBe('nc');
    expect(await ours('CPU2 Temp')).toMatchObject({ health: 'critical' });
    expect(tool.get('CPU2 Temp')?.status).toBe('nr');
    expect(await ours('Inlet Temp')).toMatchObject({ value: undefined, unavailable: 'not scanned' });
    expect(tool.get('Inlet Temp')?.value).toBe('na');
    expect(await ours('Fan 1')).toMatchObject({ value: undefined, unavailable: 'no reading at present' });
    expect(tool.get('Fan 1')?.value).toBe('na');
  });

  it('that are said not to be scanned, or to be owned by nobody, are read where a quirk says so', async () => {
    const credential = { name: 'sim', ...administrator, fingerprint: 'one' };
    const quirks = ['ignorescanningdisabled', 'assumebmcowner'];
    const settings = { name: 'b2', driver: 'ipmi', address: sim.address, port: sim.port, credential, quirks } as const;
    const quirky = openBmc(settings, realDependencies());
    sim.areas.sensors.set(0x13, { scanning: false });
    const [inlet] = expectDone(await quirky.sensors.list({ named: 'Inlet Temp' })).value;
    expect(inlet).toMatchObject({ value: 24, unavailable: undefined });
    const [elsewhere] = expectDone(await quirky.sensors.list({ named: 'PCH Temp' })).value;
    expect(elsewhere?.unavailable).toBe('Requested Sensor, data, or record not present');
    await quirky.close();
  });

  it('are selected by type and by a pattern of their names', async () => {
    const names = async (selection: Parameters<typeof bmc.sensors.list>[0]) =>
      expectDone(await bmc.sensors.list(selection)).value.map(({ name }) => name);
    expect(await names({ type: 'temperature' })).toEqual([
      'CPU1 Temp',
      'CPU2 Temp',
      'Inlet Temp',
      'Offset',
      'PCH Temp',
    ]);
    expect(await names({ pattern: 'cpu?*' })).toEqual(['CPU1 Temp', 'CPU2 Temp']);
    expect(await names({ pattern: 'temp' })).toHaveLength(4);
    expect(await names({ pattern: 'temp*' })).toEqual([]);
    expect(await names({ type: 'Boot Error' })).toEqual([]);
    expect(await bmc.sensors.list({ type: 'temprature' })).toMatchObject({
      outcome: 'failed',
      error: { code: 'invalid-input', remedy: expect.stringMatching(/Fan, .*Temperature, Voltage/) },
    });
  });

  it('are read anew once the BMC says that its records changed', async () => {
    await ours('CPU1 Temp');
    const owner = { address: 0x41, channel: 0, lun: 0 };
    const sharing = { count: 1, modifierType: 0, modifierOffset: 0, entityInstanceIncrements: false, direction: 0 };
    const id = { encoding: 3, bytes: Buffer.from('New One') };
    const sensor = { sensorNumber: 9, entityId: 7, entityInstance: 1, sensorType: 0x12, readingType: 0x6f, oem: 0 };
    sim.areas.sensors.addRecord({ kind: 'event-only', owner, ...sensor, sharing, id });
    expect(await ours('New One')).toMatchObject({ unavailable: 'only sends events' });
  });
});

describe('limits of our simulator', () => {
  it('are set, read back, and seen by ipmitool', async () => {
    const result = expectDone(await bmc.sensors.setThresholds('CPU1 Temp', { 'upper-critical': 97 }));
    expect(result.value.thresholds).toMatchObject({ 'upper-non-critical': 85, 'upper-critical': 97 });
    expect(result.evidence.map(({ source }) => source)).toContain('Set Sensor Thresholds');
    expect((await ipmitoolList()).get('CPU1 Temp')?.thresholds).toEqual(result.value.thresholds);
  });

  it('that ipmitool sets are what we read', async () => {
    const { code } = await ipmitool(sim, ['sensor', 'thresh', 'Fan 2', 'lcr', '500']);
    expect(code).toBe(0);
    expect((await ours('Fan 2')).thresholds).toEqual({ 'lower-critical': 500, 'lower-non-critical': 800 });
  });

  it('behind the BMC, and on a scale that is turned round, are set as they are named', async () => {
    const behind = expectDone(await bmc.sensors.setThresholds('PCH Temp', { 'upper-critical': 101 })).value;
    expect(behind.thresholds).toMatchObject({ 'upper-critical': 101 });
    expect((await ipmitoolList()).get('PCH Temp')?.thresholds).toEqual(behind.thresholds);
    const turned = expectDone(await bmc.sensors.setThresholds('Pump 1', { 'lower-non-critical': 800 })).value;
    expect(turned.thresholds).toEqual({ 'lower-non-critical': 800, 'lower-critical': 500 });
    expect((await ipmitoolList()).get('Pump 1')?.thresholds).toMatchObject({ 'upper-non-critical': 800 });
  });

  it('are refused where they cannot be', async () => {
    const set = (name: string, limits: SensorReading['thresholds']) => bmc.sensors.setThresholds(name, limits);
    expect(await set('CPU1 Temp', { 'lower-critical': 3 })).toMatchObject({ outcome: 'unsupported' });
    expect(await set('Coolant Flow', { 'lower-critical': 3 })).toMatchObject({ outcome: 'unsupported' });
    expect(await set('Watchdog', { 'lower-critical': 3 })).toMatchObject({ outcome: 'unsupported' });
    expect(expectFailed(await set('CPU1 Temp', { 'upper-critical': 300 })).error.code).toBe('invalid-input');
    expect(expectFailed(await set('CPU1 Temp', { 'upper-critical': 60 })).error.code).toBe('invalid-input');
    expect(expectFailed(await set('CPU9 Temp', { 'upper-critical': 60 })).error.code).toBe('not-found');
    expect((await ours('CPU1 Temp')).thresholds).toMatchObject({ 'upper-critical': 95 });
  });
});

function failed(why: string): never {
  throw new Error(why);
}
