/** Boots the built ramdisk in QEMU beside a protocol server, with a ticket in an extra initrd file, as a netboot does. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { encodeCpio } from '../../src/protocols/cpio/index.ts';
import { type ProtocolServer, type ProtocolServerOptions, startProtocolServer } from './protocol-server.ts';
import { type TestMachine, startMachine } from './test-machine.ts';

const root = path.resolve(import.meta.dirname, '../..');
const built = path.join(root, 'build/ramdisk');
export const labImage = path.join(root, 'build/lab-image/lab-os.raw');
export const ticket = 'ticket-0123456789abcdef';
const kernelCommandLine = 'console=tty0 console=ttyS0,115200 quiet panic=30';

export const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');
export const within = (seconds: number): AbortSignal => AbortSignal.timeout(seconds * 1000);

/** Builds what the tests boot; nothing where it is up to date. */
export async function buildAll(): Promise<void> {
  for (const script of ['ramdisk/build.ts', 'lab/image/build.ts']) {
    await promisify(execFile)(process.execPath, [path.join(root, script)]);
  }
}

/** A netboot's card: QEMU's own small network, with a DHCP server in it and this host at 10.0.2.2. */
export const card = (model = 'virtio-net-pci', mac = '52:54:00:aa:00:01'): string[] =>
  `-netdev user,id=net0 -device ${model},netdev=net0,romfile=,mac=${mac}`.split(' ');

export const virtioDisk = (file: string, serial: string, index = 0, throttle = ''): string[] => [
  ...`-drive file=${file},if=none,id=drive${index},format=raw,cache=unsafe${throttle}`.split(' '),
  ...`-device virtio-blk-pci,drive=drive${index},serial=${serial}`.split(' '),
];

/** Firmware UEFI with variables of its own. */
export async function uefi(directory: string): Promise<string[]> {
  const variables = path.join(directory, 'variables');
  await copyFile('/usr/share/OVMF/OVMF_VARS_4M.fd', variables);
  const flash = ['readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd', `file=${variables}`];
  return flash.flatMap((options) => ['-drive', `if=pflash,format=raw,${options}`]);
}

export interface Rig {
  directory: string;
  server: ProtocolServer;
  /** An empty disk's file. */
  emptyDisk(name: string, mebibytes: number): Promise<string>;
  boot(options: {
    devices: readonly string[];
    flavour?: 'amd64' | 'cloud-amd64';
    memoryMb?: number;
    cpus?: number;
    ticketText?: string;
  }): Promise<TestMachine>;
  /** The machine that was booted last. */
  machine(): TestMachine;
  close(): Promise<void>;
}

export async function makeRig(options: Omit<ProtocolServerOptions, 'ticket'> = {}): Promise<Rig> {
  const directory = await mkdtemp(path.join(tmpdir(), 'ramdisk-'));
  const server = await startProtocolServer({ ticket, ...options });
  const machines: TestMachine[] = [];
  return {
    directory,
    server,
    emptyDisk: async (name, mebibytes) => {
      const file = path.join(directory, name);
      const handle = await open(file, 'w');
      await handle.truncate(mebibytes * 2 ** 20);
      await handle.close();
      return file;
    },
    boot: async ({ devices, flavour = 'cloud-amd64', memoryMb, cpus, ticketText }) => {
      const data = ticketText ?? `server=http://10.0.2.2:${server.port}\nticket=${ticket}\n`;
      const extra = encodeCpio([{ path: '/athanor/ticket', mode: 0o400, data }]);
      const initrd = path.join(directory, 'initrd');
      await writeFile(initrd, Buffer.concat([await readFile(path.join(built, `initrd-${flavour}`)), extra]));
      const kernel = path.join(built, `vmlinuz-${flavour}`);
      const machine = startMachine(
        ['-kernel', kernel, '-initrd', initrd, '-append', kernelCommandLine, ...devices],
        Object.fromEntries(Object.entries({ memoryMb, cpus }).filter(([, value]) => value !== undefined)),
      );
      machines.push(machine);
      return machine;
    },
    machine: () => {
      const last = machines.at(-1);
      if (last === undefined) throw new Error('no machine was booted');
      return last;
    },
    close: async () => {
      for (const machine of machines) await machine.kill();
      await server.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** The task that writes `image`, with changes. */
export function writeTask(image: Buffer, changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    task: 'write-image',
    image: 'test',
    path: '/ramdisk/v1/image',
    disk: 'auto',
    sizeBytes: image.length,
    sha256: sha256(image),
    ...changes,
  };
}
