/** Accounts, channels, network, SOL and serial settings: the same facts that ipmitool and FreeIPMI tell, field by field. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordings } from '../../tools/recordings.ts';
import type { SimulatedBmc } from '../sim/index.ts';
import { startSimulatedBmc, systemClock } from '../sim/index.ts';
import type { Bmc } from './index.ts';
import { openBmc } from './index.ts';
import { field, fields, rowsOfUserList, sections } from './testing/access-listings.ts';
import type { IpmiSim } from './testing/ipmi-sim.ts';
import { administrator, startIpmiSim } from './testing/ipmi-sim.ts';
import { realDependencies } from './testing/real-dependencies.ts';
import { expectDone, expectFailed } from './testing/results.ts';

const execute = promisify(execFile);
const yesNo = (value: boolean | undefined) => (value === true ? 'true' : 'false');

function open(port: number, login = administrator, name = 'b1'): Bmc {
  const credential = { name: 'sim', ...login, fingerprint: login.password };
  return openBmc({ name, driver: 'ipmi', address: '127.0.0.1', port, credential }, realDependencies());
}

const folder = recordings('ipmi');
const [emulation] = folder === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith('.emu'));

describe.runIf(emulation)('ipmi_sim with a recorded server', () => {
  let sim: IpmiSim;
  let bmc: Bmc;
  beforeAll(async () => {
    sim = await startIpmiSim({ emulation: resolve(folder ?? '', emulation ?? '') });
    bmc = open(sim.port);
  });
  afterAll(async () => {
    await bmc.close();
    await sim.stop();
  });

  it('lists the users that `ipmitool user list` and `user summary` do', async () => {
    const value = expectDone(await bmc.users.list()).value;
    const summary = fields(await sim.ipmitool('user', 'summary', '1'));
    expect(String(value.maximum)).toBe(summary.get('Maximum IDs'));
    expect(String(value.enabledCount)).toBe(summary.get('Enabled User Count'));
    expect(String(value.fixedNameCount)).toBe(summary.get('Fixed Name Count'));
    const printed = rowsOfUserList(await sim.ipmitool('user', 'list', '1'));
    expect(printed.length).toBeGreaterThan(2);
    expect(value.users).toHaveLength(printed.length);
    for (const [index, row] of printed.entries()) {
      const user = value.users[index];
      expect({
        id: user?.id,
        name: user?.name,
        callIn: yesNo(user?.callbackOnly === false),
        link: yesNo(user?.linkLogin),
        ipmi: yesNo(user?.remoteLogin),
        privilege: user?.role,
      }).toEqual(row);
    }
    expect(value.users.filter(({ own }) => own).map(({ name }) => name)).toEqual([administrator.username]);
  });

  it('tells of the channel what `ipmitool channel info` does', async () => {
    const channel = expectDone(await bmc.channels.get()).value;
    const printed = await sim.ipmitool('channel', 'info', '1');
    expect(channel.number).toBe(1);
    expect(channel.medium).toBe(field(printed, 'Channel Medium Type'));
    expect(channel.protocol).toBe(field(printed, 'Channel Protocol Type'));
    expect(channel.sessionSupport).toBe(field(printed, 'Session Support'));
    expect(String(channel.vendorId)).toBe(field(printed, 'Protocol Vendor ID'));
    const [, active = '', stored = ''] =
      /Volatile\(active\) Settings([^]*)Non-Volatile Settings([^]*)/.exec(printed) ?? [];
    for (const [text, settings] of [
      [active, channel.active],
      [stored, channel.stored],
    ] as const) {
      const told = (on: boolean | undefined) => (on === true ? 'enabled' : 'disabled');
      expect(told(settings?.alerting)).toBe(field(text, 'Alerting'));
      expect(told(settings?.perMessageAuthentication)).toBe(field(text, 'Per-message Auth'));
      expect(told(settings?.userLevelAuthentication)).toBe(field(text, 'User Level Auth'));
      expect(settings?.mode).toBe(field(text, 'Access Mode').replace(' available', ''));
    }
    expect(expectDone(await bmc.channels.list()).value.find(({ own }) => own)?.number).toBe(1);
  });

  it('shows the network settings that `ipmitool lan print` does', async () => {
    await compareLan(bmc, await sim.ipmitool('lan', 'print', '1'));
    expect(expectDone(await bmc.lan.get()).value.ipv6).toBeUndefined();
  });

  it('changes network settings that ipmitool reads, and reads those that ipmitool changed', async () => {
    const change = { source: 'static', netmask: '255.255.240.0', gateway: '10.1.0.1', address: '10.1.2.3' } as const;
    const set = expectDone(await bmc.lan.set({ ...change, vlanPriority: 3 }));
    expect(set.value).toMatchObject(change);
    const printed = await sim.ipmitool('lan', 'print', '1');
    expect(field(printed, 'IP Address')).toBe('10.1.2.3');
    await compareLan(bmc, printed);
    await sim.ipmitool('lan', 'set', '1', 'bakgw', 'ipaddr', '10.1.0.2');
    expect(expectDone(await bmc.lan.get()).value.backupGateway).toBe('10.1.0.2');
  });

  it('does not take an acknowledgement for the effect: ipmi_sim drops a new community string', async () => {
    const result = await bmc.lan.set({ community: 'rack9' });
    expect(expectFailed(result).error.message).toContain('Community String), but it reads otherwise');
    expect(field(await sim.ipmitool('lan', 'print', '1'), 'SNMP Community String')).toBe('public');
  });

  it('shows what `ipmitool sol info` shows, as far as ipmi_sim tells it', async () => {
    // Without a serial port it refuses them all.
    const value = await bmc.serialPort.getConsole();
    if (value.outcome === 'done') expect(value.value.accumulateIntervalMs).toBeUndefined();
    else expect(value.outcome).toBe('unsupported');
  });

  it('renames, tests and sets passwords as ipmitool does, and creates a user that logs in', async () => {
    expectDone(await bmc.users.setName('3', 'watcher'));
    expect(rowsOfUserList(await sim.ipmitool('user', 'list', '1'))[2]?.name).toBe('watcher');
    const created = expectDone(
      await bmc.users.create({
        name: 'made',
        password: 'by-athanor-17-ch',
        role: 'operator',
        enabled: true,
        serialConsole: false,
      }),
    ).value;
    expect(created).toMatchObject({ name: 'made', role: 'operator', remoteLogin: true });
    const other = open(sim.port, { username: 'made', password: 'by-athanor-17-ch' });
    expect(expectDone(await other.power.get()).value.state).toBe('off');
    await other.close();
    expect(await sim.ipmitool('user', 'test', created.id, '16', 'by-athanor-17-ch')).toContain('Success');
  });
});

describe('our simulator, asked by real clients', () => {
  const login = { username: 'root', password: 'correct-horse' };
  let sim: SimulatedBmc;
  let bmc: Bmc;
  beforeAll(async () => {
    sim = await startSimulatedBmc({
      address: '127.0.0.1',
      port: 0,
      name: 'access',
      clock: systemClock,
      random: (length) => randomBytes(length),
      users: [
        { name: 'root', password: login.password },
        { name: 'reader', password: 'reader-pass', privilege: 2 },
      ],
    });
    bmc = open(sim.port, login);
  });
  afterAll(async () => {
    await bmc.close();
    await sim.stop();
  });

  async function ipmitool(...command: string[]): Promise<string> {
    return await ipmitoolAs(login, ...command);
  }
  async function ipmitoolAs(who: typeof login, ...command: string[]): Promise<string> {
    const at = ['-I', 'lanplus', '-C', '17', '-H', '127.0.0.1', '-p', String(sim.port)];
    return (await execute('ipmitool', [...at, '-U', who.username, '-P', who.password, ...command])).stdout;
  }
  async function ipmiConfig(section: string): Promise<Map<string, string>> {
    const at = ['-h', `127.0.0.1:${sim.port}`, '-D', 'LAN_2_0', '-I', '17', '-l', 'admin'];
    const who = ['-u', login.username, '-p', login.password, '--category=core', '--checkout', '-S', section];
    // It ends with an error where a field of the section is not told, having printed the others.
    const { stdout } = await new Promise<{ stdout: string }>((done) => {
      execFile('ipmi-config', [...at, ...who], (_error, printed) => done({ stdout: printed }));
    });
    return sections(stdout).get(section) ?? new Map<string, string>();
  }

  it('user list, summary and SOL access', async () => {
    const value = expectDone(await bmc.users.list()).value;
    const printed = rowsOfUserList(await ipmitool('user', 'list', '1'));
    expect(printed.map(({ name }) => name)).toEqual(value.users.map(({ name }) => name));
    expect(printed.map(({ privilege }) => privilege)).toEqual(value.users.map(({ role }) => role));
    expect(String(value.enabledCount)).toBe(fields(await ipmitool('user', 'summary', '1')).get('Enabled User Count'));
    const sol = await ipmitool('sol', 'payload', 'status', '1', '2');
    expect(/enabled/.test(sol)).toBe(value.users[1]?.serialConsole);
    const told = await ipmitool('channel', 'getaccess', '1', '3');
    expect(field(told, 'Enable Status')).toBe(value.users[2]?.enabled === true ? 'enabled' : 'disabled');
  });

  it('a created user logs in with ipmitool and suite 17, and a removed one does not', async () => {
    const password = 'twenty-bytes-of-it-!';
    const made = { name: 'made', password, role: 'administrator', enabled: true, serialConsole: true } as const;
    const result = await bmc.users.create(made);
    const { id } = expectDone(result).value;
    expect(JSON.stringify(result)).not.toContain(password);
    const who = { username: 'made', password };
    expect(await ipmitoolAs(who, 'chassis', 'power', 'status')).toContain('Chassis Power is');
    expect(await ipmitool('sol', 'payload', 'status', '1', id)).toContain('enabled');
    expectDone(await bmc.users.setEnabled(id, false));
    await expect(ipmitoolAs(who, 'chassis', 'power', 'status')).rejects.toThrow();
    expectDone(await bmc.users.setEnabled(id, true));
    expectDone(await bmc.users.setPassword(id, 'another-one'));
    expect(await ipmitoolAs({ ...who, password: 'another-one' }, 'mc', 'guid')).toContain('GUID');
    expectDone(await bmc.users.setSerialConsole(id, false));
    expect(await ipmitool('sol', 'payload', 'status', '1', id)).toContain('disabled');
    expectDone(await bmc.users.setRole(id, 'user'));
    expect(field(await ipmitool('channel', 'getaccess', '1', id), 'Privilege Level')).toBe('USER');
    expectDone(await bmc.users.remove(id));
    await expect(ipmitoolAs({ ...who, password: 'another-one' }, 'mc', 'guid')).rejects.toThrow();
    const row = rowsOfUserList(await ipmitool('user', 'list', '1'))[Number(id) - 1];
    expect(row).toMatchObject({ name: '', privilege: 'none' });
  });

  it('what ipmitool does to users is read, and its password passes the test', async () => {
    await ipmitool('user', 'set', 'name', '5', 'by-tool');
    await ipmitool('user', 'set', 'password', '5', 'tool-pass');
    await ipmitool('channel', 'setaccess', '1', '5', 'ipmi=on', 'link=on', 'privilege=3');
    await ipmitool('user', 'enable', '5');
    const user = expectDone(await bmc.users.list()).value.users[4];
    expect(user).toMatchObject({
      name: 'by-tool',
      enabled: true,
      role: 'operator',
      remoteLogin: true,
      linkLogin: true,
    });
    expect(expectDone(await bmc.users.testPassword('5', 'tool-pass')).value.matches).toBe(true);
    expect(expectDone(await bmc.users.testPassword('5', 'tool-past')).value.matches).toBe(false);
  });

  it('network settings', async () => {
    await compareLan(bmc, await ipmitool('lan', 'print', '1'));
    const lan = expectDone(await bmc.lan.get()).value;
    const conf = await ipmiConfig('Lan_Conf');
    expect(conf.get('IP_Address')).toBe(lan.address);
    expect(conf.get('MAC_Address')?.toLowerCase()).toBe(lan.macAddress);
    expect(conf.get('Subnet_Mask')).toBe(lan.netmask);
    expect(conf.get('Default_Gateway_IP_Address')).toBe(lan.gateway);
    expect(conf.get('Default_Gateway_MAC_Address')?.toLowerCase()).toBe(lan.gatewayMac);
    expect(conf.get('IP_Address_Source')).toBe('Static');
    const misc = await ipmiConfig('Lan_Conf_Misc');
    expect(misc.get('Enable_ARP_Response')).toBe(lan.arpResponses === true ? 'Yes' : 'No');
    expect(misc.get('Enable_Gratuitous_ARPs')).toBe(lan.gratuitousArp === true ? 'Yes' : 'No');
  });

  it('network settings of IPv6', async () => {
    const printed = await ipmitool('lan6', 'print', '1');
    const ipv6 = expectDone(await bmc.lan.get()).value.ipv6;
    expect(printed).toMatch(
      new RegExp(`Static Address 0:[^]*Enabled: +yes[^]*Address: +${ipv6?.staticAddresses[0]?.address}/64`),
    );
    expect(printed).toContain(String(ipv6?.dynamicAddresses[0]?.address));
    expect(printed).toContain(String(ipv6?.routers[0]?.address));
    expectDone(await bmc.lan.set({ ipv6Address: { address: '2001:db8:9::9', prefixLength: 56 }, ipv6Index: 1 }));
    expect(await ipmitool('lan6', 'print', '1')).toContain('2001:db8:9::9/56');
    await ipmitool('lan6', 'set', '1', 'nolock', 'enables', 'ipv4');
    expect(expectDone(await bmc.lan.get()).value.ipv6?.enabled).toBe('ipv4');
  });

  it('changed network settings, both ways', async () => {
    const change = { vlan: 42, vlanPriority: 2, arpResponses: false, gratuitousArp: true, community: 'trap9' } as const;
    const rule = { threshold: 5, resetIntervalSeconds: 120, lockoutIntervalSeconds: 600, auditEvent: true };
    expect(expectDone(await bmc.lan.set({ ...change, badPassword: rule })).value).toMatchObject(change);
    const printed = await ipmitool('lan', 'print', '1');
    await compareLan(bmc, printed);
    expect(field(printed, '802.1q VLAN ID')).toBe('42');
    expect(printed).toMatch(/ARP Responses Disabled, Gratuitous ARP Enabled/);
    expect(field(printed, 'Bad Password Threshold')).toBe('5');
    expect(field(printed, 'Attempt Count Reset Int.')).toBe('120');
    expect(printed).toMatch(/User Lockout Interval +: 600/);
    await ipmitool('lan', 'set', '1', 'vlan', 'id', 'off');
    await ipmitool('lan', 'set', '1', 'cipher_privs', 'XaXXXXXXXXXXXXX');
    const after = expectDone(await bmc.lan.get()).value;
    expect(after.vlan).toBeUndefined();
    expect(after.cipherSuites).toEqual([
      { id: 3, roleLimit: 'unused' },
      { id: 17, roleLimit: 'administrator' },
    ]);
    expectDone(await bmc.lan.setCipherSuiteRoles({ 3: 'operator' }));
    expect(field(await ipmitool('lan', 'print', '1'), 'Cipher Suite Priv Max')).toMatch(/^oa/);
  });

  it('channels', async () => {
    const printed = await ipmitool('channel', 'info', '1');
    const channel = expectDone(await bmc.channels.get(1)).value;
    expect(channel.medium).toBe(field(printed, 'Channel Medium Type'));
    expectDone(await bmc.channels.setAccess(1, { alerting: true }, 'active'));
    const after = await ipmitool('channel', 'info', '1');
    const [, active = '', stored = ''] =
      /Volatile\(active\) Settings([^]*)Non-Volatile Settings([^]*)/.exec(after) ?? [];
    expect([field(active, 'Alerting'), field(stored, 'Alerting')]).toEqual(['enabled', 'disabled']);
    const kinds = expectDone(await bmc.channels.list()).value.map(({ number, kind }) => `${number} ${kind}`);
    expect(kinds).toEqual(['0 bus', '1 lan', '2 serial', '15 system']);
  });

  it('serial over LAN', async () => {
    await compareSol(bmc, await ipmitool('sol', 'info', '1'));
    const change = { retryCount: 3, retryIntervalMs: 200, accumulateIntervalMs: 25, sendThreshold: 40 };
    expectDone(await bmc.serialPort.setConsole({ ...change, activeBitRate: '38400', enabled: false, role: 'user' }));
    await compareSol(bmc, await ipmitool('sol', 'info', '1'));
    await ipmitool('sol', 'set', 'non-volatile-bit-rate', '19.2', '1');
    await ipmitool('sol', 'set', 'enabled', 'true', '1');
    const value = expectDone(await bmc.serialPort.getConsole()).value;
    expect(value).toMatchObject({ ...change, storedBitRate: '19200', activeBitRate: '38400', enabled: true });
  });

  it('serial settings, as FreeIPMI tells them', async () => {
    expectDone(await bmc.serialPort.setSerial({ bitRate: '57600', flowControl: 'hardware', pppMode: true }));
    const serial = expectDone(await bmc.serialPort.getSerial()).value;
    const conf = await ipmiConfig('Serial_Conf');
    const yes = (value: boolean | undefined) => (value === true ? 'Yes' : 'No');
    expect(conf.get('Enable_Basic_Mode')).toBe(yes(serial.basicMode));
    expect(conf.get('Enable_PPP_Mode')).toBe(yes(serial.pppMode));
    expect(conf.get('Enable_Terminal_Mode')).toBe(yes(serial.terminalMode));
    expect(conf.get('Connect_Mode')?.toLowerCase()).toContain(String(serial.connection));
    expect(conf.get('Flow_Control')).toBe('RTS_CTS');
    expect(conf.get('Bit_Rate')).toBe('57600');
  });
});

async function compareLan(bmc: Bmc, printed: string): Promise<void> {
  const lan = expectDone(await bmc.lan.get()).value;
  const zero = '0.0.0.0';
  const noMac = '00:00:00:00:00:00';
  expect(lan.setInProgress).toBe(field(printed, 'Set in Progress').toLowerCase().replaceAll(' ', '-'));
  expect(lan.address).toBe(field(printed, 'IP Address'));
  expect(lan.netmask).toBe(field(printed, 'Subnet Mask'));
  expect(lan.macAddress).toBe(field(printed, 'MAC Address'));
  const sources = {
    unspecified: 'Unspecified',
    static: 'Static Address',
    dhcp: 'DHCP Address',
    bios: 'BIOS',
    other: '',
  };
  expect(sources[lan.source ?? 'other']).toBe(field(printed, 'IP Address Source'));
  expect(lan.community).toBe(field(printed, 'SNMP Community String'));
  expect(lan.gateway ?? zero).toBe(field(printed, 'Default Gateway IP'));
  expect(lan.gatewayMac ?? noMac).toBe(field(printed, 'Default Gateway MAC'));
  expect(lan.backupGateway ?? zero).toBe(field(printed, 'Backup Gateway IP'));
  expect(lan.backupGatewayMac ?? noMac).toBe(field(printed, 'Backup Gateway MAC'));
  expect(String(lan.vlan ?? 'Disabled')).toBe(field(printed, '802.1q VLAN ID'));
  expect(String(lan.vlanPriority)).toBe(field(printed, '802.1q VLAN Priority'));
  const suites = lan.cipherSuites.map(({ id }) => id);
  const listed = field(printed, 'RMCP+ Cipher Suites').split(',').map(Number);
  expect(suites).toEqual(listed);
  const [, ttl, flags, precedence, service] =
    /TTL=0x(\w+) Flags=0x(\w+) Precedence=0x(\w+) TOS=0x(\w+)/.exec(printed) ?? [];
  // ipmitool prints the bytes: flags and precedence are their upper three bits, the type of service bits 4:1.
  const told = [
    lan.timeToLive ?? 0,
    (lan.ipFlags ?? 0) << 5,
    (lan.precedence ?? 0) << 5,
    (lan.typeOfService ?? 0) << 1,
  ];
  expect(told).toEqual([ttl, flags, precedence, service].map((hex) => Number.parseInt(String(hex), 16)));
  const types = { none: 'NONE', md2: 'MD2', md5: 'MD5', password: 'PASSWORD', oem: 'OEM' };
  const words = (names: readonly string[] | undefined) =>
    Object.entries(types)
      .filter(([name]) => names?.includes(name))
      .map(([, word]) => word)
      .join(' ');
  expect(words(lan.authenticationSupported)).toBe(field(printed, 'Auth Type Support'));
  expect(words(lan.authenticationEnabled?.['administrator'])).toBe(
    /: Admin +: (.*)/.exec(printed)?.[1]?.trim() ?? 'not printed',
  );
}

async function compareSol(bmc: Bmc, printed: string): Promise<void> {
  const sol = expectDone(await bmc.serialPort.getConsole()).value;
  const rates = { '9600': '9.6', '19200': '19.2', '38400': '38.4', '57600': '57.6', '115200': '115.2' };
  const rate = (name: string | undefined) =>
    Object.entries(rates).find(([bits]) => bits === name)?.[1] ?? 'IPMI-Over-Serial-Setting';
  expect(sol.setInProgress).toBe(field(printed, 'Set in progress'));
  expect(yesNo(sol.enabled)).toBe(field(printed, 'Enabled'));
  expect(yesNo(sol.forceEncryption)).toBe(field(printed, 'Force Encryption'));
  expect(yesNo(sol.forceAuthentication)).toBe(field(printed, 'Force Authentication'));
  expect(sol.role?.toUpperCase()).toBe(field(printed, 'Privilege Level'));
  expect(String(sol.accumulateIntervalMs)).toBe(field(printed, 'Character Accumulate Level (ms)'));
  expect(String(sol.sendThreshold)).toBe(field(printed, 'Character Send Threshold'));
  expect(String(sol.retryCount)).toBe(field(printed, 'Retry Count'));
  expect(String(sol.retryIntervalMs)).toBe(field(printed, 'Retry Interval (ms)'));
  expect(rate(sol.activeBitRate)).toBe(field(printed, 'Volatile Bit Rate (kbps)'));
  expect(rate(sol.storedBitRate)).toBe(field(printed, 'Non-Volatile Bit Rate (kbps)'));
  expect(field(printed, 'Payload Channel')).toContain(`${sol.payloadChannel} `);
  expect(String(sol.payloadPort)).toBe(field(printed, 'Payload Port'));
}
