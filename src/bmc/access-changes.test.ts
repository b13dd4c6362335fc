/** Changes of accounts and settings where BMCs go their own way, against the simulator. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lanParameters } from '../protocols/ipmi/index.ts';
import type { SimulatedBmc } from '../sim/index.ts';
import { startSimulatedBmc, systemClock } from '../sim/index.ts';
import type { Bmc, UdpTransport } from './index.ts';
import { openBmc } from './index.ts';
import { bmcCommands } from './commands/table.ts';
import { accessProofs } from './testing/peer-proofs/access.ts';
import { realDependencies } from './testing/real-dependencies.ts';
import { expectDone, expectFailed, expectUnknown } from './testing/results.ts';

const secret = 'correct-horse';
const root = '2';
const second = '3';
const made = { name: 'made', password: 'new-secret', role: 'operator', enabled: true, serialConsole: false } as const;

let sim: SimulatedBmc;
let bmc: Bmc;
/** Hears each packet of the BMC before the client does; true: it is lost. */
let isLost: () => boolean;
/** What is remembered as refused by the BMC. */
let refused: string[];

beforeEach(async () => {
  sim = await startSimulatedBmc({
    address: '127.0.0.1',
    port: 0,
    name: 'access',
    clock: systemClock,
    random: (length) => randomBytes(length),
    users: [
      { name: 'root', password: secret },
      { name: 'second', password: 'second-pass', privilege: 3 },
    ],
  });
  const credential = { name: 'sim', username: 'root', password: secret, fingerprint: 'one' };
  const { udp, ...others } = realDependencies();
  isLost = () => false;
  const lossy: UdpTransport = {
    open: (endpoint, { onMessage, onError }) =>
      udp.open(endpoint, {
        onError,
        onMessage(packet) {
          if (!isLost()) onMessage(packet);
        },
      }),
  };
  const settings = { name: 'b1', driver: 'ipmi', address: '127.0.0.1', port: sim.port, credential } as const;
  refused = [];
  const refusedCredentials = {
    isRefused: (_: string, fingerprint: string) => refused.includes(fingerprint),
    remember: (_: string, fingerprint: string) => void refused.push(fingerprint),
  };
  bmc = openBmc(settings, { ...others, refusedCredentials, udp: lossy });
});
afterEach(async () => {
  await bmc.close();
  await sim.stop();
});

describe('locking oneself out', () => {
  it('is refused: name, password, role, enable and removal of the own user', async () => {
    const { users } = bmc;
    const tries = [
      await users.setName(root, 'other'),
      await users.setPassword(root, 'other-pass'),
      await users.setRole(root, 'user'),
      await users.setEnabled(root, false),
      await users.remove(root),
    ];
    expect(tries.map((result) => expectFailed(result).error.code)).toEqual(Array(5).fill('conflict'));
    expect(sim.users[1]).toMatchObject({ name: 'root', enabled: true });
    expect(Buffer.from(sim.users[1]?.password ?? []).toString()).toBe(secret);
  });

  it('is done by force, but never for the last administrator', async () => {
    expect(expectFailed(await bmc.users.remove(root, { force: true })).error.message).toContain('last administrator');
    expect(expectFailed(await bmc.users.setRole(root, 'user', { force: true })).error.code).toBe('conflict');
    expectDone(await bmc.users.setRole(second, 'administrator'));
    expect(expectDone(await bmc.users.setEnabled(root, false, { force: true })).value.enabled).toBe(false);
  });

  it('goes for the channel that is asked through as well, and for its cipher suites', async () => {
    expect(expectFailed(await bmc.channels.setAccess(undefined, { mode: 'disabled' }, 'both')).error.code).toBe(
      'conflict',
    );
    expect(expectFailed(await bmc.lan.setCipherSuiteRoles({ 3: 'unused', 17: 'unused' })).error.code).toBe('conflict');
  });
});

describe('a new user', () => {
  it('is made in the order that Dell and Supermicro ask for', async () => {
    const { userBehaviour } = sim.areas.access;
    userBehaviour.enableNeedsNameAndPassword = true;
    userBehaviour.messagingNeedsPrivilege = true;
    expect(expectDone(await bmc.users.create(made)).value).toMatchObject({ id: '4', name: 'made', enabled: true });
  });

  it('takes a slot that HP calls empty, and passes over reserved ones', async () => {
    sim.areas.access.userBehaviour.emptyName = '(Empty User)';
    sim.areas.access.userBehaviour.reservedSlots.add(4);
    expect(expectDone(await bmc.users.create(made)).value.id).toBe('5');
  });

  it('is tested by a login where the BMC tests no passwords', async () => {
    sim.areas.access.userBehaviour.testsPasswords = false;
    const result = expectDone(await bmc.users.create(made));
    expect(result.evidence.map(({ source }) => source)).toContain('login');
    expect(expectDone(await bmc.users.testPassword('4', 'wrong-one')).value).toMatchObject({
      matches: false,
      by: 'login',
    });
    expect(refused).toEqual([]);
    expectDone(await bmc.power.get());
  });

  it('leaves no trace when its password does not hold, and no secret in what is told', async () => {
    sim.areas.access.userBehaviour.ignoresPasswords = true;
    const failed = expectFailed(await bmc.users.create(made));
    expect(`${failed.error.message} ${failed.error.stack} ${JSON.stringify(failed)}`).not.toContain(made.password);
    expect(sim.users[3]).toMatchObject({ name: '', enabled: false });
  });

  it('leaves no trace when the caller breaks off half-way', async () => {
    const caller = new AbortController();
    isLost = () => {
      if (sim.users[3]?.name === made.name) caller.abort();
      return false;
    };
    expect((await bmc.users.create(made, { signal: caller.signal })).outcome).not.toBe('done');
    expect(caller.signal.aborted).toBe(true);
    expect(sim.users[3]).toMatchObject({ name: '', enabled: false });
  });

  it('needs a name that nobody has', async () => {
    expect(expectFailed(await bmc.users.create({ ...made, name: 'second' })).error.code).toBe('conflict');
    expect(expectFailed(await bmc.users.create({ ...made, password: 'x'.repeat(21) })).error.code).toBe(
      'invalid-input',
    );
  });
});

describe('a password', () => {
  it('that nothing can test is an unknown outcome', async () => {
    sim.areas.access.userBehaviour.testsPasswords = false;
    expectDone(await bmc.users.setEnabled(second, false));
    expectUnknown(await bmc.users.setPassword(second, 'changed-one'));
  });

  it('of over 16 bytes is set and tested as one of 20', async () => {
    expect(expectDone(await bmc.users.setPassword(second, 'seventeen-letters')).value.sizeBytes).toBe(20);
  });
});

describe('network settings', () => {
  it('wait for another client that is changing them, unless forced', async () => {
    const { lan } = sim.areas.access;
    lan.write(0, Buffer.of(1));
    expect(expectFailed(await bmc.lan.set({ vlanPriority: 1 })).error.code).toBe('conflict');
    expectDone(await bmc.lan.set({ vlanPriority: 1 }, { force: true }));
    expect(lan.read(0)).toEqual(Buffer.of(0));
  });

  it('take no lost answer to `set in progress` for another client', async () => {
    const { lan } = sim.areas.access;
    let lost = 0;
    isLost = () => {
      const loses = lost === 0 && lan.read(0)?.[0] === 1;
      if (loses) lost += 1;
      return loses;
    };
    expect(expectDone(await bmc.lan.set({ vlanPriority: 1 })).value.vlanPriority).toBe(1);
    expect(lost).toBe(1);
    expect(lan.read(0)).toEqual(Buffer.of(0));
  });

  it('leave no change begun when the caller breaks off', async () => {
    const { lan } = sim.areas.access;
    const caller = new AbortController();
    lan.onWrite.add((selector) => {
      if (selector === lanParameters.vlanPriority.selector) caller.abort();
    });
    expectUnknown(await bmc.lan.set({ vlanPriority: 1, primaryPort: 623 }, { signal: caller.signal }));
    expect(lan.read(0)).toEqual(Buffer.of(0));
  });

  it('are written without `set in progress` where the BMC has none', async () => {
    sim.areas.access.lan.unknown.add(0);
    expect(expectDone(await bmc.lan.set({ vlanPriority: 1 })).value.vlanPriority).toBe(1);
  });

  it('that are not known are unsupported, and leave no change begun', async () => {
    const { lan } = sim.areas.access;
    lan.unknown.add(lanParameters.vlanPriority.selector);
    expect((await bmc.lan.set({ vlanPriority: 1 })).outcome).toBe('unsupported');
    expect(lan.read(0)).toEqual(Buffer.of(0));
  });

  it('refuse what is no address or no netmask', async () => {
    expect(expectFailed(await bmc.lan.set({ netmask: '255.0.255.0' })).error.field).toBe('netmask');
    expect(expectFailed(await bmc.lan.set({ gateway: '10.0.0.300' })).error.field).toBe('gateway');
  });
});

it('a usable cipher suite 0 is a finding', async () => {
  sim.areas.access.lan.write(lanParameters.cipherSuiteEntries.selector, Buffer.from([0, 0, 17, ...Array(14).fill(0)]));
  expect(expectDone(await bmc.lan.get()).value.findings.join('\n')).toContain('cipher suite 0 is usable');
});

it('every command of these subjects has its proof', () => {
  const own = bmcCommands.filter(({ name }) => /^(?:channel|user|lan|sol|serial) /.test(name)).map(({ name }) => name);
  expect(own.filter((name) => !Object.hasOwn(accessProofs, name))).toEqual([]);
});
