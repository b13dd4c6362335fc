/** A boot device set at the BMC holds for exactly one boot, shown by what the firmware then booted. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diskMark, writeBootDisk } from './boot-disk.ts';
import { type Rack, ipmitool, scratchDirectory, startRack } from './index.ts';
import { type NetbootPeer, startNetbootPeer } from './netboot-peer.ts';

const disk = new RegExp(diskMark);
const network = /BOOTED FROM NETWORK/;
let rack: Rack;
let peer: NetbootPeer;

beforeAll(async () => {
  const directory = scratchDirectory();
  rack = await startRack({
    directory,
    machines: [
      { name: 'bios', firmware: 'bios', memoryMb: 128 },
      { name: 'uefi', firmware: 'uefi', memoryMb: 256 },
      { name: 'norom', firmware: 'uefi', nicRom: false, memoryMb: 256 },
      { name: 'netfirst', firmware: 'bios', memoryMb: 128, bootOrder: 'network-first' },
    ],
  });
  peer = await startNetbootPeer(directory, '#!ipxe\necho BOOTED FROM NETWORK\nsleep 1\nreboot\n');
});
afterAll(async () => {
  await peer.close();
  await rack.close();
});

describe.each(['bios', 'uefi', 'norom'])('%s', (name) => {
  test('PXE once, by power-on and by reset; a reboot of the guest itself is back at the disk', {
    timeout: 240_000,
  }, async () => {
    const machine = rack.machine(name);
    await writeBootDisk(machine);
    await ipmitool(rack, machine, 'chassis', 'bootdev', 'pxe');
    await ipmitool(rack, machine, 'power', 'on');
    let seen = await machine.waitForSerial(network, { timeoutMs: 90_000 });
    expect((await machine.serialLog()).slice(0, seen.end)).not.toMatch(disk);
    seen = await machine.waitForSerial(disk, { timeoutMs: 60_000, from: seen.end });

    await ipmitool(rack, machine, 'chassis', 'bootdev', 'pxe');
    await ipmitool(rack, machine, 'power', 'reset');
    const start = seen.end;
    seen = await machine.waitForSerial(network, { timeoutMs: 90_000, from: start });
    expect((await machine.serialLog()).slice(start, seen.end)).not.toMatch(disk);
    seen = await machine.waitForSerial(disk, { timeoutMs: 60_000, from: seen.end });

    await ipmitool(rack, machine, 'power', 'cycle');
    await machine.waitForSerial(disk, { timeoutMs: 60_000, from: seen.end });
    await ipmitool(rack, machine, 'power', 'off');
    expect((await machine.serialLog()).match(/BOOTED FROM NETWORK/g)).toHaveLength(2);
  });
});

test('the firmware without a network ROM fetched its loader over TFTP', async () => {
  expect(await peer.log()).toMatch(/sent .*snponly\.efi to/);
});

test('a network-first server boots its disk once when the BMC says so', async () => {
  const machine = rack.machine('netfirst');
  await writeBootDisk(machine);
  await ipmitool(rack, machine, 'chassis', 'bootdev', 'disk');
  await ipmitool(rack, machine, 'power', 'on');
  const seen = await machine.waitForSerial(disk, { timeoutMs: 30_000 });
  expect(await machine.serialLog()).not.toMatch(network);
  await ipmitool(rack, machine, 'power', 'reset');
  await machine.waitForSerial(network, { timeoutMs: 60_000, from: seen.end });
  await ipmitool(rack, machine, 'power', 'off');
});

test('a pulled cable keeps the server off the network, across power cycles, until it is plugged in again', async () => {
  const machine = rack.machine('bios');
  const discovers = async (): Promise<number> => (await peer.log()).match(/DHCPDISCOVER/g)?.length ?? 0;
  const before = await discovers();
  await machine.pullCable();
  await ipmitool(rack, machine, 'chassis', 'bootdev', 'pxe');
  const from = (await machine.serialLog()).length;
  await ipmitool(rack, machine, 'power', 'on');
  const seen = await machine.waitForSerial(disk, { timeoutMs: 90_000, from });
  expect((await machine.serialLog()).slice(from)).toMatch(/No more network devices/);
  expect(await discovers()).toBe(before);

  await machine.plugCable();
  await ipmitool(rack, machine, 'chassis', 'bootdev', 'pxe');
  await ipmitool(rack, machine, 'power', 'cycle');
  await machine.waitForSerial(network, { timeoutMs: 60_000, from: seen.end });
  await ipmitool(rack, machine, 'power', 'off');
}, 180_000);
