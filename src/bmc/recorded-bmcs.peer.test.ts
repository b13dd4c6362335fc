/** The driver against BMCs recorded from physical servers (Dell, Quanta, Intel), played by ipmi_sim. */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Bmc } from './index.ts';
import { openBmc, sameGuid } from './index.ts';
import type { IpmiSim } from './testing/ipmi-sim.ts';
import { administrator, startIpmiSim } from './testing/ipmi-sim.ts';
import { realDependencies } from './testing/real-dependencies.ts';
import { expectDone } from './testing/results.ts';
import { recordings } from '../../tools/recordings.ts';

const folder = recordings('ipmi');
const emulations = folder === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith('.emu'));
const guid = '4c4c4544005957108054b7c04f4d3232';

let sim: IpmiSim | undefined;
let bmc: Bmc | undefined;

afterEach(async () => {
  await bmc?.close();
  await sim?.stop();
});

describe.runIf(folder)('recorded BMCs', () => {
  it('are there', () => expect(emulations.length).toBeGreaterThan(0));

  it.each(emulations)('%s: device id, GUID, power status and power on', async (emulation) => {
    sim = await startIpmiSim({ emulation: resolve(folder ?? '', emulation), guid });
    const credential = { name: 'sim', ...administrator, fingerprint: 'one' };
    const settings = { name: emulation, driver: 'ipmi', address: '127.0.0.1', port: sim.port, credential } as const;
    bmc = openBmc(settings, realDependencies());

    const device = expectDone(await bmc.identity.deviceId()).value;
    const printed = await sim.ipmitool('mc', 'info');
    expect(printed).toMatch(new RegExp(`Manufacturer ID +: ${device.manufacturerId}\n`));
    expect(printed).toMatch(new RegExp(`Product ID +: ${device.productId} `));
    expect(printed).toMatch(new RegExp(`Firmware Revision +: ${device.firmwareVersion}\n`));
    expect(printed).toMatch(new RegExp(`Device Revision +: ${device.deviceRevision}\n`));

    expect(sameGuid(expectDone(await bmc.identity.guid()).value.raw, guid)).toBe(true);

    expect(expectDone(await bmc.power.get()).value.state).toBe('off');
    expect(expectDone(await bmc.power.set('on')).value.state).toBe('on');
    expect(await sim.sets()).toEqual(['power 1']);
    expect(expectDone(await bmc.power.get()).value.state).toBe('on');
  });
});
