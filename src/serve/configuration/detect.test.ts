import { describe, expect, it } from 'vitest';
import { detectNetworks, freeRange } from './detect.ts';
import { detectConfiguration, readConfiguration, type SystemTexts } from './index.ts';

/** As Linux prints them, on a host with an outside interface, a provisioning one and Docker. */
const system: SystemTexts = {
  interfaces: {
    lo: [{ address: '127.0.0.1', family: 'IPv4', internal: true, cidr: '127.0.0.1/8' }],
    eth0: [
      { address: '192.168.7.20', family: 'IPv4', internal: false, cidr: '192.168.7.20/24' },
      { address: 'fe80::1', family: 'IPv6', internal: false, cidr: 'fe80::1/64' },
    ],
    cp0: [{ address: '10.77.0.1', family: 'IPv4', internal: false, cidr: '10.77.0.1/24' }],
    docker0: [{ address: '172.17.0.1', family: 'IPv4', internal: false, cidr: '172.17.0.1/16' }],
    wg0: [{ address: '10.9.0.2', family: 'IPv4', internal: false, cidr: '10.9.0.2/32' }],
  },
  routes: `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0107A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
cp0\t00004D0A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
cp0\t0000640A\tFE004D0A\t0003\t0\t0\t0\t00FFFFFF\t0\t0\t0
`,
  resolver: 'nameserver 127.0.0.53\nsearch rack.example more.example\noptions edns0\n',
  upstreamResolver: 'nameserver 192.168.7.1\nnameserver 2001:db8::1\nnameserver 9.9.9.9\n',
  neighbours: `IP address       HW type     Flags       HW address            Mask     Device
10.77.0.150      0x1         0x2         52:54:00:00:00:05     *        cp0
10.77.0.40       0x1         0x0         00:00:00:00:00:00     *        cp0
`,
};
const rest = { dataDirectory: '/var/lib/athanor', dataDirectoryReason: 'Because.', ramdiskDirectory: '/opt/ramdisk' };

describe('detected networks', () => {
  it('have mask, gateway, DNS and domain from the system, and only inner ones are served', () => {
    const networks = detectNetworks(system, undefined);
    expect(networks.map(({ name, serve }) => [name, serve])).toEqual([
      ['eth0', false],
      ['cp0', true],
      ['docker0', false],
    ]);
    expect(networks[0]).toMatchObject({ subnet: { address: '192.168.7.0', prefixLength: 24 }, gateway: '192.168.7.1' });
    expect(networks[1]).toMatchObject({
      address: '10.77.0.1',
      gateway: '10.77.0.254',
      dns: ['192.168.7.1', '9.9.9.9'],
      domain: 'rack.example',
    });
  });

  it('have a range free of every address that is known to be taken', () => {
    const subnet = { address: '10.77.0.0', prefixLength: 24 };
    expect(freeRange(subnet, ['10.77.0.1'])).toEqual({ first: '10.77.0.100', last: '10.77.0.199' });
    expect(freeRange(subnet, ['10.77.0.1', '10.77.0.150', '10.77.0.254'])).toEqual({
      first: '10.77.0.50',
      last: '10.77.0.149',
    });
    expect(freeRange({ address: '10.0.0.0', prefixLength: 30 }, ['10.0.0.1'])).toEqual({
      first: '10.0.0.2',
      last: '10.0.0.2',
    });
    expect(freeRange({ address: '10.0.0.0', prefixLength: 30 }, ['10.0.0.1', '10.0.0.2'])).toBeUndefined();
    expect(detectNetworks(system, 'cp0')[0]?.range).toEqual({ first: '10.77.0.50', last: '10.77.0.149' });
  });

  it('by --interface are served, even where the default route leaves', () => {
    const networks = detectNetworks(system, 'eth0');
    expect(networks).toHaveLength(1);
    expect(networks[0]).toMatchObject({ serve: true, range: { first: '192.168.7.100', last: '192.168.7.199' } });
  });

  it('by an --interface that is not there name the nearest', () => {
    expect(() => detectNetworks(system, 'cpo')).toThrow(/no interface cpo.*mean "cp0"/);
    expect(() => detectNetworks(system, 'wg0')).toThrow(/no IPv4 address that DHCP/);
  });
});

describe('the text', () => {
  it('is a configuration without errors or warnings, the same in YAML and in JSON', async () => {
    const yaml = detectConfiguration({ system, format: 'yaml', ...rest });
    const json = detectConfiguration({ system, format: 'json', ...rest });
    const fromYaml = await readConfiguration(yaml, '/etc/athanor.yaml');
    const fromJson = await readConfiguration(json, '/etc/athanor.json');
    expect(fromYaml).toEqual(fromJson);
    expect(fromYaml.warnings).toEqual([]);
    expect(fromYaml.configuration.networks[1]).toMatchObject({ interface: 'cp0', serve: true, gateway: '10.77.0.254' });
  });

  it('says how to serve what it left alone, also when there is nothing else', async () => {
    const { eth0, lo } = system.interfaces;
    const yaml = detectConfiguration({ system: { ...system, interfaces: { lo, eth0 } }, format: 'yaml', ...rest });
    expect(yaml.replaceAll(/\n +# /g, ' ')).toContain('athanor config detect --interface eth0');
    expect((await readConfiguration(yaml, '/etc/athanor.yaml')).configuration.networks[0]?.serve).toBe(false);
    const nothing = detectConfiguration({ system: { ...system, interfaces: {} }, format: 'yaml', ...rest });
    expect((await readConfiguration(nothing, '/etc/athanor.yaml')).configuration.networks).toEqual([]);
  });
});
