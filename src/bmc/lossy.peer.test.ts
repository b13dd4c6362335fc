/** A thousand operations over a bad network to a rack of ipmi_sims: every result is true, and nothing runs twice. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bmc, BmcResult } from './index.ts';
import { openBmc } from './index.ts';
import type { IpmiSim } from './testing/ipmi-sim.ts';
import { administrator, startIpmiSim } from './testing/ipmi-sim.ts';
import type { LossyPath } from './testing/lossy-path.ts';
import { startLossyPath } from './testing/lossy-path.ts';
import { realDependencies } from './testing/real-dependencies.ts';

const bmcCount = 100;
const operationsEach = 10;
/**
 * ipmi_sim runs a packet again that the network has doubled, although its session sequence number tells (§6.12.12): a verb
 * may run once more for each. So half of the BMCs get no doubled packets, and there nothing at all may run twice.
 */
const doublesToBmc = (index: number): boolean => index % 2 === 1;
const sharesOf = (index: number) => ({
  loss: 0.2,
  duplicate: { toBmc: doublesToBmc(index) ? 0.1 : 0, fromBmc: 0.1 },
  reorder: 0.1,
  heldMs: 60,
});
const breaker = { failureThreshold: 1_000, coolDownMs: 1, maximumCoolDownMs: 1 };
const networkFailures = ['bmc-unreachable', 'bmc-sessions-full'];
const deviceGuid = 'a123456789abcdefa123456789abcdef';

interface Site {
  sim: IpmiSim;
  path: LossyPath;
  bmc: Bmc;
}
const sites: Site[] = [];

beforeAll(async () => {
  for (let index = 0; index < bmcCount; index += 1) {
    const sim = await startIpmiSim();
    const path = await startLossyPath(sim.port, sharesOf(index), 1_000 + index * 7);
    const credential = { name: 'sim', ...administrator, fingerprint: 'one' };
    const settings = { name: `b${index}`, driver: 'ipmi', address: '127.0.0.1', port: path.port, credential } as const;
    sites.push({ sim, path, bmc: openBmc(settings, realDependencies(), { breaker }) });
  }
});
afterAll(async () => {
  for (const { path } of sites) path.close();
  // The way is gone: closing says so at once, or by its short deadline.
  await Promise.all(sites.map(({ bmc }) => bmc.close()));
  await Promise.all(sites.map(({ sim }) => sim.stop()));
});

interface Tally {
  done: number;
  failed: number;
  unknown: number;
  settled: number;
}

/** One BMC's operations, one after the other; every one is checked by itself. */
async function operate({ sim, bmc, path }: Site, index: number): Promise<Tally> {
  const tally: Tally = { done: 0, failed: 0, unknown: 0, settled: 0 };
  const asked: Record<string, number> = { 'power 1': 0, 'power 0': 0, 'reset 1': 0 };

  const count = (result: BmcResult<unknown>): void => {
    if (result.outcome === 'done') tally.done += 1;
    else if (result.outcome === 'outcome unknown') tally.unknown += 1;
    else if (result.outcome === 'failed') {
      expect(networkFailures).toContain(result.error.code);
      tally.failed += 1;
    } else throw new Error(`unsupported: ${result.reason}`);
  };

  for (let operation = 0; operation < operationsEach; operation += 1) {
    const kind = (operation + index) % 10;
    if (kind === 3 || kind === 7) {
      const verb = kind === 3 ? 'on' : operation % 4 === 0 ? 'reset' : 'off';
      const word = { on: 'power 1', off: 'power 0', reset: 'reset 1' }[verb];
      asked[word] = (asked[word] ?? 0) + 1;
      await sim.setPower(verb !== 'on');
      const before = (await sim.sets()).length;
      const doubledBefore = path.counts.doubledToBmc;
      const result = await bmc.power.set(verb, { deadlineMs: 4_000 });
      count(result);
      const ran = (await sim.sets()).slice(before).filter((set) => set === word).length;
      const most = 1 + path.counts.doubledToBmc - doubledBefore;
      if (!doublesToBmc(index)) expect(most).toBe(1);
      expect(ran, `${verb} on b${index} ran ${ran} times: ${result.outcome}`).toBeLessThanOrEqual(most);
      if (result.outcome === 'done') {
        expect(ran).toBeGreaterThan(0);
        expect(result.value.state).toBe(verb === 'off' ? 'off' : 'on');
        tally.settled += result.evidence.some(({ detail }) => detail.includes('no answer came')) ? 1 : 0;
      }
      // "Failed" is said only of what never ran.
      if (result.outcome === 'failed') expect(ran).toBe(0);
    } else if (kind === 5) {
      const result = await bmc.bootDevice.set({ device: 'pxe', once: true });
      count(result);
      if (result.outcome === 'done') expect(await sim.sets()).toContain('boot pxe');
    } else if (kind === 1) {
      const result = await bmc.identity.guid();
      count(result);
      if (result.outcome === 'done') expect(result.value.raw).toBe(deviceGuid);
    } else if (kind === 8) {
      const info = { networkFunction: 0x0a, command: 0x40, data: Buffer.alloc(0), idempotent: true };
      const result = await bmc.raw.send(info);
      count(result);
      if (result.outcome === 'done') expect(result.value).toMatchObject({ completionCode: expect.any(Number) });
    } else if (kind === 9) {
      const result = await bmc.identity.deviceId();
      count(result);
      if (result.outcome === 'done') expect(result.value).toMatchObject({ manufacturerId: 0x1291, productId: 0xf02 });
    } else {
      await sim.setPower(operation % 2 === 0);
      const result = await bmc.power.get();
      count(result);
      if (result.outcome === 'done') expect(result.value.state).toBe(operation % 2 === 0 ? 'on' : 'off');
    }
  }
  const sets = await sim.sets();
  for (const [word, times] of Object.entries(asked)) {
    if (doublesToBmc(index)) continue;
    expect(sets.filter((set) => set === word).length, `${word} on b${index}`).toBeLessThanOrEqual(times);
  }
  return tally;
}

describe('20 % loss, 10 % duplication and reordering, each way', () => {
  it(`leaves every one of ${bmcCount * operationsEach} operations true`, { timeout: 120_000 }, async () => {
    const tallies = await Promise.all(sites.map(operate));
    const total = { done: 0, failed: 0, unknown: 0, settled: 0 };
    for (const tally of tallies) {
      for (const key of ['done', 'failed', 'unknown', 'settled'] as const) total[key] += tally[key];
    }
    expect(total.done + total.failed + total.unknown).toBe(bmcCount * operationsEach);
    expect(total.done).toBeGreaterThan(0.9 * bmcCount * operationsEach);
    expect(total.settled).toBeGreaterThan(0);
    const counts = sites.map(({ path }) => path.counts);
    for (const key of ['lost', 'doubledToBmc', 'doubledFromBmc', 'reordered'] as const) {
      expect(counts.reduce((sum, each) => sum + each[key], 0)).toBeGreaterThan(50);
    }
  });
});
