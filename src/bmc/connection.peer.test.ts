/** Ping, offered authentication, sessions, quirks and raw commands against ipmi_sim, compared with ipmitool and FreeIPMI. */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Bmc } from './index.ts';
import { findBmcCommand } from './commands/table.ts';
import { openBmc, pingBmc, quirkNames } from './index.ts';
import type { IpmiSim } from './testing/ipmi-sim.ts';
import { administrator, startIpmiSim } from './testing/ipmi-sim.ts';
import { realDependencies } from './testing/real-dependencies.ts';
import { expectDone } from './testing/results.ts';

let sim: IpmiSim;
let bmc: Bmc;
const credential = { name: 'sim', ...administrator, fingerprint: 'one' };

beforeAll(async () => {
  sim = await startIpmiSim();
  bmc = openBmc({ name: 'b1', driver: 'ipmi', address: '127.0.0.1', port: sim.port, credential }, realDependencies());
});
afterAll(async () => {
  await bmc.close();
  await sim.stop();
});

/** The value of a command of the table, and its line. */
async function ask(name: string, parameters: object = {}): Promise<{ value: unknown; line: string }> {
  const command = findBmcCommand(name);
  if (command === undefined) throw new Error(`no command ${name}`);
  const { value } = expectDone(await command.run(bmc, parameters));
  return { value, line: command.present(value).line };
}

/** FreeIPMI's pingers ask port 623 only: it is led to the BMC's for so long. */
async function pinger(tool: string, ...options: string[]): Promise<string> {
  const relay = createSocket('udp4');
  relay.bind(623, '127.0.0.1');
  await once(relay, 'listening');
  let asker = 0;
  relay.on('message', (packet, { port }) => {
    if (port !== sim.port) asker = port;
    relay.send(packet, port === sim.port ? asker : sim.port, '127.0.0.1');
  });
  const running = spawn(tool, [...options, '127.0.0.1']);
  let printed = '';
  running.stdout.on('data', (data) => (printed += String(data)));
  await once(running, 'close');
  relay.close();
  return printed;
}

describe('ping', () => {
  it('is answered with the facts that FreeIPMI reads out of the pong', async () => {
    const printed = await pinger('rmcpping', '-c', '1', '-v');
    const { value } = await ask('ping');
    expect(value).toMatchObject({ by: 'presence ping', ipmiSupported: true });
    expect(printed).toMatch(/pong received .*, ipmi supported/);
  });

  it('needs no credential, and tells a closed port at once', async () => {
    const answer = await pingBmc({ address: '127.0.0.1', port: sim.port }, realDependencies());
    expect(answer).toMatchObject({ pong: { ipmiSupported: true, enterprise: 4542 } });
    const closed = await pingBmc({ address: '127.0.0.1', port: 9 }, realDependencies());
    expect(closed).toMatchObject({ silence: { socketError: { code: 'ECONNREFUSED' } } });
  });

  it('asks for the authentication capabilities where the BMC is known not to answer', async () => {
    const settings = { name: 'b2', driver: 'ipmi', address: '127.0.0.1', port: sim.port, credential } as const;
    const quirky = openBmc({ ...settings, quirks: ['ipmiping'] }, realDependencies());
    expect(expectDone(await quirky.connection.ping()).value.by).toBe('authentication capabilities');
    await quirky.close();
  });
});

describe('auth', () => {
  it('lists the cipher suites that ipmitool lists, and finds what is unsafe', async () => {
    const { value } = await ask('auth');
    const reading = expectDone(await bmc.connection.authentication()).value;
    expect(value).toEqual(JSON.parse(JSON.stringify(reading)));
    const printed = await sim.ipmitool('channel', 'getciphers', 'ipmi', '14');
    const rows = [...printed.matchAll(/^(\d+) +N\/A +(\S+) +(\S+) +(\S+) *$/gm)];
    expect(rows.length).toBeGreaterThan(10);
    for (const [, id, ...names] of rows) {
      const offer = reading.cipherSuites?.find((suite) => suite.id === Number(id));
      const own = [offer?.authentication.replace('RAKP-', ''), offer?.integrity[0], offer?.confidentiality[0]];
      expect(own.map((name) => name?.toLowerCase().replaceAll('-', '_'))).toEqual(names);
    }
    const dangers = reading.findings.filter(({ severity }) => severity === 'danger').map(({ text }) => text);
    expect(dangers).toHaveLength(3);
    expect(dangers.join('\n')).toMatch(/suite 0 is accepted.*anonymous login.*IPMI 1\.5/s);
    // The lists of both, since ipmi_sim really opens a session with suite 0 (see ipmi.peer.test.ts).
    expect(reading).toMatchObject({ ipmi20: true, ipmi15: true, suiteZeroAccepted: true, systemKeySet: false });
  });

  it('says of the ways in what FreeIPMI says', async () => {
    const reading = expectDone(await bmc.connection.authentication()).value;
    const printed = await pinger('ipmiping', '-c', '1', '-v', '-r', '2.0');
    const flags = [...printed.matchAll(/ (\S+)=(set|clear)/g)].map(([, name = '', state]) => [name, state === 'set']);
    expect(Object.fromEntries(flags)).toMatchObject({
      anon: reading.anonymousLogin,
      null: reading.nullUsers,
      'non-null': reading.namedUsers,
      user: !reading.userLevelAuthentication,
      permsg: !reading.perMessageAuthentication,
      k_g: reading.systemKeySet,
      'ipmi_v1.5': reading.ipmi15,
      'ipmi_v2.0': reading.ipmi20,
    });
  });
});

describe('session info', () => {
  it('tells about the session what ipmitool tells about its own', async () => {
    const { value, line } = await ask('session info', { all: true });
    const printed = await sim.ipmitool('session', 'info', 'active');
    const field = (name: string) => new RegExp(`^${name} +: (.*)$`, 'm').exec(printed)?.[1]?.trim();
    expect(value).toMatchObject({
      cipherSuite: 3,
      possibleSessions: Number(field('slot count')),
      sessions: expect.arrayContaining([
        expect.objectContaining({ own: true, userId: Number(field('user id')), channel: 1, protocol: 'IPMI 2.0' }),
      ]),
    });
    expect(line).toContain('cipher suite 3');
  });
});

describe('raw', () => {
  it('gives the bytes that ipmitool gives', async () => {
    const { value } = await ask('raw', { networkFunction: 6, command: 1, idempotent: true });
    const printed = (await sim.ipmitool('raw', '6', '1')).replaceAll(/\s/g, '');
    expect(value).toEqual({ completionCode: 0, text: 'Command Completed Normally', data: printed });
  });

  it('fails with the completion code, as ipmitool does', async () => {
    const refused = await findBmcCommand('raw')?.run(bmc, { networkFunction: 6, command: 0xfe });
    expect(refused).toMatchObject({ outcome: 'failed', error: { code: 'bmc-refused' } });
    expect(refused).toHaveProperty('error.message', expect.stringContaining('Invalid Command (0xc1)'));
    await expect(sim.ipmitool('raw', '6', '0xfe')).rejects.toThrow(/rsp=0xc1/);
  });
});

describe('quirks', () => {
  it('are none for a BMC that nothing is known of, and all with --all', async () => {
    expect((await ask('quirks')).value).toEqual([]);
    expect((await ask('quirks', { all: true })).value).toHaveLength(quirkNames.length);
  });
});
