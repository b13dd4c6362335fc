/** `athanor serve` beside others: what it detects, whom it answers, and what it does beside a rival. */
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { killAndWait, spawnInNamespace } from '../command.ts';
import { type Rack, run, scratchDirectory, startRack } from '../index.ts';
import { configurationWith, type Installation, installIn } from './installation.ts';
import { addClient, askForAddress, type Client, countArriving, killServers } from './operator.ts';

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

const athanorIn = (name: string, dataDirectory?: string): Installation =>
  installIn(rack, path.join(directory, name), dataDirectory);

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
