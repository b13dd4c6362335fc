/** A FRU that belongs to a controller behind the BMC: read and written through the bridge, as ipmitool does it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SdrBody } from '../protocols/ipmi/index.ts';
import { encodeFruImage, idString } from '../protocols/ipmi/index.ts';
import type { SimulatedBmc, SimulatedFru } from '../sim/index.ts';
import { fruHandlers, simulatedFru, usualSatellites } from '../sim/index.ts';
import { administrator, ipmitool, startTestBmc } from '../sim/testing/real-clients.ts';
import type { Bmc } from './index.ts';
import { openAt } from './testing/command-bench.ts';
import type { Listing } from './testing/inventory-listings.ts';
import { asFruPrint, parseFruPrint } from './testing/inventory-listings.ts';
import { expectDone } from './testing/results.ts';

/** The node manager of the simulator, and the device id of its card: one that the BMC has too, as another unit. */
const address = 0x2c;
const fruId = 1;
const id = '2C:1';

const latin = (text: string) => ({ encoding: 'latin-1', text }) as const;
const riserImage = (name: string, serial: string) =>
  encodeFruImage(
    {
      product: {
        name: 'product',
        chassisType: 0,
        manufacturedMinutes: 0,
        language: 25,
        fields: ['Athanor Works', name, 'RSR-2', 'A', serial, 'unassigned      ', ''].map(latin),
      },
      multiRecords: [],
    },
    192,
  );

const locator: SdrBody = {
  kind: 'fru-device-locator',
  accessAddress: address,
  fruId,
  logical: true,
  lun: 0,
  bus: 0,
  channel: 0,
  deviceType: 0x10,
  deviceTypeModifier: 0,
  entityId: 0x2e,
  entityInstance: 1,
  oem: 0,
  id: idString('Riser'),
};

let sim: SimulatedBmc;
let bmc: Bmc;
let card: SimulatedFru;

beforeAll(async () => {
  card = simulatedFru(riserImage('Riser 2', 'RSR0000123'));
  const own = simulatedFru(riserImage('NM Board', 'NMB0000456'));
  const devices = new Map([
    [0, own],
    [fruId, card],
  ]);
  const handlers = fruHandlers(devices);
  sim = await startTestBmc({
    powerOn: true,
    satellites: usualSatellites.map((one) => (one.address === address ? { ...one, handlers } : one)),
  });
  sim.areas.sensors.addRecord(locator);
  bmc = openAt(sim.port, administrator);
});
afterAll(async () => {
  await bmc.close();
  await sim.stop();
});

/** Of all units that ipmitool finds by their records, the one with that name. */
async function listed(name: string): Promise<Listing | undefined> {
  const { stdout } = await ipmitool(sim, ['-v', 'fru', 'print']);
  const start = stdout.indexOf(`FRU Device Description : ${name}`);
  const [block = ''] = start < 0 ? [] : stdout.slice(start).split(/\n(?=FRU Device Description)/);
  return parseFruPrint(block).get(String(fruId));
}

/** The same device, asked for by the controller's address. */
async function bridged(): Promise<Listing | undefined> {
  const { stdout } = await ipmitool(sim, ['-v', 'fru', 'print', String(fruId)], {
    extra: ['-t', '0x2c', '-b', '0'],
  });
  return parseFruPrint(`FRU Device Description : x (ID ${fruId})\n${stdout.replace(/^FRU Device.*\n/gm, '')}`).get(
    String(fruId),
  );
}

describe('a unit behind a satellite controller', () => {
  it('is found by its record, and says what ipmitool prints of it', async () => {
    const units = expectDone(await bmc.fru.list()).value;
    const riser = units.find((unit) => unit.id === id);
    if (riser === undefined) throw new Error(`no ${id} in ${units.map((unit) => unit.id).join()}`);
    expect(riser).toMatchObject({ name: 'Riser', present: true, product: { serialNumber: 'RSR0000123' } });
    expect(asFruPrint(riser).length).toBeGreaterThan(4);
    expect(asFruPrint(riser)).toEqual(await listed('Riser'));
    expect(asFruPrint(riser)).toEqual(await bridged());
    expect(expectDone(await bmc.fru.get(id)).value).toEqual(riser);
    // Not the unit of the same number that the BMC has itself.
    expect(expectDone(await bmc.fru.get(String(fruId))).value.product?.serialNumber).toBe('PSU0000042');
  });

  it('is the controller’s own where its record says so: device 0, as ipmitool finds it', async () => {
    sim.areas.sensors.addRecord({
      kind: 'controller-locator',
      slaveAddress: address,
      channel: 0,
      initialization: 0,
      capabilities: 0x29,
      entityId: 0x2e,
      entityInstance: 2,
      oem: 0,
      id: idString('NM Board'),
    });
    const own = expectDone(await bmc.fru.get('2c:0')).value;
    expect(own).toMatchObject({ id: '2C:0', name: 'NM Board', product: { serialNumber: 'NMB0000456' } });
    const { stdout } = await ipmitool(sim, ['-v', 'fru', 'print']);
    // Of such it prints no id.
    const labelled = stdout.replace(/^(FRU Device Description : NM Board) *$/m, '$1 (ID 77)');
    expect(labelled).not.toBe(stdout);
    expect(parseFruPrint(labelled).get('77')).toEqual(asFruPrint(own));
  });

  it('is read in parts where its bus carries few bytes', async () => {
    const whole = expectDone(await bmc.fru.get(id)).value;
    card.maximumRead = 8;
    expect(expectDone(await bmc.fru.get(id)).value).toEqual(whole);
    card.maximumRead = 0xff;
  });

  it('is written in its place, and the unit of the same number in the BMC is left alone', async () => {
    const before = Buffer.from(sim.areas.inventory.devices.get(fruId)?.bytes ?? []);
    const change = { part: 'product', field: 'assetTag', value: 'RACK-07' } as const;
    expect(expectDone(await bmc.fru.set(id, change)).value).toMatchObject({
      id,
      before: 'unassigned',
      after: 'RACK-07',
    });
    expect(await bridged()).toContainEqual(['Product Asset Tag', 'RACK-07']);
    expect(sim.areas.inventory.devices.get(fruId)?.bytes).toEqual(before);
  });

  it('is told absent where its controller does not answer', async () => {
    const alone = await startTestBmc({ powerOn: true, satellites: [] });
    try {
      alone.areas.sensors.addRecord(locator);
      const client = openAt(alone.port, administrator);
      const riser = expectDone(await client.fru.list()).value.find((unit) => unit.id === id);
      expect(riser).toMatchObject({ present: false, findings: [expect.stringContaining('NAK on Write')] });
      await client.close();
    } finally {
      await alone.stop();
    }
  });
});
