/** DCMI and fans: we set and ipmitool or FreeIPMI reads, and the other way round. */
import { describe, expect, it } from 'vitest';
import * as realClients from '../sim/testing/real-clients.ts';
import { useCommandBench } from './testing/command-bench.ts';
import { expectDone, expectFailed } from './testing/results.ts';

const { freeipmi, ipmitool } = realClients;
const bench = useCommandBench(realClients);
const { value, printed, raw } = bench;

describe('DCMI', () => {
  it('reads power, asset tag, name and temperatures as the clients do', async () => {
    const power = (await value('dcmi power')) as Record<string, number>;
    expect(await printed('ipmi-dcmi', '--get-system-power-statistics')).toMatchObject({
      'Current Power': `${power['currentWatts']} Watts`,
      'Minimum Power over sampling duration': `${power['minimumWatts']} watts`,
      'Maximum Power over sampling duration': `${power['maximumWatts']} watts`,
      'Average Power over sampling duration': `${power['averageWatts']} watts`,
    });
    const tag = 'ROOM 3 RACK 07 UNIT 12 LEFT';
    expect(await value('dcmi asset-tag set', { assetTag: tag })).toEqual({ assetTag: tag });
    expect((await freeipmi(bench.sim, 'ipmi-dcmi', ['--get-asset-tag'])).stdout.trim()).toBe(tag);
    await ipmitool(bench.sim, ['dcmi', 'set_mc_id_string', 'node-7-bmc']);
    expect(await value('dcmi controller-name get')).toEqual({ controllerName: 'node-7-bmc' });
    expect(await value('dcmi controller-name set', { controllerName: 'node-8' })).toEqual({ controllerName: 'node-8' });
    const { temperatures } = (await value('dcmi thermal')) as { temperatures: { celsius: number }[] };
    const { stdout } = await ipmitool(bench.sim, ['dcmi', 'get_temp_reading']);
    expect(temperatures.map(({ celsius }) => celsius)).toEqual(
      [...stdout.matchAll(/([+-]\d+) C/g)].map((match) => Number(match[1])),
    );
    const sensors = (await value('dcmi sensors')) as { recordIds: number[] }[];
    const listed = (await freeipmi(bench.sim, 'ipmi-dcmi', ['--get-dcmi-sensor-info'])).stdout;
    expect(sensors.flatMap(({ recordIds }) => recordIds)).toEqual(
      [...listed.matchAll(/^(\d+)$/gm)].map((match) => Number(match[1])),
    );
    const { supported } = (await value('dcmi capabilities')) as { supported: string[] };
    const discovered = (await ipmitool(bench.sim, ['dcmi', 'discover'])).stdout;
    expect(supported.includes('power management')).toBe(discovered.includes('Power management available'));
  });

  it('sets limits that the clients read', async () => {
    expect(await value('dcmi power-limit get')).toEqual({ active: false });
    const limit = { watts: 400, correctionMs: 6000, samplingSeconds: 5, whenExceeded: 'hard-power-off' };
    const inactive = { active: false, ...limit };
    expect(await value('dcmi power-limit set', limit)).toEqual(inactive);
    expect(await value('dcmi power-limit get')).toEqual(inactive);
    const printedLimit = {
      'Exception actions': 'Hard Power Off & Log Event to SEL',
      'Power Limit': '400 Watts',
      'Correction time': '6000 milliseconds',
      'Sampling period': '5 seconds',
    };
    expect(await printed('ipmitool', 'dcmi', 'power', 'get_limit')).toMatchObject({
      'Current Limit State': 'No Active Power Limit',
      ...printedLimit,
    });
    expect(await value('dcmi power-limit activate')).toEqual({ ...inactive, active: true });
    expect(await printed('ipmitool', 'dcmi', 'power', 'get_limit')).toMatchObject({
      'Current Limit State': 'Power Limit Active',
      ...printedLimit,
    });
    expect(await value('dcmi power-limit deactivate')).toEqual(inactive);
    expect((await printed('ipmitool', 'dcmi', 'power', 'get_limit'))['Current Limit State']).toBe(
      'No Active Power Limit',
    );
    await ipmitool(bench.sim, ['dcmi', 'power', 'set_limit', 'limit', '350']);
    expect(await value('dcmi power-limit get')).toEqual({ ...inactive, watts: 350 });
    expect(
      expectFailed(await bench.bmc.dataCentre.setPowerLimit({ ...limit, watts: 5000, whenExceeded: 'none' })).error
        .message,
    ).toContain('Power Limit out of range');
    await value('dcmi thermal-limit set', { place: 'inlet', instance: 1, celsius: 41, powerOff: true });
    const { stdout } = await ipmitool(bench.sim, ['dcmi', 'thermalpolicy', 'get', '64', '1']);
    expect(stdout).toMatch(/Temperature Limit +41 degrees/);
  });
});

describe('fans', () => {
  it('are unsupported where no fan control is known, and run where it is', async () => {
    expect(await bench.bmc.fans.get()).toMatchObject({ outcome: 'unsupported' });
    Object.assign(bench.sim.areas.chassis.deviceId, { manufacturerId: 10876, productId: 0x0832 });
    expect(await value('fans get')).toMatchObject({ control: 'supermicro', mode: 'optimal' });
    expect(expectFailed(await bench.bmc.fans.setDuty({ percent: 10 })).error.code).toBe('invalid-input');
    const speed = async () =>
      Number(
        /([\d.]+) RPM/.exec((await ipmitool(bench.sim, ['sdr', 'get', 'Fan 1'])).stdout)?.[1] ??
          /Sensor Reading +: (\d+)/.exec((await ipmitool(bench.sim, ['sensor', 'get', 'Fan 1'])).stdout)?.[1],
      );
    const before = await speed();
    const set = (await value('fans set-duty', { percent: 70 })) as {
      mode: string;
      tachometers: Record<string, unknown>[];
    };
    expect(set).toMatchObject({
      mode: 'full',
      tachometers: expect.arrayContaining([expect.objectContaining({ name: 'Pump 1', follows: false })]),
    });
    expect(await raw('0x30', '0x70', '0x66', '0x00', '0x01')).toBe('46');
    // The tachometer that we watched is the one that ipmitool reads.
    const after = await speed();
    expect(after).toBeGreaterThan(before * 1.5);
    expect(set.tachometers).toContainEqual({ name: 'Fan 1', beforeRpm: before, rpm: after, follows: true });
    bench.sim.faults.fans = 'ignored';
    expect(expectFailed(await bench.bmc.fans.setDuty({ percent: 90 }, { deadlineMs: 2_000 })).error.message).toContain(
      'no fan followed',
    );
    expect(await raw('0x30', '0x45', '0x00')).toBe('02');
    bench.sim.faults.fans = 'honest';
    expect(await value('fans set-mode', { mode: 'automatic' })).toMatchObject({ mode: 'optimal' });
    expect(await raw('0x30', '0x45', '0x00')).toBe('02');
    const interrupted = new AbortController();
    const held = bench.bmc.fans.hold({ percent: 55 }, { signal: interrupted.signal });
    await expect.poll(() => bench.sim.areas.fans.duties()).toEqual([55, 55]);
    expect(await raw('0x30', '0x70', '0x66', '0x00', '0x00')).toBe('37');
    interrupted.abort();
    expect(expectDone(await held).value).toMatchObject({ mode: 'optimal' });
    expect(bench.sim.areas.fans.mode()).toBe(2);
  });
});
