/** A change of address that takes the BMC away from under its own connection: slow, for nothing answers there any more. */
import { randomBytes } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { lanParameters } from '../protocols/ipmi/index.ts';
import type { SimulatedBmc } from '../sim/index.ts';
import { startSimulatedBmc, systemClock } from '../sim/index.ts';
import { openBmc } from './index.ts';
import { realDependencies } from './testing/real-dependencies.ts';
import { expectDone } from './testing/results.ts';

const login = { username: 'root', password: 'correct-horse' };
const started: SimulatedBmc[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((sim) => sim.stop()));
});

async function start(address: string, port: number): Promise<SimulatedBmc> {
  const users = [{ name: login.username, password: login.password }];
  const random = (length: number) => randomBytes(length);
  const sim = await startSimulatedBmc({ address, port, name: address, clock: systemClock, random, users });
  started.push(sim);
  return sim;
}

it('is done when the BMC is seen at its new address, with the same MAC address', async () => {
  const here = await start('127.0.0.1', 0);
  const there = await start('127.0.0.2', here.port);
  const { lan } = here.areas.access;
  const { ipAddress, ipAddressSource, macAddress, subnetMask } = lanParameters;
  lan.onWrite.add((selector) => {
    // The address takes effect at once: the BMC is gone from here, and answers over there with what was set.
    if (selector !== ipAddress.selector) return;
    for (const moved of [ipAddress, ipAddressSource, macAddress, subnetMask]) {
      there.areas.access.lan.write(moved.selector, lan.read(moved.selector) ?? Buffer.alloc(0));
    }
    here.faults.loss = 1;
  });
  const credential = { name: 'sim', ...login, fingerprint: 'one' };
  const settings = { name: 'b1', driver: 'ipmi', address: '127.0.0.1', port: here.port, credential } as const;
  const bmc = openBmc(settings, realDependencies());
  const result = expectDone(await bmc.lan.set({ source: 'static', address: '127.0.0.2' }));
  expect(result.value.address).toBe('127.0.0.2');
  expect(result.evidence.map(({ detail }) => detail).join('\n')).toContain('seen at 127.0.0.2');
  here.faults.loss = 0;
  await bmc.close();
});
