/** Inventory of recorded servers and of our simulator, field by field as ipmitool and FreeIPMI print it. */
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeFruImage } from '../protocols/ipmi/index.ts';
import type { SimulatedBmc } from '../sim/index.ts';
import { recordings } from '../../tools/recordings.ts';
import { freeipmi, ipmitool, startTestBmc } from '../sim/testing/real-clients.ts';
import { findBmcCommand } from './commands/table.ts';
import type { Bmc } from './index.ts';
import { openBmc } from './index.ts';
import type { IpmiSim } from './testing/ipmi-sim.ts';
import { administrator, startIpmiSim } from './testing/ipmi-sim.ts';
import { asFruPrint, asIpmiFru, parseFruPrint, parseIpmiFru } from './testing/inventory-listings.ts';
import { realDependencies } from './testing/real-dependencies.ts';
import { expectDone, expectFailed } from './testing/results.ts';

const folder = recordings('ipmi');

let sim: IpmiSim | undefined;
let simulated: SimulatedBmc | undefined;
let bmc: Bmc | undefined;

afterEach(async () => {
  await bmc?.close();
  await sim?.stop();
  await simulated?.stop();
  [bmc, sim, simulated] = [undefined, undefined, undefined];
});

function open(port: number): Bmc {
  const credential = { name: 'sim', ...administrator, fingerprint: 'one' };
  bmc = openBmc({ name: 'b1', driver: 'ipmi', address: '127.0.0.1', port, credential }, realDependencies());
  return bmc;
}

describe.runIf(folder)('inventory of recorded servers', () => {
  it.each(['dell_r730', 's2600kp', 'quanta_t41', 'dell_c6320', 'dell_r630'])('%s', async (server) => {
    sim = await startIpmiSim({ emulation: resolve(folder ?? '', `${server}.emu`) });
    const units = expectDone(await open(sim.port).fru.list()).value;
    expect(units.length).toBeGreaterThan(0);

    const byIpmitool = parseFruPrint(await sim.ipmitool('-v', 'fru', 'print'));
    expect(units.map(({ id }) => id)).toEqual(expect.arrayContaining([...byIpmitool.keys()]));
    expect(byIpmitool.get('0')?.length).toBeGreaterThan(3);
    for (const unit of units.filter(({ id }) => byIpmitool.has(id))) {
      expect([unit.id, asFruPrint(unit)]).toEqual([unit.id, byIpmitool.get(unit.id)]);
    }
    const byFreeipmi = parseIpmiFru(await sim.freeipmi('ipmi-fru'));
    for (const unit of units) {
      const listing = byFreeipmi.get(unit.id) ?? [];
      // It stops at the first error; where it has one, so have we, and go on.
      const stops = listing.find(([label]) => label === 'Error');
      if (stops === undefined) expect([unit.id, asIpmiFru(unit)]).toEqual([unit.id, listing]);
      else expect([unit.id, stops[1], unit.findings.length > 0]).toEqual([unit.id, stops[1], true]);
    }
    expect(units.map(({ id }) => id)).toEqual(expect.arrayContaining([...byFreeipmi.keys()]));
  });
});

/** Our simulator, whose records name all its units. */
async function startSimulated(): Promise<SimulatedBmc> {
  simulated = await startTestBmc();
  for (const fruId of [1, 2, 3]) {
    simulated.areas.sensors.addRecord({
      kind: 'fru-device-locator',
      accessAddress: 0x20,
      fruId,
      logical: true,
      lun: 0,
      bus: 0,
      channel: 0,
      deviceType: 0x10,
      deviceTypeModifier: 0,
      entityId: 10,
      entityInstance: fruId,
      oem: 0,
      id: { encoding: 3, bytes: Buffer.from(`Unit ${fruId}`) },
    });
  }
  return simulated;
}

function device(of: SimulatedBmc, id: number) {
  const found = of.areas.inventory.devices.get(id);
  if (found === undefined) throw new Error(`no FRU ${id}`);
  return found;
}

describe('inventory of our simulator', () => {
  it('is the same for both clients, records and all', async () => {
    const peer = await startSimulated();
    const units = expectDone(await open(peer.port).fru.list()).value;
    expect(units.map(({ id, present }) => [id, present])).toEqual([
      ['0', true],
      ['1', true],
      ['2', true],
      ['3', true],
    ]);
    const [board, supply, card, blank] = units;
    if (board === undefined || supply === undefined || card === undefined) throw new Error('units are missing');

    const byIpmitool = parseFruPrint((await ipmitool(peer, ['-v', 'fru', 'print'])).stdout);
    expect(asFruPrint(board)).toEqual(byIpmitool.get('0'));
    expect(asFruPrint(supply)).toEqual(byIpmitool.get('1'));

    const { stdout } = await freeipmi(peer, 'ipmi-fru', ['--sdr-cache-recreate', '--quiet-cache']);
    const byFreeipmi = parseIpmiFru(stdout);
    expect(asIpmiFru(board)).toEqual(byFreeipmi.get('0'));
    const supplyRows = byFreeipmi.get('1') ?? [];
    expect(supplyRows).toEqual(
      expect.arrayContaining(asIpmiFru({ ...supply, records: supply.records.slice(0, 2) }).filter(isOfBoth)),
    );

    // Neither client reads UCS-2: the other encodings are compared with ipmitool, which takes UCS-2 for Latin-1.
    expect(byIpmitool.get('2')).toEqual(
      expect.arrayContaining([
        ['Board Product', card.board?.productName],
        ['Board Part Number', card.board?.partNumber],
        ['Board Serial', card.board?.serialNumber],
        ['Board Extra', card.board?.custom[0]],
      ]),
    );
    expect(card.board).toMatchObject({ manufacturer: 'Горн', fileId: 'deadbeef' });
    expect(blank?.findings).toEqual(['its inventory area is blank']);
  });

  it('is read around what devices cannot do', async () => {
    const peer = await startSimulated();
    const client = open(peer.port);
    const plain = expectDone(await client.fru.get('1')).value;
    device(peer, 1).maximumRead = 6;
    expect(expectDone(await client.fru.get('1')).value).toEqual(plain);
    Object.assign(device(peer, 1), { byWords: true, busy: 3, maximumRead: 8 });
    expect(expectDone(await client.fru.get('1')).value).toEqual(plain);
    expect(expectFailed(await client.fru.get('77:0')).error.code).toBe('not-found');
    expect(expectDone(await client.fru.get('9')).value).toMatchObject({ present: false });
  });

  it('is read behind wrong checksums, and says so', async () => {
    const peer = await startSimulated();
    const { bytes } = device(peer, 1);
    bytes[bytes.indexOf('PSU0000042')] = 0x58;
    const unit = expectDone(await open(peer.port).fru.get('1')).value;
    expect(unit.product?.serialNumber).toBe('XSU0000042');
    expect(unit.findings.join()).toMatch(/product area: checksum/);
  });

  it('is written in its place, as ipmitool sees it', async () => {
    const peer = await startSimulated();
    const client = open(peer.port);
    const fru = device(peer, 0);
    Object.assign(fru, { maximumWrite: 7, busy: 2 });
    const before = Buffer.from(fru.bytes);
    const change = { part: 'product', field: 'assetTag', value: 'rack-7-u12' } as const;
    expect(expectDone(await client.fru.set('0', change)).value).toEqual({
      id: '0',
      part: 'product',
      field: 'assetTag',
      before: 'unassigned',
      after: 'rack-7-u12',
    });
    const byIpmitool = parseFruPrint((await ipmitool(peer, ['-v', 'fru', 'print'])).stdout);
    expect(byIpmitool.get('0')).toContainEqual(['Product Asset Tag', 'rack-7-u12']);
    const unit = expectDone(await client.fru.get('0')).value;
    expect(unit.findings).toEqual([]);
    expect(asFruPrint(unit)).toEqual(byIpmitool.get('0'));
    // Nothing but the tag and its area's checksum.
    const changed = [...before.keys()].filter((index) => before[index] !== fru.bytes[index]);
    expect(changed.length).toBeLessThanOrEqual('unassigned'.length + 1);
  });

  it('is left as it is where a change does not fit, is refused or is ignored', async () => {
    const peer = await startSimulated();
    const client = open(peer.port);
    const fru = device(peer, 0);
    const before = Buffer.from(fru.bytes);
    const set = (value: string) => client.fru.set('0', { part: 'product', field: 'assetTag', value });
    expect(expectFailed(await set('x'.repeat(60))).error).toMatchObject({ code: 'invalid-input', field: 'assetTag' });
    fru.protectedFrom = 0;
    expect(expectFailed(await set('one')).error.message).toMatch(/Write-protected offset/);
    Object.assign(fru, { protectedFrom: fru.bytes.length, ignoresWrites: true });
    expect(expectFailed(await set('one')).error.message).toMatch(/does not hold what was written/);
    expect(fru.bytes.equals(before)).toBe(true);
    fru.bytes = Buffer.from(encodeFruImage({ multiRecords: [] }, 64));
    expect(expectFailed(await set('one')).error.message).toMatch(/no product area/);
  });

  it('is changed by the command only when that is confirmed', async () => {
    const peer = await startSimulated();
    const client = open(peer.port);
    const command = findBmcCommand('fru set');
    if (command === undefined) throw new Error('no command fru set');
    const words = { id: '0', field: 'board.serialNumber', value: 'NEW' };
    await expect(command.run(client, words)).rejects.toMatchObject({ code: 'invalid-input' });
    const done = expectDone(await command.run(client, { ...words, confirm: true }));
    expect(command.present(done.value).line).toBe('board.serialNumber: "BRD0005678" is now "NEW"');
    const list = findBmcCommand('fru list');
    const listed = expectDone(
      (await list?.run(client, {})) ?? { outcome: 'unsupported', driver: 'ipmi', capability: 'fru', reason: '' },
    );
    expect(list?.present(listed.value).table?.rows[0]).toContain('PRD0009876');
  });
});

/** FreeIPMI leaves out the tachometer. */
function isOfBoth([label]: readonly [string, string]): boolean {
  return label !== 'failBelowRevolutionsPerSecond';
}
