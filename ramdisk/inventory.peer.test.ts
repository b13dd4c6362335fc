import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeAll, expect, test } from 'vitest';
import { type Rig, buildAll, card, makeRig, ticket, uefi, virtioDisk, within } from './testing/test-rig.ts';

let rig: Rig | undefined;
beforeAll(buildAll, 300_000);
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const uuid = '0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0';
const smbios = [
  'type=1,manufacturer=Acme,product=Server 9,serial=SN-42',
  'type=2,product=Board 7',
  'type=0,version=BIOS-3',
];
const identity = ['-uuid', uuid, ...smbios.flatMap((fields) => ['-smbios', fields])];

test('reports a machine as QEMU was told to make it, and asks for its address by its own vendor class', async () => {
  rig = await makeRig();
  const packets = path.join(rig.directory, 'packets');
  await rig.boot({
    cpus: 2,
    memoryMb: 640,
    devices: [
      ...identity,
      ...card(),
      ...'-netdev user,id=net1 -device virtio-net-pci,netdev=net1,mac=52:54:00:aa:00:02,romfile=,id=nic1'.split(' '),
      '-object',
      `filter-dump,id=dump0,netdev=net0,file=${packets}`,
      ...virtioDisk(await rig.emptyDisk('a', 100), 'DISK-A'),
      ...virtioDisk(await rig.emptyDisk('b', 50), 'DISK-B', 1),
    ],
  });
  const { body } = await rig.server.received('/inventory', within(60));
  const disk = { model: '', rotational: true, transport: 'virtio' };
  const nic = { driver: 'virtio_net', link: true, speedMbps: 0 };
  expect(body).toEqual({
    uuid,
    serial: 'SN-42',
    vendor: 'Acme',
    product: 'Server 9',
    board: 'Board 7',
    firmware: 'bios',
    biosVersion: 'BIOS-3',
    cpus: { count: 2, model: expect.stringContaining('QEMU') },
    memoryBytes: 640 * 2 ** 20,
    disks: [
      { ...disk, name: '/dev/vdb', serial: 'DISK-B', sizeBytes: 50 * 2 ** 20 },
      { ...disk, name: '/dev/vda', serial: 'DISK-A', sizeBytes: 100 * 2 ** 20 },
    ],
    nics: [
      { ...nic, name: 'eth0', mac: '52:54:00:aa:00:01' },
      { ...nic, name: 'eth1', mac: '52:54:00:aa:00:02' },
    ],
  });
  const { body: exchanged } = await rig.server.received('/exchange', within(1));
  expect(['52:54:00:aa:00:01', '52:54:00:aa:00:02']).toContain(exchanged['mac']);
  // Option 60, its length, its text.
  expect((await readFile(packets)).includes('\x3c\x0fathanor-ramdisk')).toBe(true);
}, 90_000);

test('the flavour for every machine drives e1000e, NVMe, AHCI and a RAID controller, under UEFI', async () => {
  rig = await makeRig();
  const drive = (file: string, id: string): string[] => ['-drive', `file=${file},if=none,id=${id},format=raw`];
  await rig.boot({
    flavour: 'amd64',
    devices: [
      ...(await uefi(rig.directory)),
      ...card('e1000e'),
      ...drive(await rig.emptyDisk('n', 11), 'n'),
      ...'-device nvme,drive=n,serial=NVME-1'.split(' '),
      ...drive(await rig.emptyDisk('s', 12), 's'),
      ...'-device ahci,id=ahci -device ide-hd,drive=s,bus=ahci.0,serial=SATA-1'.split(' '),
      ...drive(await rig.emptyDisk('r', 13), 'r'),
      ...'-device megasas,id=raid -device scsi-hd,drive=r,bus=raid.0,serial=RAID-1'.split(' '),
    ],
  });
  const { body } = await rig.server.received('/inventory', within(80));
  expect(body['firmware']).toBe('uefi');
  expect(body['nics']).toEqual([
    { name: 'eth0', mac: '52:54:00:aa:00:01', driver: 'e1000e', link: true, speedMbps: 1000 },
  ]);
  expect(body['disks']).toEqual([
    expect.objectContaining({ name: '/dev/nvme0n1', serial: 'NVME-1', sizeBytes: 11 * 2 ** 20, transport: 'nvme' }),
    expect.objectContaining({ serial: 'SATA-1', sizeBytes: 12 * 2 ** 20, transport: 'ata', model: 'QEMU HARDDISK' }),
    expect.objectContaining({ serial: 'RAID-1', sizeBytes: 13 * 2 ** 20, transport: 'scsi' }),
  ]);
}, 90_000);

test('a refused ticket is said on the console, tried once, and never shown', async () => {
  rig = await makeRig({
    intercept: () => ({ status: 403, body: { code: 'ticket-refused', detail: 'this ticket was used' } }),
  });
  const machine = await rig.boot({ devices: card() });
  await machine.says(/ATHANOR: [^\n]*ticket-refused this ticket was used[^\n]*idles/, within(60));
  expect(rig.server.requests.map(({ path: asked }) => asked)).toEqual(['/ramdisk/v1/exchange']);
  expect(machine.output()).not.toContain(ticket);
}, 90_000);

test('a machine without a ticket says so and stays', async () => {
  rig = await makeRig();
  const machine = await rig.boot({ devices: card(), ticketText: '' });
  await machine.says(/ATHANOR: \/athanor\/ticket names no server/, within(60));
  expect(rig.server.requests).toEqual([]);
}, 90_000);

test('without a server it keeps trying, and goes on when the server is there', async () => {
  rig = await makeRig();
  await rig.server.goDown();
  const machine = await rig.boot({ devices: card() });
  await machine.says(/ramdisk dhcp/, within(60));
  await rig.server.comeBack();
  await machine.says(/ramdisk inventory/, within(30));
  const output = machine.output();
  expect(output).not.toContain(ticket);
  expect(output).not.toContain(rig.server.token);
}, 90_000);
