/** `athanor serve` at its start and its end: what it detects, whom it answers, what it refuses, and a full disk. */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { killAndWait, spawnInNamespace } from '../command.ts';
import { type Rack, run, scratchDirectory, startRack } from '../index.ts';
import {
  addClient,
  askForAddress,
  athanorProgram,
  type Client,
  countArriving,
  type Ended,
  killServers,
  runToEnd,
  type Server,
  startServer,
} from './operator.ts';

const directory = scratchDirectory('serve-');
let rack: Rack;
let client: Client;

beforeAll(async () => {
  rack = await startRack({ directory: path.join(directory, 'rack'), machines: [{ name: 'a', firmware: 'bios' }] });
  client = await addClient('client', '52:54:00:99:00:01', directory);
});
afterEach(killServers);
afterAll(async () => {
  await client.remove();
  await rack.close();
});

interface NetworkLine {
  name: string;
  interface: string;
  state: string;
  rival?: string;
  reason?: string;
}

/** One Athanor of a test: a folder with its configuration, its data, its log and its login. */
function athanorIn(name: string, dataDirectory = path.join(directory, name, 'data')) {
  const folder = path.join(directory, name);
  const configurationFile = path.join(folder, 'athanor.yaml');
  const environment = { ATHANOR_LOGIN_FILE: path.join(folder, 'login.json') };
  let starts = 0;

  async function command(args: [string, ...string[]], input?: string): Promise<Ended> {
    const where = rack.inControl([athanorProgram, ...args]);
    return await runToEnd(where, { environment, ...(input === undefined ? {} : { input }) });
  }

  return {
    folder,
    configurationFile,
    dataDirectory,
    command,
    configure: async (configuration: unknown): Promise<void> => {
      await mkdir(folder, { recursive: true });
      await writeFile(configurationFile, typeof configuration === 'string' ? configuration : stringify(configuration));
    },
    serve: (): Server => {
      starts += 1;
      return startServer(rack, { configurationFile, logFile: path.join(folder, `serve-${starts}.log`) });
    },
    login: async (server = `unix:${path.join(folder, 'api.sock')}`): Promise<void> => {
      expect(await command(['login', server, '--local', dataDirectory])).toMatchObject({ code: 0 });
    },
    networks: async (): Promise<NetworkLine[]> => {
      const { code, output, errors } = await command(['network', 'list', '-o', 'json']);
      if (code !== 0) throw new Error(errors);
      return JSON.parse(output) as NetworkLine[];
    },
  };
}

/** Whatever the host makes of `extra`, one served network. */
function configurationWith(network: Record<string, unknown> = {}, extra: Record<string, unknown> = {}) {
  return {
    dataDirectory: 'data',
    api: { listen: ['unix:api.sock'] },
    networks: [
      {
        name: 'provisioning',
        interface: 'cp0',
        subnet: '10.77.0.0/24',
        address: '10.77.0.1',
        serve: true,
        range: '10.77.0.100-10.77.0.199',
        ...network,
      },
    ],
    ...extra,
  };
}

const inControl = async (...command: [string, ...string[]]): Promise<string> => {
  const { file, args } = rack.inControl(command);
  return await run(file, args);
};

describe('a detected configuration, unedited', () => {
  // As root it puts the data in /var/lib/athanor: the enclosure gets a /var/lib of its own.
  beforeAll(() => run('mount', ['-t', 'tmpfs', 'athanor-test', '/var/lib']));
  afterAll(() => run('umount', ['/var/lib']));

  it('serves the provisioning network as the system describes it, and is deaf and dumb on the way out', async () => {
    // A host as it usually stands: the default route leaves by another interface than the one machines boot from.
    await inControl('ip', 'route', 'replace', 'default', 'via', '10.99.0.2', 'dev', 'cx0');
    await inControl('ip', 'route', 'add', '10.88.0.0/16', 'via', '10.77.0.254', 'dev', 'cp0');
    const athanor = athanorIn('detected', '/var/lib/athanor');
    const detected = await athanor.command(['config', 'detect']);
    expect(detected).toMatchObject({ code: 0, errors: '' });
    await athanor.configure(detected.output);
    const { networks } = parse(detected.output) as { networks: Record<string, unknown>[] };
    const common = { dns: ['10.77.0.254'], domain: 'lab.test' };
    expect(networks).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ ...common, interface: 'cx0', serve: false, gateway: '10.99.0.2' }),
        expect.objectContaining({
          ...common,
          interface: 'cp0',
          subnet: '10.77.0.0/24',
          address: '10.77.0.1',
          serve: true,
          gateway: '10.77.0.254',
        }),
      ]),
    );

    // What the kernel itself says there when an interface comes up is no answer of ours.
    const chatter = 'icmpv6 type { nd-router-solicit, mld-listener-report, mld2-listener-report } return';
    const outside = await countArriving('outside', 'ox0', '', [chatter]);
    const heard = await countArriving('control', 'cx0', 'udp dport 67');

    const server = athanor.serve();
    await server.ready;
    await athanor.login('https://127.0.0.1:8443');
    await server.waitForLine(/"msg":"network cp0 is serving"/, 10_000);
    const states = new Map((await athanor.networks()).map((network) => [network.interface, network.state]));
    expect(states.get('cp0')).toBe('serving');
    expect(states.get('cx0')).toBe('unserved');

    const lease = await client.netboot();
    expect(lease).toMatchObject({ router: '10.77.0.254', dns: '10.77.0.254', subnet: '255.255.255.0', mask: '24' });
    expect(lease).toMatchObject({ serverid: '10.77.0.1', domain: 'lab.test', boot_file: 'undionly.kpxe' });

    expect(await askForAddress('outside', 'ox0', path.join(directory, 'outside.lease'))).toBeUndefined();
    expect(await heard.packets()).toBeGreaterThanOrEqual(3);
    expect(await outside.packets()).toBe(0);
    // The witness sees what is there to be seen.
    await inControl('bash', '-c', 'echo > /dev/udp/10.99.0.2/9');
    expect(await outside.packets()).toBeGreaterThan(0);

    expect(await server.stop()).toBe('0');
  });

  it('serves the interface of the default route when it is named', async () => {
    await inControl('ip', 'route', 'replace', 'default', 'via', '10.77.0.254', 'dev', 'cp0');
    const athanor = athanorIn('named', '/var/lib/athanor');
    const detected = await athanor.command(['config', 'detect', '--interface', 'cp0']);
    await athanor.configure(detected.output);
    const server = athanor.serve();
    await server.ready;
    await athanor.login('https://127.0.0.1:8443');
    await server.waitForLine(/"msg":"network cp0 is serving"/, 10_000);
    expect(await athanor.networks()).toEqual([expect.objectContaining({ interface: 'cp0', state: 'serving' })]);
    expect(await client.netboot()).toMatchObject({ router: '10.77.0.254', serverid: '10.77.0.1' });
    expect(await server.stop()).toBe('0');
  });
});

describe('beside a rival DHCP server', () => {
  async function startRival() {
    const child = await spawnInNamespace(
      'rack',
      [
        'dnsmasq',
        '--conf-file=/dev/null',
        '--keep-in-foreground',
        '--user=root',
        '--port=0',
        '--interface=br0',
        '--bind-interfaces',
        '--no-resolv',
        '--no-hosts',
        '--no-ping',
        '--dhcp-authoritative',
        '--dhcp-range=10.77.0.210,10.77.0.220,1h',
        `--dhcp-leasefile=${path.join(directory, 'rival.leases')}`,
        '--pid-file',
      ],
      path.join(directory, 'rival.log'),
    );
    await expect.poll(() => run('ip', ['netns', 'exec', 'rack', 'ss', '-lun']), { timeout: 5000 }).toContain(':67 ');
    return child;
  }

  it('stays up, answers nobody, and resumes by itself when the rival has gone', async () => {
    const rival = await startRival();
    const athanor = athanorIn('rival');
    await athanor.configure(configurationWith());
    const answers = await countArriving('rack', 'cp-br', 'udp sport 67');
    const server = athanor.serve();
    await server.ready;
    await athanor.login();
    await server.waitForLine(/"msg":"network provisioning is blocked"/, 10_000);
    const [blocked] = await athanor.networks();
    expect(blocked).toMatchObject({ state: 'blocked', rival: '10.77.0.254' });
    expect(blocked?.reason).toContain('10.77.0.254');
    expect(await client.netboot()).toMatchObject({ serverid: '10.77.0.254' });
    expect(await answers.packets()).toBe(0);

    await killAndWait(rival);
    await server.waitForLine(/"msg":"network provisioning is serving"/, 40_000);
    expect((await athanor.networks())[0]).toMatchObject({ state: 'serving' });
    expect(await client.netboot()).toMatchObject({ serverid: '10.77.0.1' });
    expect(await answers.packets()).toBeGreaterThan(0);
    expect(await server.stop()).toBe('0');
  });

  it('answers beside it where the configuration allows that', async () => {
    const rival = await startRival();
    const athanor = athanorIn('allowed');
    await athanor.configure(configurationWith({ allowRival: true }));
    const answers = await countArriving('rack', 'cp-br', 'udp sport 67');
    const server = athanor.serve();
    await server.ready;
    await athanor.login();
    await server.waitForLine(/another DHCP server answers on this network: answering beside it/, 10_000);
    expect((await athanor.networks())[0]).toMatchObject({ state: 'serving', rival: '10.77.0.254' });
    await client.netboot();
    expect(await answers.packets()).toBeGreaterThan(0);
    expect(await server.stop()).toBe('0');
    await killAndWait(rival);
  });
});

describe('a bad configuration', () => {
  const digest = 'a'.repeat(63);
  const reserved = (...macs: string[]) => ({
    reservations: macs.map((mac, index) => ({ mac, address: `10.77.0.${20 + index}` })),
  });

  it.each([
    {
      name: 'unknown-key',
      configuration: configurationWith({ gatway: '10.77.0.254' }),
      at: /athanor\.yaml:12:5: error: networks\[0\]\.gatway: .*"gatway" is not known.*Did you mean "gateway"/,
      field: 'networks[0].gatway',
      value: 'gatway',
    },
    {
      name: 'overlap',
      configuration: configurationWith({ range: ['10.77.0.100-10.77.0.150', '10.77.0.140-10.77.0.199'] }),
      at: /athanor\.yaml:13:9: error: networks\[0\]\.range\[1\]: It overlaps the range 10\.77\.0\.100-10\.77\.0\.150\. \S/,
      field: 'networks[0].range[1]',
      value: '10.77.0.140-10.77.0.199',
    },
    {
      name: 'mac',
      configuration: configurationWith(reserved('00:11:22:33:44:GG')),
      at: /athanor\.yaml:13:14: error: networks\[0\]\.reservations\[0\]\.mac: .*00:11:22:33:44:GG.*\. \S/,
      field: 'networks[0].reservations[0].mac',
      value: '00:11:22:33:44:GG',
    },
    {
      name: 'digest',
      configuration: configurationWith({}, { images: [{ name: 'os', file: '/etc/hostname', sha256: digest }] }),
      at: /athanor\.yaml:15:13: error: images\[0\]\.sha256: .*\. \S/,
      field: 'images[0].sha256',
      value: digest,
    },
  ])(
    '$name is refused whole, with place, field, value and remedy',
    async ({ name, configuration, at, field, value }) => {
      const athanor = athanorIn(`bad-${name}`);
      await athanor.configure(configuration);
      const refusal = await athanor.command(['serve', '--config', athanor.configurationFile]);
      expect(refusal.code).toBe(78);
      expect(refusal.errors).toMatch(at);
      expect(refusal.errors).toContain(value);
      expect(refusal.errors).toContain('invalid-configuration');
      expect(existsSync(athanor.dataDirectory)).toBe(false);
      const checked = await athanor.command(['config', 'check', '--config', athanor.configurationFile, '-o', 'json']);
      expect(checked.code).toBe(78);
      const problem = JSON.parse(checked.errors) as { errors: Record<string, unknown>[] };
      expect(problem.errors).toEqual([expect.objectContaining({ field, value, remedy: expect.stringMatching(/\w/) })]);
    },
  );

  it('tells of every mistake at once', async () => {
    const athanor = athanorIn('bad-all');
    await athanor.configure(
      configurationWith({ gatway: '10.77.0.254', range: '10.77.0.1-10.77.0.9' }, { images: [{ name: 'os' }] }),
    );
    const refusal = await athanor.command(['serve', '--config', athanor.configurationFile]);
    expect(refusal.code).toBe(78);
    for (const field of ['networks[0].gatway', 'networks[0].range', 'images[0].file', 'images[0].sha256'])
      expect(refusal.errors).toContain(`error: ${field}:`);
    expect(existsSync(athanor.dataDirectory)).toBe(false);
  });

  it('warns of two MAC addresses that differ in one digit, and runs', async () => {
    const athanor = athanorIn('near');
    await athanor.configure(configurationWith(reserved('00:11:22:33:44:55', '00:11:22:33:44:56')));
    const server = athanor.serve();
    await server.ready;
    const warning = await server.waitForLine(/differs in one digit from 00:11:22:33:44:55/, 1000);
    expect(warning).toContain('networks[0].reservations[1].mac');
    expect((JSON.parse(warning) as { level: number }).level).toBe(40);
    expect(await server.stop()).toBe('0');
  });
});

it('refuses a data directory that another serve has', async () => {
  const athanor = athanorIn('twice');
  await athanor.configure(configurationWith());
  const first = athanor.serve();
  await first.ready;
  const second = await athanor.command(['serve', '--config', athanor.configurationFile]);
  expect(second.code).toBe(75);
  expect(second.errors).toMatch(/athanor\.db is in use by process \d+/);
  expect(second.errors).toMatch(/remedy: +Stop the other process first/);
  expect(second.errors).toContain('conflict');
  await athanor.login(); // the first still answers
  expect(await first.stop()).toBe('0');
});

describe('a full disk', () => {
  const disk = path.join(directory, 'disk');
  const filler = path.join(disk, 'filler');
  /** Leaves so many KiB free. */
  async function fill(leave: number): Promise<void> {
    await rm(filler, { force: true });
    await run('sh', ['-c', `dd if=/dev/zero of=${filler} bs=1k 2>/dev/null; exit 0`]);
    if (leave > 0) await run('truncate', ['-s', `-${leave}K`, filler]);
  }
  beforeAll(async () => {
    await mkdir(disk);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'athanor-test', disk]);
  });
  afterEach(() => rm(filler, { force: true }));
  afterAll(() => run('umount', [disk]));

  it.each([0, 64, 256])('is told at the first start with %i KiB free, and space is all it needs', async (leave) => {
    const athanor = athanorIn(`full-${leave}`, path.join(disk, `data-${leave}`));
    await athanor.configure(configurationWith({}, { dataDirectory: athanor.dataDirectory }));
    await fill(leave);
    const refusal = await athanor.command(['serve', '--config', athanor.configurationFile]);
    expect(refusal.errors).toContain('code:    database-failed');
    expect(refusal.errors).toMatch(/remedy: .*space/);
    expect(refusal.code).toBe(74);
    await rm(filler);
    const server = athanor.serve();
    await server.ready;
    await athanor.login();
    expect(await server.stop()).toBe('0');
    await rm(athanor.dataDirectory, { recursive: true });
  });

  it('is told while it runs, keeps what was there, and goes on when there is space', async () => {
    const athanor = athanorIn('filling', path.join(disk, 'data'));
    await athanor.configure(configurationWith({}, { dataDirectory: athanor.dataDirectory }));
    const server = athanor.serve();
    await server.ready;
    await athanor.login();
    await server.waitForLine(/"msg":"network provisioning is serving"/, 10_000);
    const lease = await client.netboot();
    expect(lease).toMatchObject({ serverid: '10.77.0.1' });
    const setCredential = (name: string) => athanor.command(['credential', 'set', name, '--username', 'u'], 'secret\n');

    await fill(0);
    let refusal = await setCredential('c0');
    // What the write-ahead log has room for is taken.
    for (let count = 1; refusal.code === 0 && count < 10; count += 1) refusal = await setCredential(`c${count}`);
    expect(refusal.errors).toContain('code:    database-failed');
    expect(refusal.code).toBe(74);
    expect(await athanor.networks()).toHaveLength(1);
    await rm(filler);
    expect(await setCredential('again')).toMatchObject({ code: 0 });
    expect(await client.netboot()).toMatchObject({ ip: lease?.['ip'] });
    expect(await server.stop()).toBe('0');

    await fill(0);
    const refused = await athanor.command(['serve', '--config', athanor.configurationFile]);
    expect(refused.errors).toContain('code:    database-failed');
    expect(refused.code).toBe(74);
    await rm(filler);
    const restarted = athanor.serve();
    await restarted.ready;
    await athanor.login();
    const leases = await athanor.command(['lease', 'list', '-o', 'json']);
    expect(JSON.parse(leases.output)).toEqual([expect.objectContaining({ mac: client.mac, address: lease?.['ip'] })]);
    expect(await restarted.stop()).toBe('0');
  });
});
