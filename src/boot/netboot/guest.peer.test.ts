import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { systemBootClock } from '../boot-ports.ts';
import { createBootHttpServer } from '../http/index.ts';
import type { BootHttpServer } from '../http/index.ts';
import type { NetbootClient } from '../netboot-client.ts';
import { createTftpServer } from '../tftp/index.ts';
import type { TftpServer } from '../tftp/index.ts';
import { openUdpSocket } from '../sockets.ts';
import { guestKernel, makeGuestNetwork, startGuest, writeGuestDisk, writeGuestInitrd } from './guest.fixture.ts';
import type { GuestOptions } from './guest.fixture.ts';
import { createNetboot } from './index.ts';
import type { BootAnswer, BootEvent } from './index.ts';

// Real firmware and Debian's iPXE in emulated servers; DHCP is dnsmasq's here, everything after it is ours.
const mac = '52:54:00:00:00:01';
const leased = '10.77.0.50';
const serverAddress = '10.77.0.1';
const complaints: string[] = [];
const complain = (fields: object, message: string) => void complaints.push(`${message} ${JSON.stringify(fields)}`);
const logger = { debug() {}, info() {}, warn: complain, error: complain };
let directory = '';
let removeNetwork: () => void;
let dnsmasq: ChildProcess;
let http: BootHttpServer;
let tftp: TftpServer;
let answer: BootAnswer = { kind: 'silent' };
let events: BootEvent[] = [];
let tickets = 0;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'netboot-'));
  removeNetwork = makeGuestNetwork('br0', serverAddress, 'tap0');
  execFileSync('ip', ['address', 'add', 'fd77::1/64', 'dev', 'br0', 'nodad']);
  const initrdFile = join(directory, 'initrd');
  writeGuestInitrd(initrdFile);
  answer = { kind: 'ramdisk', kernelFile: resolve(guestKernel()), initrdFile, commandLine: 'console=ttyS0 quiet' };

  const netboot = createNetboot({
    loadersDirectory: '/usr/lib/ipxe',
    clock: systemBootClock,
    logger,
    backend: {
      answer: () => answer,
      ticket: ({ serverUrl }) => Promise.resolve(`ticket ${++tickets} for ${serverUrl}\n`),
      request: () => Promise.resolve(undefined),
      macOf: (_network, address) => (address === leased ? mac : undefined),
      seen: (event) => events.push(event),
    },
  }).onNetwork({ name: 'rack', serverAddress, httpPort: 80 });
  const where = { address: serverAddress, interface: 'br0' };
  tftp = await createTftpServer({
    ...where,
    openSocket: openUdpSocket,
    read: netboot.tftpRead,
    onTransfer: netboot.tftpEnded,
    clock: systemBootClock,
    logger,
  });
  http = await createBootHttpServer({ address: serverAddress, respond: netboot.httpRespond, logger });

  const client = { mac, network: 'rack' } as const;
  const boot = (tag: string, asking: NetbootClient): string => {
    const options = netboot.bootOptions(asking);
    return `dhcp-boot=${tag},${options?.bootFile},,${options?.nextServer}`;
  };
  const settings = [
    'interface=br0',
    'bind-interfaces',
    'port=0',
    'no-ping',
    'user=root',
    'dhcp-authoritative',
    'dhcp-range=10.77.0.100,10.77.0.200,1h',
    `dhcp-host=${mac},${leased}`,
    `dhcp-leasefile=${join(directory, 'leases')}`,
    'dhcp-match=set:ipxe,175',
    'dhcp-match=set:efi,option:client-arch,7',
    boot('tag:ipxe', { ...client, kind: 'ipxe' }),
    boot('tag:!ipxe,tag:efi', { ...client, kind: 'firmware-pxe', architecture: 7 }),
    boot('tag:!ipxe,tag:!efi', { ...client, kind: 'firmware-pxe', architecture: 0 }),
    // Without a proxy to wait for and with a router advertised, iPXE is 18 s faster.
    'dhcp-option=tag:ipxe,encap:175,176,1b',
    'enable-ra',
    'dhcp-range=fd77::,ra-only',
  ];
  const configuration = join(directory, 'dnsmasq.conf');
  writeFileSync(configuration, `${settings.join('\n')}\n`);
  dnsmasq = spawn('dnsmasq', ['--keep-in-foreground', '--log-facility=-', `--conf-file=${configuration}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await once(dnsmasq.stderr ?? dnsmasq, 'data');
});
beforeEach(() => {
  events = [];
  tickets = 0;
  complaints.length = 0;
});
afterAll(async () => {
  dnsmasq.kill();
  await once(dnsmasq, 'close');
  await Promise.all([tftp.close(), http.close()]);
  removeNetwork();
  rmSync(directory, { recursive: true });
});

const start = (options: Partial<GuestOptions> & Pick<GuestOptions, 'firmware'>) =>
  startGuest({ tap: 'tap0', mac, directory, ...options });

describe('the ramdisk reaches the kernel together with its ticket', () => {
  test.each<[string, GuestOptions['firmware'], boolean, string[]]>([
    ['BIOS with an iPXE ROM', 'bios', false, []],
    ['UEFI with an iPXE ROM', 'uefi', false, []],
    ['UEFI that fetches its loader over TFTP', 'uefi', true, ['loader snponly.efi']],
  ])('%s', { timeout: 240_000 }, async (_name, firmware, withoutRom, loader) => {
    const guest = start({ firmware, withoutRom });
    const serial = await guest.done;
    expect(serial).toContain(`GUEST ticket=[ticket 1 for http://${serverAddress}]`);
    expect(serial).toContain('GUEST mode=[700:0 400:0 ]');
    expect(serial).toMatch(/GUEST cmdline=\[.*console=ttyS0 quiet\]/);
    expect(/GUEST cmdline=\[(.*)\]/.exec(serial)?.[1]).not.toContain('http');
    const timeline = events.map((event) => [event.kind, event.detail].filter((part) => part !== undefined).join(' '));
    expect(timeline).toEqual([...loader, 'script ramdisk', 'kernel', 'initrd', 'ticket']);
    expect(new Set(events.map((event) => `${event.network} ${event.mac} ${event.address}`))).toEqual(
      new Set([`rack ${mac} ${leased}`]),
    );
    expect(complaints).toEqual([]);
  });
});

describe('the local disk is started from the network', () => {
  test.each<GuestOptions['firmware']>(['bios', 'uefi'])('%s', { timeout: 120_000 }, async (firmware) => {
    const ramdisk = answer;
    answer = { kind: 'local-disk' };
    const disk = join(directory, 'disk');
    writeGuestDisk(disk, directory);
    // Only the ROM's iPXE boots from the network: OVMF's own ways (PXE, HTTP, both over IPv6) would follow it for minutes.
    const firmwareSettings = ['IPv4PXESupport', 'IPv4Support', 'IPv6PXESupport', 'IPv6Support'].map(
      (name) => `name=opt/org.tianocore/${name},string=n`,
    );
    const extra = firmware === 'uefi' ? firmwareSettings.flatMap((setting) => ['-fw_cfg', setting]) : [];
    const guest = start({ firmware, disk, extra });
    try {
      await guest.said(firmware === 'bios' ? /DISK BOOTED BY BIOS/ : /DISK BOOTED BY UEFI/);
    } finally {
      answer = ramdisk;
      guest.stop();
      await guest.done;
    }
    expect(events.map((event) => `${event.kind} ${event.detail}`)).toContain('script local-disk');
  });
});
