/** What ipmitool asks of a BMC reaches the QEMU server, and the chassis log tells exactly that. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diskMark, writeBootDisk } from './boot-disk.ts';
import { type LabMachine, type Rack, ipmitool, scratchDirectory, startRack } from './index.ts';

const uuid = '00112233-4455-4677-8899-aabbccddeeff';
const mark = new RegExp(diskMark);
let rack: Rack;

beforeAll(async () => {
  rack = await startRack({
    directory: scratchDirectory(),
    machines: [
      { name: 'one', firmware: 'bios', memoryMb: 128, uuid, guidOrder: 'rfc4122', bmcPassword: 'Pass-one.1' },
      { name: 'two', firmware: 'bios', memoryMb: 128, uuid, guidOrder: 'smbios' },
      { name: 'three', firmware: 'bios', memoryMb: 128, uuid, guidOrder: 'ipmi' },
    ],
  });
});
afterAll(() => rack.close());

const setCalls = async (machine: LabMachine, from: number): Promise<string[]> =>
  (await machine.chassisLog())
    .slice(from)
    .filter((call) => call.operation === 'set')
    .map((call) => `${call.what} ${call.value}`);

describe('power', () => {
  test('on, reset, cycle, soft and off each do what they say, once', async () => {
    const machine = rack.machine('one');
    await writeBootDisk(machine);
    expect(await ipmitool(rack, machine, 'power', 'status')).toContain('is off');
    const before = (await machine.chassisLog()).length;

    await ipmitool(rack, machine, 'power', 'on');
    let booted = await machine.waitForSerial(mark, { timeoutMs: 30_000 });
    expect(await ipmitool(rack, machine, 'power', 'status')).toContain('is on');
    for (const verb of ['reset', 'cycle']) {
      await ipmitool(rack, machine, 'power', verb);
      booted = await machine.waitForSerial(mark, { timeoutMs: 30_000, from: booted.end });
    }
    // The boot sector knows nothing of ACPI: the button is pressed and nothing goes off.
    await ipmitool(rack, machine, 'power', 'soft');
    expect(await machine.isPoweredOn()).toBe(true);
    await ipmitool(rack, machine, 'power', 'off');
    expect(await machine.isPoweredOn()).toBe(false);
    expect(await ipmitool(rack, machine, 'power', 'status')).toContain('is off');

    expect(await setCalls(machine, before)).toEqual([
      'power 1',
      'reset 1',
      'power 0',
      'power 1',
      'shutdown 1',
      'power 0',
    ]);
  });

  test('a server that goes off by itself is off for its BMC', async () => {
    const machine = rack.machine('two');
    await ipmitool(rack, machine, 'power', 'on');
    await machine.qmp('quit');
    await machine.waitForPowerOff({ timeoutMs: 10_000 });
    expect(await ipmitool(rack, machine, 'power', 'status')).toContain('is off');
  });

  test('a wrong password is refused and reaches nothing', async () => {
    const machine = rack.machine('one');
    const before = (await machine.chassisLog()).length;
    const liar: LabMachine = { ...machine, bmcPasswordFile: rack.machine('two').bmcPasswordFile };
    await expect(ipmitool(rack, liar, 'power', 'on')).rejects.toThrow(/RAKP|session/);
    expect((await machine.chassisLog()).length).toBe(before);
  });
});

describe('identity', () => {
  test.each([
    ['one', 'rfc4122', '00 11 22 33 44 55 46 77 88 99 aa bb cc dd ee ff'],
    ['two', 'smbios', '33 22 11 00 55 44 77 46 88 99 aa bb cc dd ee ff'],
    ['three', 'ipmi', 'ff ee dd cc bb aa 99 88 77 46 55 44 33 22 11 00'],
  ])('%s tells its GUID in the order of %s', async (name, encoding, bytes) => {
    const machine = rack.machine(name);
    expect((await ipmitool(rack, machine, 'raw', '0x06', '0x37')).trim().split(/\s+/).join(' ')).toBe(bytes);
    expect(await ipmitool(rack, machine, 'mc', 'guid', encoding)).toContain(uuid);
  });

  test('the server carries UUID and serial number in its SMBIOS, the BMC the serial number in its FRU', async () => {
    const machine = rack.machine('three');
    await ipmitool(rack, machine, 'power', 'on');
    await machine.waitForSerial(new RegExp(`Machine UUID ${uuid}`), { timeoutMs: 30_000 });
    expect(await ipmitool(rack, machine, 'fru', 'print')).toMatch(/Product Serial\s+: LAB-THREE/);
    await ipmitool(rack, machine, 'power', 'off');
  });

  test('sensors can be read', async () => {
    expect(await ipmitool(rack, rack.machine('one'), 'sensor', 'get', 'CPU Temp')).toMatch(/Sensor Reading\s+: 40/);
  });
});
