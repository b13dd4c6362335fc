import { expect, test } from 'vitest';
import { bootSector } from './boot-disk.ts';
import { guidBytes } from './bmc-simulator.ts';
import { fruData } from './bmc-inventory.ts';
import { type QemuMachine, bootIndexes, qemuCommand } from './qemu-command.ts';

const machine: QemuMachine = {
  name: 'm',
  firmware: 'uefi',
  nicRom: true,
  memoryMb: 256,
  cpus: 2,
  mac: '52:54:00:77:00:01',
  uuid: '00112233-4455-4677-8899-aabbccddeeff',
  serialNumber: 'A,B',
  tap: 'tap0',
  diskFile: '/d/disk,1.raw',
  variablesFile: '/d/vars.fd',
  serialPortFile: '/d/port',
  serialSocket: '/d/serial.sock',
  vncSocket: '/d/vnc.sock',
  qmpSocket: '/d/qmp.sock',
  controlSocket: '/d/control.sock',
  bootOrder: 'disk-first',
};

test.each([
  ['disk-first', undefined, ['disk', 'network']],
  ['disk-first', 'network', ['network', 'disk']],
  ['disk-first', 'disk', ['disk', 'network']],
  ['network-first', undefined, ['network', 'disk']],
  ['network-first', 'disk', ['disk', 'network']],
] as const)('%s with override %s tries %j', (order, override, tried) => {
  const indexes = bootIndexes(order, override);
  expect(indexes.disk).not.toBe(indexes.network);
  expect(
    Object.entries(indexes)
      .sort(([, a], [, b]) => a - b)
      .map(([device]) => device),
  ).toEqual(tried);
});

test('an override changes one device only, to an index that nobody has', () => {
  for (const order of ['disk-first', 'network-first'] as const) {
    for (const override of ['disk', 'network'] as const) {
      const [before, after] = [bootIndexes(order), bootIndexes(order, override)];
      const other = override === 'disk' ? 'network' : 'disk';
      expect(after[other]).toBe(before[other]);
      expect(Object.values(before)).not.toContain(after[override]);
    }
  }
});

test('the command never uses hardware virtualisation, and doubles commas in values', () => {
  const command = qemuCommand(machine, undefined);
  expect(command).toContain('pc,accel=tcg');
  expect(command.join(' ')).not.toMatch(/kvm/);
  expect(command).toContain('type=1,manufacturer=Athanor,product=Lab Server,serial=A,,B');
  expect(command.some((part) => part.startsWith('file=/d/disk,,1.raw,'))).toBe(true);
});

test('without a card ROM the ROM file is empty, which makes UEFI use its own PXE', () => {
  const nic = (nicRom: boolean): string | undefined =>
    qemuCommand({ ...machine, nicRom }, undefined).find((part) => part.startsWith('virtio-net-pci'));
  expect(nic(false)).toMatch(/,romfile=$/);
  expect(nic(true)).not.toMatch(/romfile/);
});

test('GUID bytes: three orders of one UUID, and no other text', () => {
  const bytes = (order: 'rfc4122' | 'smbios' | 'ipmi'): string => guidBytes(machine.uuid, order).toString('hex');
  expect(bytes('rfc4122')).toBe('00112233445546778899aabbccddeeff');
  expect(bytes('smbios')).toBe('33221100554477468899aabbccddeeff');
  expect(bytes('ipmi')).toBe('ffeeddccbbaa99887746554433221100');
  expect(() => guidBytes('not-a-uuid', 'ipmi')).toThrow(/not a UUID/);
});

test('FRU areas each sum to zero and start where the header says', () => {
  const fru = fruData('SERIAL-1');
  const sum = (bytes: Buffer): number => bytes.reduce((total, byte) => total + byte, 0) % 256;
  expect(sum(fru.subarray(0, 8))).toBe(0);
  for (const place of [2, 3, 4]) {
    const start = (fru[place] ?? 0) * 8;
    expect(sum(fru.subarray(start, start + (fru[start + 1] ?? 0) * 8))).toBe(0);
  }
});

test('a boot sector is 512 bytes with the signature and its text', () => {
  const sector = bootSector('HELLO');
  expect(sector.length).toBe(512);
  expect(sector.subarray(510)).toEqual(Buffer.from([0x55, 0xaa]));
  expect(sector.toString('latin1', 0x100, 0x10a)).toBe('\r\nHELLO\r\n\0');
});
