/** Privilege levels, suites that must be named, K_g, quirks and errors of the network, against a scripted BMC. */
import { describe, expect, it } from 'vitest';
import { createLane } from './lane.ts';
import { createIpmiClient } from './drivers/ipmi/client.ts';
import { findCipherSuite, getSystemBootOptions } from '../protocols/ipmi/index.ts';
import { openBmc, rememberRefusedInMemory } from './index.ts';
import { createFakeClock } from './testing/fake-clock.ts';
import { expectDone, expectFailed } from './testing/results.ts';
import { createScriptedBmc } from './testing/scripted-bmc.ts';
import { powerOn, startScripted as start } from './testing/start-scripted.ts';

const tooLow = { completionCode: 0xd4, data: Buffer.alloc(0) };
const raise = '6/3b';

describe('the privilege level', () => {
  it('stays at user for what a user may do, and is raised once for what needs more', async () => {
    const { bmc, scripted } = start();
    expectDone(await bmc.power.get());
    expect(scripted.arrived).not.toContain(raise);
    await bmc.power.set('reset');
    await bmc.power.set('reset');
    expect(scripted.arrived.filter((name) => name === raise)).toHaveLength(1);
  });

  it('is raised when a BMC refuses at user level what a user may do, and the request is made again', async () => {
    let level = 2;
    const { bmc, scripted } = start({
      command: () => (level < 3 ? tooLow : powerOn),
      privilegeCode(asked) {
        level = asked;
        return 0;
      },
    });
    expect(expectDone(await bmc.power.get()).value.state).toBe('on');
    expect(scripted.arrived.slice(-3)).toEqual(['0/1', raise, '0/1']);
  });

  it('goes as high as the BMC lets the user, and what is still refused says so', async () => {
    const asked: number[] = [];
    const { bmc } = start({
      command: ({ command }) => (command === 2 ? tooLow : powerOn),
      privilegeCode(level) {
        asked.push(level);
        return level > 3 ? 0x81 : 0;
      },
    });
    expect(expectFailed(await bmc.power.set('cycle')).error.code).toBe('bmc-privilege');
    expect(asked).toEqual([4, 3]);
  });

  it('that no role is granted for is an error of its own', async () => {
    const { bmc } = start({ rakp2Status: () => 0x0a });
    expect(expectFailed(await bmc.power.get()).error.code).toBe('bmc-privilege');
  });
});

describe('cipher suites 8 and 12', () => {
  it.each([8, 12])('%i is spoken when it is named', async (id) => {
    const { bmc } = start({ suites: [id] }, { cipherSuites: [id] });
    expect(expectDone(await bmc.power.get()).value.state).toBe('on');
  });

  it('are not even tried when nobody names them', async () => {
    const { bmc, scripted } = start({ suites: [8, 12] });
    expect(expectFailed(await bmc.power.get()).error.code).toBe('bmc-cipher-refused');
    expect(scripted.arrived).toEqual(['open', 'open']);
  });
});

describe('K_g', () => {
  const login = { name: 'c', username: 'admin', password: 'secret', fingerprint: '1' };
  const systemKey = 'twenty bytes of key!';

  it.each([systemKey, `0x${Buffer.from(systemKey).toString('hex')}`])('opens a BMC that has one: %s', async (given) => {
    const { bmc } = start({ systemKey }, { credential: { ...login, systemKey: given } });
    expectDone(await bmc.power.get());
    expect(JSON.stringify(bmc)).not.toContain(given);
  });

  it.each([undefined, 'another'])('that is missing or wrong is told from a wrong password (%s)', async (given) => {
    const credential = given === undefined ? login : { ...login, systemKey: given };
    const { bmc, scripted } = start({ systemKey }, { credential });
    const { error } = expectFailed(await bmc.power.get());
    expect(error).toMatchObject({ code: 'bmc-authentication', message: expect.stringContaining('K_g') });
    expectFailed(await bmc.power.get());
    expect(scripted.arrived.filter((name) => name === 'rakp1')).toHaveLength(1);
  });

  it('that cannot be one is refused before anything is sent', () => {
    for (const bad of ['', 'x'.repeat(21), `0x${'00'.repeat(20)}`]) {
      const open = () => start({}, { credential: { ...login, systemKey: bad } });
      expect(open).toThrowError(
        expect.objectContaining({ code: 'invalid-configuration', field: 'credential.systemKey' }),
      );
    }
  });
});

describe('quirks of sessions', () => {
  it('opensesspriv names the level in Open Session', async () => {
    const asked: number[] = [];
    const openSessionStatus = (request: { maximumPrivilege: number }): undefined => {
      asked.push(request.maximumPrivilege);
    };
    expectDone(await start({ openSessionStatus }).bmc.power.get());
    expectDone(await start({ openSessionStatus }, { quirks: ['opensesspriv'] }).bmc.power.get());
    expect(asked).toEqual([0, 4]);
  });

  it('intel20 pads the user name and looks it up by level', async () => {
    const seen: { roleByte: number; username: Uint8Array }[] = [];
    const onRakp1 = (message: { roleByte: number; username: Uint8Array }) => void seen.push(message);
    expectDone(await start({ onRakp1 }).bmc.power.get());
    expectDone(await start({ onRakp1 }, { quirks: ['intel20'] }).bmc.power.get());
    expect(seen.map(({ roleByte, username }) => [roleByte, username.length])).toEqual([
      [0x14, 5],
      [0x04, 16],
    ]);
  });

  it('that are not known are refused when the BMC is opened', () => {
    expect(() => start({}, { quirks: ['opensesspri'] })).toThrowError(/Did you mean "opensesspriv"/);
  });
});

describe('what the network says', () => {
  it.each([
    { system: 'ECONNREFUSED', code: 'bmc-port-closed' },
    { system: 'EHOSTUNREACH', code: 'bmc-no-route' },
    { system: 'ENETUNREACH', code: 'bmc-no-route' },
    { system: undefined, code: 'bmc-unreachable' },
  ])('$system is $code, and opens the circuit like any silence', async ({ system, code }) => {
    let sent = 0;
    const udp = {
      open: () =>
        Promise.resolve({
          send() {
            sent += 1;
            const error = Object.assign(new Error(`send ${system}`), { code: system });
            return system === undefined ? Promise.resolve() : Promise.reject(error);
          },
          close: () => undefined,
        }),
    };
    const clock = createFakeClock({ automatic: true });
    const credential = { name: 'c', username: 'admin', password: 'secret', fingerprint: '1' };
    const bmc = openBmc(
      { name: 'b1', driver: 'ipmi', address: '192.0.2.1', credential },
      { udp, clock, randomBytes: (length) => new Uint8Array(length), refusedCredentials: rememberRefusedInMemory() },
    );
    for (let call = 0; call < 3; call += 1) expect(expectFailed(await bmc.power.get()).error.code).toBe(code);
    expect(bmc.breakerState).toBe('open');
    // What is known at once is not asked for as long as what may only be slow.
    if (system !== undefined) expect(sent).toBeLessThanOrEqual(9);
    else expect(sent).toBeGreaterThan(15);
  });
});

describe('a BMC that stays busy', () => {
  it('is an error of its own', async () => {
    const { bmc } = start({ command: () => ({ completionCode: 0xc0, data: Buffer.alloc(0) }) });
    expect(expectFailed(await bmc.power.get()).error.code).toBe('bmc-busy');
  });
});

describe('several requests in flight', () => {
  it('each get their own answer, in whatever order the answers come', async () => {
    const held: (() => void)[] = [];
    const scripted = createScriptedBmc({ command: ({ data }) => ({ completionCode: 0, data }) });
    const udp: typeof scripted.open = (endpoint, handlers) =>
      scripted.open(endpoint, {
        ...handlers,
        onMessage(packet) {
          const session = packet.length > 60;
          if (!session) handlers.onMessage(packet);
          else {
            held.push(() => handlers.onMessage(packet));
            // The first two answers come the other way round.
            if (held.length === 2) for (const deliver of held.splice(0).toReversed()) deliver();
            else setImmediate(() => setImmediate(() => held.splice(0).forEach((deliver) => deliver())));
          }
        },
      });
    const clock = createFakeClock();
    let counter = 0;
    const dependencies = {
      udp: { open: udp },
      clock,
      randomBytes: (length: number) => Uint8Array.from({ length }, () => (counter = (counter * 73 + 41) & 0xff)),
      refusedCredentials: rememberRefusedInMemory(),
    };
    const lane = createLane('b1', dependencies, { inFlight: 2 });
    const credential = { name: 'c', username: 'admin', password: 'secret', fingerprint: '1' };
    const peer = { name: 'b1', address: '192.0.2.1', port: 623, credentialName: 'c' };
    const suites = [findCipherSuite(3)].filter((suite) => suite !== undefined);
    const client = createIpmiClient({ peer, credential, suites }, { ...dependencies, lane });
    const echo = {
      ...getSystemBootOptions,
      encodeRequest: (byte: number) => Buffer.of(byte),
      decodeRequest: () => 0,
      encodeResponse: () => Buffer.alloc(0),
      decodeResponse: (bytes: Uint8Array) => bytes[0] ?? -1,
    };
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map((byte) => client.run(echo, byte)));
    expect(answers).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
