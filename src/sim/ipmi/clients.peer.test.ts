/** ipmitool and FreeIPMI log in to the simulated BMC, and are refused, as they are by a real one. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SimulatedBmc } from './simulated-bmc.ts';
import {
  administrator,
  freeipmi,
  ipmitool,
  onlooker,
  operator,
  runClient,
  startTestBmc,
} from '../testing/real-clients.ts';

const guid = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

describe('real clients of a simulated BMC', () => {
  let bmc: SimulatedBmc;

  beforeAll(async () => {
    bmc = await startTestBmc({ cipherSuites: [3, 8, 12, 17], guid });
  });
  afterEach(() => {
    bmc.server.powerOn = false;
  });
  afterAll(() => bmc.stop());

  describe.each([3, 17])('ipmitool with cipher suite %i', (suite) => {
    const ask = async (...command: string[]) => (await ipmitool(bmc, command, { suite })).stdout.trim();

    it('switches the power, and reads it', async () => {
      expect(await ask('chassis', 'power', 'status')).toBe('Chassis Power is off');
      await ask('chassis', 'power', 'on');
      expect(bmc.server.powerOn).toBe(true);
      expect(await ask('chassis', 'power', 'status')).toBe('Chassis Power is on');
      const changes: boolean[] = [];
      const note = (on: boolean) => changes.push(on);
      bmc.server.onPower.add(note);
      const cycled = new Promise<void>((resolve) => {
        bmc.server.onPower.add((on) => on && resolve());
      });
      await ask('chassis', 'power', 'cycle');
      await cycled;
      bmc.server.onPower.clear();
      expect(changes).toEqual([false, true]);
      await ask('chassis', 'power', 'off');
      expect(bmc.server.powerOn).toBe(false);
    });

    it('closes its session', async () => {
      await ask('mc', 'info');
      expect(bmc.sessions()).toBe(0);
    });
  });

  describe.each([3, 8, 12, 17])('FreeIPMI with cipher suite %i', (suite) => {
    const ask = async (tool: string, ...command: string[]) => (await freeipmi(bmc, tool, command, { suite })).stdout;

    it('switches the power, and reads it', async () => {
      expect(await ask('ipmipower', '--stat')).toMatch(/: off$/m);
      expect(await ask('ipmipower', '--on')).toMatch(/: ok$/m);
      expect(bmc.server.powerOn).toBe(true);
      expect(await ask('ipmipower', '--stat')).toMatch(/: on$/m);
      expect(await ask('ipmi-chassis', '--get-chassis-status')).toMatch(/^System Power +: on$/m);
      expect(await ask('ipmipower', '--off')).toMatch(/: ok$/m);
      expect(bmc.server.powerOn).toBe(false);
    });

    it('reads which device it is', async () => {
      expect(await ask('bmc-info', '--get-device-id')).toMatch(/^IPMI Version +: 2\.0$/m);
      expect(await ask('ipmi-raw', '0', '0x06', '0x01')).toMatch(/^rcvd: 01 00 20 /m);
    });
  });

  it('tells its GUID, the one that the session was opened with', async () => {
    const { stdout } = await freeipmi(bmc, 'ipmi-raw', ['0', '0x06', '0x37']);
    expect(stdout).toContain('rcvd: 37 00 00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF');
  });

  it('lists the cipher suites it was started with', async () => {
    const { stdout } = await ipmitool(bmc, ['channel', 'getciphers', 'ipmi', '1']);
    expect([...stdout.matchAll(/^(\d+) /gm)].map(([, id]) => Number(id))).toEqual([3, 8, 12, 17]);
  });

  it('tells of the session that asks', async () => {
    const { stdout } = await ipmitool(bmc, ['session', 'info', 'active']);
    expect(stdout).toMatch(/^privilege level +: ADMINISTRATOR$/m);
    expect(stdout).toMatch(/^active sessions +: 1$/m);
    expect(stdout).toMatch(/^console ip +: 127\.0\.0\.1$/m);
  });

  it('answers the presence ping, and says before any session how to log in', async () => {
    // These two know no port but 623.
    const usual = await startTestBmc({ address: '127.0.0.9', port: 623 });
    expect((await runClient('rmcpping', ['-c', '1', '127.0.0.9'])).stdout).toMatch(/^pong received/m);
    expect((await runClient('ipmiping', ['-c', '1', '127.0.0.9'])).stdout).toMatch(/^response received/m);
    await usual.stop();
  });

  it('passes commands on to a controller behind it, and to one behind that', async () => {
    const near = await ipmitool(bmc, ['mc', 'info'], { extra: ['-t', '0x2c'] });
    expect(near.stdout).toMatch(/^Device ID +: 80$/m);
    const far = await ipmitool(bmc, ['mc', 'info'], { extra: ['-t', '0x72', '-b', '7', '-T', '0x2c', '-B', '0'] });
    expect(far.stdout).toMatch(/^Device ID +: 18$/m);
    const nobody = await ipmitool(bmc, ['mc', 'info'], { extra: ['-t', '0x2e'] });
    expect(nobody.code).not.toBe(0);
  });

  it('knows commands from unknown ones', async () => {
    const unknown = await freeipmi(bmc, 'ipmi-raw', ['0', '0x30', '0x77']);
    expect(unknown.stdout).toMatch(/^rcvd: 77 C1/m);
    const short = await freeipmi(bmc, 'ipmi-raw', ['0', '0x00', '0x02']);
    expect(short.stdout).toMatch(/^rcvd: 02 C7/m);
  });

  describe('refuses', () => {
    it('a wrong password', async () => {
      const login = { ...administrator, password: 'wrong' };
      expect((await freeipmi(bmc, 'ipmipower', ['--stat'], { login })).stdout).toContain('password invalid');
      const { code, stderr } = await ipmitool(bmc, ['mc', 'info'], { login, extra: ['-v'] });
      expect(code).not.toBe(0);
      expect(stderr).toContain('RAKP 2 HMAC is invalid');
    });

    it('an unknown user', async () => {
      const login = { ...administrator, username: 'nobody' };
      expect((await freeipmi(bmc, 'ipmipower', ['--stat'], { login })).stdout).toContain('username invalid');
      expect((await ipmitool(bmc, ['mc', 'info'], { login, extra: ['-v'] })).stderr).toContain('unauthorized name');
    });

    it('a higher privilege level than the user has', async () => {
      const { stdout } = await freeipmi(bmc, 'ipmipower', ['--stat'], { login: onlooker, extra: ['-l', 'admin'] });
      expect(stdout).toContain('privilege level cannot be obtained');
      const { stderr } = await ipmitool(bmc, ['mc', 'info'], { login: onlooker, extra: ['-v', '-L', 'OPERATOR'] });
      expect(stderr).toContain('unauthorized role');
    });

    it('power to a user, and gives it to an operator', async () => {
      const asUser = { login: onlooker, extra: ['-L', 'USER'] };
      expect((await ipmitool(bmc, ['chassis', 'power', 'status'], asUser)).stdout).toContain('off');
      const refused = await ipmitool(bmc, ['chassis', 'power', 'on'], asUser);
      expect(refused.stderr).toContain('Insufficient privilege level');
      expect(bmc.server.powerOn).toBe(false);
      await ipmitool(bmc, ['chassis', 'power', 'on'], { login: operator, extra: ['-L', 'OPERATOR'] });
      expect(bmc.server.powerOn).toBe(true);
    });
  });
});

describe('a BMC that takes cipher suite 17 only', () => {
  it('refuses suite 3', async () => {
    const bmc = await startTestBmc({ cipherSuites: [17] });
    const { stdout } = await freeipmi(bmc, 'ipmipower', ['--stat'], { suite: 3 });
    expect(stdout).toMatch(/cipher suite|BMC error/);
    expect((await ipmitool(bmc, ['mc', 'info'], { suite: 17 })).code).toBe(0);
    await bmc.stop();
  });
});

describe('a BMC with K_g', () => {
  const kg = 'a second key';
  const inHexadecimal = `0x${Buffer.from(kg).toString('hex')}`;

  it.each([3, 17])('takes ipmitool and FreeIPMI with it, and without it neither, suite %i', async (suite) => {
    const bmc = await startTestBmc({ kg: Buffer.from(kg) });
    const command = ['chassis', 'power', 'status'];
    expect((await ipmitool(bmc, command, { suite, extra: ['-k', kg] })).stdout).toContain('off');
    expect((await ipmitool(bmc, command, { suite })).code).not.toBe(0);
    const power = (extra: string[]) => freeipmi(bmc, 'ipmipower', ['--stat'], { suite, extra });
    expect((await power(['-k', inHexadecimal])).stdout).toMatch(/: off$/m);
    expect((await power([])).stdout).toContain('k_g');
    await bmc.stop();
  });

  it.each([8, 12])('takes FreeIPMI with it, suite %i', async (suite) => {
    const bmc = await startTestBmc({ kg: Buffer.from(kg), cipherSuites: [suite] });
    const { stdout } = await freeipmi(bmc, 'ipmipower', ['--stat'], { suite, extra: ['-k', inHexadecimal] });
    expect(stdout).toMatch(/: off$/m);
    await bmc.stop();
  });
});
