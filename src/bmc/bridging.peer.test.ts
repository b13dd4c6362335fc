/** Commands to a controller behind the BMC: the recorded Dell R730 has one at 0xB1. */
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCipherSuite, getDeviceId, noData } from '../protocols/ipmi/index.ts';
import type { IpmiClient } from './drivers/ipmi/client.ts';
import { createIpmiClient } from './drivers/ipmi/client.ts';
import { createLane } from './lane.ts';
import type { IpmiSim } from './testing/ipmi-sim.ts';
import { administrator, startIpmiSim } from './testing/ipmi-sim.ts';
import { realDependencies } from './testing/real-dependencies.ts';
import { recordings } from '../../tools/recordings.ts';

const folder = recordings('ipmi');

describe.runIf(folder)('a satellite controller', () => {
  let sim: IpmiSim;
  let client: IpmiClient;

  beforeAll(async () => {
    sim = await startIpmiSim({ emulation: resolve(folder ?? '', 'dell_r730.emu') });
    const dependencies = realDependencies();
    const lane = createLane('b1', dependencies);
    const peer = { name: 'b1', address: '127.0.0.1', port: sim.port, credentialName: 'sim' };
    const credential = { name: 'sim', ...administrator, fingerprint: 'one' };
    client = createIpmiClient(
      { peer, credential, suites: [findCipherSuite(3)].filter((suite) => suite !== undefined) },
      { ...dependencies, lane },
    );
  });
  afterAll(async () => {
    await client.close();
    await sim.stop();
  });

  it('is asked through the BMC, and says what ipmitool hears from it', async () => {
    const target = { through: [{ channel: 0, address: 0xb1 }] };
    const device = await client.run(getDeviceId, noData, undefined, target);
    const printed = await sim.ipmitool('-t', '0xb1', '-b', '0', 'mc', 'info');
    expect(printed).toMatch(new RegExp(`Device ID +: ${device.deviceId}\n`));
    expect(printed).toMatch(new RegExp(`Manufacturer ID +: ${device.manufacturerId}\n`));
    expect(device.manufacturerId).not.toBe((await client.run(getDeviceId, noData)).manufacturerId);
  });

  it('that is not there is reported with the words of Send Message', async () => {
    const answer = await client.ask(getDeviceId, noData, undefined, { through: [{ channel: 0, address: 0x72 }] });
    expect(answer).toMatchObject({ refused: { completionCode: 0x83, text: 'Send Message: NAK on Write' } });
  });
});
