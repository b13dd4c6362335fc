/** How the driver behaves towards a real BMC when things go wrong: refused credentials, deafness, loss. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { payloadType } from '../protocols/ipmi/index.ts';
import type { Bmc, BmcDependencies, BmcSettings, LaneSettings } from './index.ts';
import { openBmc } from './index.ts';
import type { IpmiSim } from './testing/ipmi-sim.ts';
import { administrator, startIpmiSim } from './testing/ipmi-sim.ts';
import { realDependencies } from './testing/real-dependencies.ts';
import { expectDone, expectFailed, expectUnknown } from './testing/results.ts';
import type { UdpRelay } from './testing/udp-relay.ts';
import { lossy, startUdpRelay } from './testing/udp-relay.ts';

let sim: IpmiSim;
let relay: UdpRelay;
const open: Bmc[] = [];

beforeAll(async () => {
  sim = await startIpmiSim();
});
afterAll(() => sim.stop());
beforeEach(async () => {
  relay = await startUdpRelay(sim.port);
});
afterEach(async () => {
  relay.lose = () => false;
  await Promise.all(open.splice(0).map((bmc) => bmc.close()));
  relay.close();
});

const rightCredential = { name: 'sim', ...administrator, fingerprint: 'right' };

function bmcWith(change: Partial<BmcSettings>, dependencies: BmcDependencies, lane?: LaneSettings): Bmc {
  const settings: BmcSettings = {
    name: 'b1',
    driver: 'ipmi',
    address: '127.0.0.1',
    port: relay.port,
    credential: rightCredential,
    ...change,
  };
  const bmc = openBmc(settings, dependencies, lane);
  open.push(bmc);
  return bmc;
}

describe('a refused credential', () => {
  const refused = [
    { code: 'bmc-authentication', username: administrator.username, password: 'SECRET-canary' },
    { code: 'bmc-unknown-user', username: 'nobody', password: 'SECRET-canary' },
  ];
  it.each(refused)('$code: tried once, then not a packet until it changes', async ({ code, username, password }) => {
    const dependencies = realDependencies();
    const wrong = { name: 'sim', username, password, fingerprint: 'wrong' };
    const bmc = bmcWith({ credential: wrong }, dependencies);
    const first = expectFailed(await bmc.power.get());
    expect(first.error.code).toBe(code);
    expect(relay.receivedOfType(payloadType.rakpMessage1)).toBe(1);
    expect(relay.receivedOfType(payloadType.rakpMessage3)).toBe(0);

    const packets = relay.received();
    const again = await Promise.all([bmc.power.get(), bmc.power.set('on'), bmc.identity.guid()]);
    // A handle opened anew with the same credential knows it too.
    again.push(await bmcWith({ credential: wrong }, dependencies).power.get());
    expect(again.map((result) => expectFailed(result).error.code)).toEqual(Array(4).fill('bmc-authentication'));
    expect(relay.received()).toBe(packets);
    expect(bmc.breakerState).toBe('closed');

    const shown = [first, ...again].map((result) => expectFailed(result));
    expect(JSON.stringify(shown.map(({ error, evidence }) => [error.message, error.stack, evidence]))).not.toContain(
      'SECRET-canary',
    );

    const changed = bmcWith({ credential: rightCredential }, dependencies);
    expectDone(await changed.power.get());
  });

  it('is not what a BMC that does not answer is taken for', async () => {
    const dependencies = realDependencies();
    relay.lose = (_direction, packet) => packet[5] === payloadType.rakpMessage2;
    const bmc = bmcWith({}, dependencies);
    const cut = AbortSignal.timeout(4_000);
    expect(expectFailed(await bmc.power.get({ signal: cut })).error.code).toBe('aborted');
    expect(relay.receivedOfType(payloadType.rakpMessage1)).toBeGreaterThan(0);
    relay.lose = () => false;
    expectDone(await bmc.power.get());
  });
});

describe('a BMC that cannot be reached', () => {
  it('with a closed port is told from one that is silent', async () => {
    const gone = await startIpmiSim();
    const bmc = bmcWith({ port: gone.port }, realDependencies());
    expectDone(await bmc.power.get());
    await gone.stop();
    const { error } = expectFailed(await bmc.power.get());
    expect(error.code).toBe('bmc-port-closed');
    expect(error.cause).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('that no route leads to is an error of its own', async () => {
    // The test's own network has no route anywhere but loopback.
    const { error } = expectFailed(await bmcWith({ address: '192.0.2.1' }, realDependencies()).power.get());
    expect(error.code).toBe('bmc-no-route');
  });
});

describe('a BMC that goes deaf', () => {
  it('is given up in bounded time, left alone, and found again when it answers', async () => {
    const breaker = { failureThreshold: 1, coolDownMs: 1_000, maximumCoolDownMs: 1_000 };
    const bmc = bmcWith({}, realDependencies(), { breaker });
    await sim.setPower(true);
    expectDone(await bmc.power.get());
    sim.pause();
    try {
      expect(expectFailed(await bmc.power.get()).error.code).toBe('bmc-unreachable');
      expect(bmc.breakerState).toBe('open');
      const packets = relay.received();
      expect(expectFailed(await bmc.power.get()).error.code).toBe('bmc-circuit-open');
      expect(relay.received()).toBe(packets);
    } finally {
      sim.resume();
    }
    await expect.poll(() => bmc.breakerState, { timeout: 10_000 }).toBe('half-open');
    // The old session still lives on the BMC; a new one is opened beside it.
    expect(expectDone(await bmc.power.get()).value.state).toBe('on');
    expect(bmc.breakerState).toBe('closed');
  });

  it('says outcome unknown, and never sends again, when it goes deaf under a power verb', async () => {
    const bmc = bmcWith({}, realDependencies());
    await sim.setPower(false);
    expectDone(await bmc.power.get());
    const before = (await sim.sets()).length;
    let answers = 0;
    // The answers to Get Chassis Status and Set Session Privilege Level pass, everything after them is lost.
    relay.lose = (direction) => direction === 'from the BMC' && (answers += 1) > 2;
    const result = expectUnknown(await bmc.power.set('cycle', { deadlineMs: 1_000 }));
    expect(result.error.code).toBe('outcome-unknown');
    relay.lose = () => false;
    await expect.poll(async () => (await sim.sets()).slice(before), { timeout: 5_000 }).toEqual(['power 0', 'power 1']);
  });

  it('settles a lost answer by the read-back', async () => {
    const bmc = bmcWith({}, realDependencies());
    await sim.setPower(false);
    expectDone(await bmc.power.get());
    const before = (await sim.sets()).length;
    let answers = 0;
    relay.lose = (direction) => direction === 'from the BMC' && (answers += 1) === 3;
    const result = expectDone(await bmc.power.set('on'));
    expect(result.value.state).toBe('on');
    expect(result.evidence.map(({ detail }) => detail).join('\n')).toContain('no answer came');
    expect((await sim.sets()).slice(before)).toEqual(['power 1']);
  });

  it('reports a power verb that the BMC acknowledges and does not do', async () => {
    const liar = await startIpmiSim();
    try {
      await liar.ignoreSets();
      const bmc = bmcWith({ port: liar.port }, realDependencies());
      const result = expectFailed(await bmc.power.set('on', { deadlineMs: 1_000 }));
      expect(result.error.code).toBe('deadline-exceeded');
      expect(await liar.sets()).toEqual(['power 1']);
      // A soft shutdown may still be under way: the operating system takes its time.
      await liar.setPower(true);
      expectUnknown(await bmc.power.set('soft', { deadlineMs: 1_000 }));
      await bmc.close();
    } finally {
      await liar.stop();
    }
  });
});

describe('a BMC behind 20 % loss both ways', () => {
  it('runs each power verb at most once, and every answer is true', async () => {
    const breaker = { failureThreshold: 100, coolDownMs: 1, maximumCoolDownMs: 1 };
    const bmc = bmcWith({}, realDependencies(), { breaker });
    relay.lose = lossy(0.2, 20_261_121);
    const outcomes: string[] = [];
    for (const verb of ['on', 'off', 'on', 'off', 'on', 'off'] as const) {
      await sim.setPower(verb === 'off');
      const before = (await sim.sets()).length;
      const result = await bmc.power.set(verb, { deadlineMs: 2_000 });
      outcomes.push(result.outcome);
      const sets = (await sim.sets()).slice(before);
      expect(sets.length, `${verb} ran ${sets.length} times`).toBeLessThanOrEqual(1);
      if (result.outcome === 'done') expect(result.value.state).toBe(verb);
      if (sets.length === 0) expect(result.outcome).not.toBe('done');
    }
    expect(outcomes).toContain('done');
  });
});
