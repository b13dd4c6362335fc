import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Bmc, BmcDependencies, BmcSettings, BootDevice, PowerVerb } from './index.ts';
import { openBmc, sameGuid } from './index.ts';
import type { IpmiSim } from './testing/ipmi-sim.ts';
import { administrator, operator, startIpmiSim } from './testing/ipmi-sim.ts';
import { realDependencies } from './testing/real-dependencies.ts';
import { expectDone, expectFailed } from './testing/results.ts';

let sim: IpmiSim;
const open: Bmc[] = [];

beforeAll(async () => {
  sim = await startIpmiSim();
});
afterAll(() => sim.stop());
afterEach(async () => {
  await Promise.all(open.splice(0).map((bmc) => bmc.close()));
});

function bmcWith(change: Partial<BmcSettings> = {}, dependencies: BmcDependencies = realDependencies()): Bmc {
  const credential = { name: 'sim', ...administrator, fingerprint: 'one' };
  const settings: BmcSettings = { name: 'b1', driver: 'ipmi', address: '127.0.0.1', port: sim.port, credential };
  const bmc = openBmc({ ...settings, ...change }, dependencies);
  open.push(bmc);
  return bmc;
}

/** What the chassis program was told while `task` ran. */
async function setsDuring(task: () => Promise<unknown>): Promise<string[]> {
  const before = (await sim.sets()).length;
  await task();
  return (await sim.sets()).slice(before);
}

describe('power over a real BMC', () => {
  const cases: { verb: PowerVerb; before: boolean; sets: string[]; after: 'on' | 'off' }[] = [
    { verb: 'on', before: false, sets: ['power 1'], after: 'on' },
    { verb: 'off', before: true, sets: ['power 0'], after: 'off' },
    { verb: 'reset', before: true, sets: ['reset 1'], after: 'on' },
    // OpenIPMI makes a cycle of an off and an on, one second apart.
    { verb: 'cycle', before: true, sets: ['power 0', 'power 1'], after: 'on' },
    { verb: 'soft', before: true, sets: ['shutdown 1'], after: 'off' },
  ];
  it.each(cases)('$verb reaches the chassis exactly once and is read back', async ({ verb, before, sets, after }) => {
    await sim.setPower(before);
    const bmc = bmcWith();
    const seen = await setsDuring(async () => {
      const result = expectDone(await bmc.power.set(verb));
      expect(result).toMatchObject({ driver: 'ipmi', value: { state: after } });
      expect(result.evidence.map(({ source }) => source)).toContain('Chassis Control');
    });
    expect(seen).toEqual(sets);
    expect(expectDone(await bmc.power.get()).value).toEqual({ state: after, faults: [] });
    expect(await sim.ipmitool('chassis', 'power', 'status')).toContain(`Chassis Power is ${after}`);
  });
});

describe('boot device over a real BMC', () => {
  const cases: { device: BootDevice; word: string }[] = [
    { device: 'pxe', word: 'pxe' },
    { device: 'disk', word: 'default' },
    { device: 'cdrom', word: 'cdrom' },
    { device: 'bios', word: 'bios' },
    { device: 'default', word: 'none' },
  ];
  it.each(cases)('$device reaches the chassis exactly once', async ({ device, word }) => {
    const bmc = bmcWith();
    const seen = await setsDuring(async () => {
      const result = expectDone(await bmc.bootDevice.set({ device, once: true, firmware: 'uefi' }));
      expect(result.value.requested).toEqual({ device, once: true, firmware: 'uefi' });
    });
    expect(seen).toEqual([`boot ${word}`]);
  });

  it('is done although ipmi_sim reads the flags back wrongly, and says what the read-back is worth', async () => {
    const result = expectDone(await bmcWith().bootDevice.set({ device: 'pxe', once: true }));
    expect(result.value.readBackAgrees).toBe(false);
    expect(result.evidence.map(({ detail }) => detail).join('\n')).toContain('proved by what boots');
  });
});

describe('identity of a real BMC', () => {
  it('agrees with ipmitool on device id and GUID', async () => {
    const bmc = bmcWith();
    const device = expectDone(await bmc.identity.deviceId()).value;
    const printed = await sim.ipmitool('mc', 'info');
    expect(printed).toMatch(new RegExp(`Device ID +: ${device.deviceId}\n`));
    expect(printed).toMatch(new RegExp(`Device Revision +: ${device.deviceRevision}\n`));
    expect(printed).toMatch(new RegExp(`Firmware Revision +: ${device.firmwareVersion}\n`));
    expect(printed).toMatch(new RegExp(`Manufacturer ID +: ${device.manufacturerId}\n`));
    expect(printed).toMatch(new RegExp(`Product ID +: ${device.productId} `));
    expect(`IPMI ${/IPMI Version +: (.*)/.exec(printed)?.[1]}`).toBe(device.protocolVersion);

    const guid = expectDone(await bmc.identity.guid()).value;
    const [, printedGuid = ''] = /System GUID +: (\S+)/.exec(await sim.ipmitool('mc', 'guid')) ?? [];
    expect(guid.raw).toBe('a123456789abcdefa123456789abcdef');
    expect(guid.candidates).toContain(printedGuid);
    expect(sameGuid(guid.raw, printedGuid)).toBe(true);
  });
});

describe('sessions on a real BMC', () => {
  it('serves an operator, who may switch power', async () => {
    await sim.setPower(false);
    const bmc = bmcWith({ credential: { name: 'sim', ...operator, fingerprint: 'operator' } });
    expectDone(await bmc.power.set('on'));
  });

  it('says that suite 17 alone is not on offer', async () => {
    const result = expectFailed(await bmcWith({ cipherSuites: [17] }).power.get());
    expect(result.error.code).toBe('bmc-cipher-refused');
  });

  it('refuses cipher suite 0, which this BMC would accept with any password', async () => {
    const { spawnSync } = await import('node:child_process');
    const login = [
      '-I',
      'lanplus',
      '-C',
      '0',
      '-H',
      '127.0.0.1',
      '-p',
      String(sim.port),
      '-U',
      'admin',
      '-P',
      'nonsense',
    ];
    expect(spawnSync('ipmitool', [...login, 'mc', 'guid'], { encoding: 'utf8' }).stdout).toContain('System GUID');
    expect(() => bmcWith({ cipherSuites: [0] })).toThrowError(expect.objectContaining({ code: 'bmc-insecure' }));
    expect(() => bmcWith({ cipherSuites: [3, 0] })).toThrowError(expect.objectContaining({ code: 'bmc-insecure' }));
  });

  it('answers unsupported for what the driver cannot do', async () => {
    const result = await bmcWith().sensors.list();
    expect(result).toMatchObject({ outcome: 'unsupported', driver: 'ipmi', capability: 'sensors' });
  });
});
