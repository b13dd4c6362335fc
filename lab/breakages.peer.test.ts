/** Each breakage really breaks the lab's operating system, and the witnesses tell it by themselves. */
import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createConnection } from 'node:net';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  hangAtGrub,
  ipmitool,
  type LabMachine,
  mendGrub,
  panicByNmi,
  panicBySysrq,
  panicLines,
  type Rack,
  resetToGrub,
  rowsOf,
  scratchDirectory,
  startRack,
  typedText,
  vgaText,
  type VgaText,
} from './index.ts';
import { type NetbootPeer, startNetbootPeer } from './netboot-peer.ts';

const image = path.resolve(import.meta.dirname, '../build/lab-image/lab-os.raw');
const BOOT_MS = 90_000;
const TEST_MS = 240_000;
const up = /ATHANOR-LAB-OS up .*root=ok/;
const panicked = /---\[ end Kernel panic.*\]---/;
let rack: Rack;
let network: NetbootPeer | undefined;

beforeAll(async () => {
  rack = await startRack({
    directory: scratchDirectory(),
    machines: [
      { name: 'bios', firmware: 'bios', memoryMb: 256, vncPassword: 'Sesame-1' },
      { name: 'uefi', firmware: 'uefi', memoryMb: 256, vncPassword: null },
    ],
  });
  // The system waits for an address before it says that it is up.
  network = await startNetbootPeer(rack.directory, '#!ipxe\nexit\n');
});
afterAll(async () => {
  await network?.close();
  await rack.close();
});

/** Puts the image on its disk and waits until its system is up. */
async function boot(machine: LabMachine): Promise<void> {
  await ipmitool(rack, machine, 'power', 'off');
  await copyFile(image, machine.diskFile);
  const from = (await machine.serialLog()).length;
  await ipmitool(rack, machine, 'power', 'on');
  await machine.waitForSerial(up, { timeoutMs: BOOT_MS, from });
}

/** The screen once it stands still: two looks the same. */
async function stillScreen(machine: LabMachine): Promise<VgaText> {
  let last = await vgaText(machine);
  for (let look = 0; look < 100; look += 1) {
    const next = await vgaText(machine);
    if (isDeepStrictEqual(next, last)) return next;
    last = next;
  }
  throw new Error('the screen does not stand still');
}

describe('a kernel panic', () => {
  test(
    'by keys, on BIOS: VGA memory shows what the serial console says, and the keys were seen',
    async () => {
      const machine = rack.machine('bios');
      await boot(machine);
      const from = (await machine.serialLog()).length;
      const injected = await panicBySysrq(machine);
      const { time } = await machine.waitForSerial(panicked, { timeoutMs: BOOT_MS, from });
      expect(time).toBeGreaterThanOrEqual(injected);
      const said = panicLines((await machine.serialLog()).slice(from));
      expect(said[0]).toContain('Kernel panic - not syncing: sysrq triggered crash');
      const screen = (await stillScreen(machine)).lines.filter((line) => line !== '');
      const rows = rowsOf(said, 80).filter((line) => line !== '');
      expect(rows.length).toBeGreaterThan(screen.length / 2);
      expect(screen.slice(-rows.length)).toEqual(rows.slice(-screen.length));
      expect(typedText(await machine.keysSeen())).toBe('<alt-print><alt-print-c>');
    },
    TEST_MS,
  );

  test(
    'by NMI, on UEFI: said on the serial console; there is no text mode to read',
    async () => {
      const machine = rack.machine('uefi');
      await boot(machine);
      const from = (await machine.serialLog()).length;
      await panicByNmi(machine);
      await machine.waitForSerial(panicked, { timeoutMs: BOOT_MS, from });
      const said = panicLines((await machine.serialLog()).slice(from));
      expect(said[0]).toMatch(/Kernel panic - not syncing: NMI/);
      expect(said.at(-1)).toMatch(/---\[ end Kernel panic - not syncing: NMI.*\]---$/);
      await expect(vgaText(machine)).rejects.toThrow(/not in text mode/);
      // Looking left it running.
      expect(await machine.qmp('query-status')).toMatchObject({ running: true });
    },
    TEST_MS,
  );
});

test(
  'without its configuration GRUB asks, at each boot until it is mended; keys go in and are counted',
  async () => {
    const machine = rack.machine('bios');
    await boot(machine);
    await hangAtGrub(machine);
    await resetToGrub(machine);
    // The serial console is a moment ahead of the screen.
    await expect.poll(async () => (await vgaText(machine)).cursor?.column, { timeout: 10_000 }).toBe(6);
    const { lines, cursor, attributes } = await vgaText(machine);
    const row = lines.findLastIndex((line) => line !== '');
    expect(lines[row]).toBe('grub>');
    expect(cursor).toEqual({ column: 6, row });
    expect(attributes[0]).toBe(0x07);

    const before = (await machine.keysSeen()).length;
    for (const key of 'c o n f i g f i l e spc slash g r u b dot b a k ret'.split(' '))
      await machine.qmp('send-key', { keys: [{ type: 'qcode', data: key }], 'hold-time': 20 });
    const from = (await machine.serialLog()).length;
    await machine.waitForSerial(up, { timeoutMs: BOOT_MS, from });
    const typed = (await machine.keysSeen()).slice(before);
    expect(typedText(typed)).toBe('configfile /grub.bak<ret>');
    expect(typed.filter(({ down }) => down)).toHaveLength(21);

    await mendGrub(machine);
    const mended = (await machine.serialLog()).length;
    await machine.qmp('system_reset');
    await machine.waitForSerial(up, { timeoutMs: BOOT_MS, from: mended });
    // None of this went through the BMC.
    const calls = (await machine.chassisLog()).filter(({ operation }) => operation === 'set');
    expect(calls.map(({ what }) => what)).not.toContain('reset');
  },
  TEST_MS,
);

test('the console asks for the password that the machine was given, or for none', async () => {
  /** The kinds of authentication that an RFB server offers (RFC 6143 section 7.1.2). */
  const offered = async (machine: LabMachine): Promise<number[]> => {
    const viewer = createConnection(machine.vncSocket);
    try {
      await once(viewer, 'data');
      viewer.write('RFB 003.008\n');
      const [types]: Buffer[] = await once(viewer, 'data');
      return [...(types ?? [])].slice(1);
    } finally {
      viewer.destroy();
    }
  };
  expect(await offered(rack.machine('bios'))).toEqual([2]);
  expect(rack.machine('bios').consolePassword).toBe('Sesame-1');
  expect(await offered(rack.machine('uefi'))).toEqual([1]);
});
