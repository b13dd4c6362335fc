import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createBootService, systemBootClock } from './index.ts';
import type { BootEvent, BootService, BootServiceOptions, DhcpEvent, Lease, ServedNetwork } from './index.ts';
import { guestKernel, makeGuestNetwork, startGuest, writeGuestInitrd } from './netboot/guest.fixture.ts';

// Every packet of a boot is answered by the service; the machines are real firmware in QEMU.
const mac = '52:54:00:00:00:01';
const network: ServedNetwork = {
  name: 'rack',
  interface: 'br0',
  address: '10.77.0.1',
  prefixLength: 24,
  ranges: [{ first: '10.77.0.100', last: '10.77.0.200' }],
  reservations: [{ mac, address: '10.77.0.50', hostname: 'one' }],
  dns: [],
  leaseSeconds: 600,
  allowRival: false,
  routerAdvertisement: true,
};
const complaints: string[] = [];
const complain = (fields: object, message: string) => void complaints.push(`${message} ${JSON.stringify(fields)}`);
const logger = { debug() {}, info() {}, warn: complain, error: complain };
const leases = new Map<string, Lease>();
let directory = '';
const removeNetworks: (() => void)[] = [];
let service: BootService;
let events: BootEvent[] = [];
let dhcp: DhcpEvent[] = [];
let settings: BootServiceOptions;
let serving: Promise<void>;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'boot-service-'));
  removeNetworks.push(makeGuestNetwork('br0', '10.77.0.1', 'tap0'), makeGuestNetwork('br1', '10.78.0.1'));
  writeGuestInitrd(join(directory, 'initrd'));
});
beforeEach(() => {
  events = [];
  dhcp = [];
  complaints.length = 0;
  leases.clear();
  serving = new Promise((started) => {
    settings = {
      networks: [network],
      loadersDirectory: '/usr/lib/ipxe',
      clock: systemBootClock,
      random: randomBytes,
      logger,
      leases: {
        load: (name) => Promise.resolve([...leases.values()].filter((lease) => lease.network === name)),
        put: (lease) => Promise.resolve(void leases.set(lease.mac, lease)),
        remove: (_name, who) => Promise.resolve(void leases.delete(who)),
      },
      backend: {
        answer: () => ({
          kind: 'ramdisk',
          kernelFile: resolve(guestKernel()),
          initrdFile: join(directory, 'initrd'),
          commandLine: 'console=ttyS0 quiet',
        }),
        ticket: ({ mac: who, address }) => Promise.resolve(`for ${who} at ${address}`),
        request: () => Promise.resolve(undefined),
        seen: (event) => void events.push(event),
        dhcpSeen: (event) => void dhcp.push(event),
        statusChanged: (_network, status) => {
          if (status.state === 'serving') started();
        },
      },
    };
  });
  service = createBootService(settings);
});
afterEach(() => service.stop());
afterAll(() => {
  for (const remove of removeNetworks) remove();
  rmSync(directory, { recursive: true });
});

describe('a machine boots from nothing but this service', () => {
  test.each([
    ['bios', false],
    ['uefi', false],
    ['uefi', true],
  ] as const)('%s, its own network ROM removed: %s', { timeout: 240_000 }, async (firmware, withoutRom) => {
    await service.start();
    await serving;
    const serial = await startGuest({ firmware, withoutRom, tap: 'tap0', mac, directory }).done;
    expect(serial).toContain(`GUEST ticket=[for ${mac} at 10.77.0.50]`);
    const loader = withoutRom ? ['loader'] : [];
    expect(events.map((event) => event.kind)).toEqual([...loader, 'script', 'kernel', 'initrd', 'ticket']);
    expect(dhcp.filter((event) => event.type === 'ACK').map((event) => event.client.kind)).toEqual(
      withoutRom ? ['firmware-pxe', 'ipxe'] : ['ipxe'],
    );
    expect(service.macOf('rack', '10.77.0.50')).toBe(mac);
    expect(complaints).toEqual([]);
  });
});

describe('starting and stopping', () => {
  const second: ServedNetwork = {
    ...network,
    name: 'second',
    interface: 'br1',
    address: '10.78.0.1',
    ranges: [],
    reservations: [],
  };
  const names = () => service.status().map((status) => `${status.network} ${status.address} ${status.httpPort}`);

  test('all networks or none: what cannot be served is named and nothing stays behind', async () => {
    service = createBootService({ ...settings, networks: [network, { ...second, interface: 'nowhere0' }] });
    await expect(service.start()).rejects.toMatchObject({ code: 'invalid-configuration', value: 'nowhere0' });
    expect(service.status()).toEqual([]);
    await service.reconfigure([network]);
    await service.start();
    expect(names()).toEqual(['rack 10.77.0.1 80']);
  });

  test('a network is added, changed and taken away while the others go on', async () => {
    await service.start();
    await service.reconfigure([{ ...network, leaseSeconds: 900 }, second]);
    expect(names()).toEqual(['rack 10.77.0.1 80', 'second 10.78.0.1 80']);
    await expect(service.reconfigure([network, { ...second, interface: 'br0' }])).rejects.toMatchObject({
      value: 'br0',
    });
    expect(names().length).toBe(2);
    const nowhere = { ...second, name: 'third', interface: 'nowhere0' };
    await expect(service.reconfigure([nowhere])).rejects.toMatchObject({ value: 'nowhere0' });
    expect(names().toSorted()).toEqual(['rack 10.77.0.1 80', 'second 10.78.0.1 80']);
    await service.reconfigure([second]);
    expect(names()).toEqual(['second 10.78.0.1 80']);
    await service.stop();
    expect(names()).toEqual([]);
    await service.start();
    expect(names()).toEqual(['second 10.78.0.1 80']);
  });
});
