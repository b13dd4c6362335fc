import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { BmcSettings } from './index.ts';
import { capabilityMethods, isCapabilityName, openBmc } from './index.ts';
import { realDependencies } from './testing/real-dependencies.ts';
import { expectFailed, expectUnknown } from './testing/results.ts';

const settings: BmcSettings = { name: 'm1', driver: 'unmanaged', address: '127.0.0.1' };

describe('the unmanaged driver', () => {
  it('sends a magic packet for power on, and does not claim to know what came of it', async () => {
    const listener = createSocket('udp4');
    listener.bind(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address();
    const wakeable = { ...settings, macAddress: '52:54:00:AB:cd:01', broadcastAddress: '127.0.0.1', port };
    const bmc = openBmc(wakeable, realDependencies());
    const [[packet], result] = await Promise.all([once(listener, 'message'), bmc.power.set('on')]);
    listener.close();
    expect(packet.toString('hex')).toBe('ffffffffffff' + '525400abcd01'.repeat(16));
    const unknown = expectUnknown(result);
    expect(unknown.driver).toBe('unmanaged');
    expect(unknown.evidence[0]?.detail).toContain('52:54:00:AB:cd:01');
  });

  it('answers unsupported for every method of every capability that cannot wake', async () => {
    const bmc = openBmc(settings, realDependencies());
    const results: unknown[] = [];
    results.push(await bmc.power.set('on'), await bmc.power.set('off'), await bmc.power.get());
    results.push(
      await bmc.sensors.list(),
      await bmc.raw.send({ networkFunction: 6, command: 1, data: Buffer.of(), idempotent: true }),
    );
    for (const result of results) expect(result).toMatchObject({ outcome: 'unsupported', driver: 'unmanaged' });
    for (const name of Object.keys(capabilityMethods).filter(isCapabilityName)) {
      expect(Object.keys(bmc[name])).toEqual(Object.keys(capabilityMethods[name]));
    }
  });

  it('refuses a MAC address that is none', () => {
    expect(() => openBmc({ ...settings, macAddress: '00:11:22:33:44:GG' }, realDependencies())).toThrowError(
      expect.objectContaining({ code: 'invalid-configuration', field: 'macAddress', value: '00:11:22:33:44:GG' }),
    );
  });

  it('says when the packet could not be sent', async () => {
    const nowhere = { ...settings, macAddress: '52:54:00:ab:cd:01', broadcastAddress: 'no such host.invalid' };
    const { error } = expectFailed(await openBmc(nowhere, realDependencies()).power.set('on'));
    expect(error.code).toBe('bmc-unreachable');
    expect(error.remedy).toContain('broadcastAddress');
  });
});
