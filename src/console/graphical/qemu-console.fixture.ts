/** A QEMU machine with a VNC server, and what only QEMU itself can tell about its screen. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openQmp } from '../../../lab/qmp.ts';
import type { Frame } from '../frame.ts';
import { decodeImage } from '../image/decode-image.ts';
import type { ConsoleAddress } from './console.ts';

export interface QemuConsole {
  address: ConsoleAddress;
  qmp(command: string, parameters?: Record<string, unknown>): Promise<unknown>;
  /** The picture as QEMU itself draws it now. */
  screendump(): Promise<Frame>;
  /** Runs `task` while the guest stands still. */
  stopped<Value>(task: () => Promise<Value>): Promise<Value>;
  /** The 25 lines of the text mode's memory, of code page 437 only ASCII. */
  lines(): Promise<string[]>;
  /** Resolves when the memory's text fits. */
  shows(pattern: RegExp): Promise<string[]>;
  /** Sends the process a signal. */
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void;
  close(): Promise<void>;
}

export interface QemuConsoleOptions {
  /** What follows `-vnc`, beside the address: e.g. `password=on`. */
  vnc?: string;
  /** By TCP on loopback instead of a unix socket: the display's number. */
  display?: number;
  /** Boots into GRUB's command line instead of having nothing to boot. */
  grub?: boolean;
}

export async function startQemuConsole(options: QemuConsoleOptions = {}): Promise<QemuConsole> {
  const directory = await mkdtemp(path.join(tmpdir(), 'console-'));
  const socket = path.join(directory, 'vnc');
  const control = path.join(directory, 'control');
  // QEMU connects to us, and answers only once everything else of it is there.
  const server = createServer();
  server.listen(control);
  const arrival = once(server, 'connection', { signal: AbortSignal.timeout(30_000) });
  const display = options.display === undefined ? `unix:${socket}` : `127.0.0.1:${options.display}`;
  const disk = options.grub ? ['-drive', `file=${await grubDisk(directory)},format=raw,if=ide,snapshot=on`] : [];
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...'-nodefaults -no-user-config -machine pc,accel=tcg -m 64 -display none -vga std'.split(' '),
      '-vnc',
      options.vnc === undefined ? display : `${display},${options.vnc}`,
      '-chardev',
      `socket,id=control,path=${control}`,
      '-mon',
      'chardev=control,mode=control',
      ...disk,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
  const exit = once(child, 'exit');
  const [connection]: Socket[] = await arrival;
  if (connection === undefined) throw new Error('no control connection');
  const qmp = await openQmp(connection);

  const lines = async (): Promise<string[]> => {
    const file = path.join(directory, 'memory');
    await qmp.execute('pmemsave', { val: 0xb8000, size: 80 * 25 * 2, filename: file });
    const memory = await readFile(file);
    const codes = Buffer.from(memory.filter((_, at) => at % 2 === 0));
    const text = codes.toString('latin1').replaceAll(/[^ -~]/g, ' ');
    return Array.from({ length: 25 }, (_, row) => text.slice(row * 80, row * 80 + 80).trimEnd());
  };
  return {
    address: options.display === undefined ? { path: socket } : { host: '127.0.0.1', port: 5900 + options.display },
    qmp: (command, parameters) => qmp.execute(command, parameters),
    screendump: async () => {
      const file = path.join(directory, 'screen.ppm');
      await qmp.execute('screendump', { filename: file, format: 'ppm' });
      return decodeImage(await readFile(file));
    },
    stopped: async (task) => {
      await qmp.execute('stop');
      try {
        return await task();
      } finally {
        await qmp.execute('cont');
      }
    },
    lines,
    shows: async (pattern) => {
      // Nothing tells when a guest writes to its video memory, so it is looked at again and again.
      for (const end = Date.now() + 45_000; ; ) {
        const found = await lines();
        if (pattern.test(found.join('\n'))) return found;
        if (Date.now() > end) throw new Error(`the screen never showed ${pattern}:\n${found.join('\n')}`);
        await pause(50);
      }
    },
    signal: (name) => void child.kill(name),
    close: async () => {
      child.kill('SIGKILL');
      await exit;
      connection.destroy();
      server.close();
      await rm(directory, { recursive: true });
    },
  };
}

/** A disk with nothing but GRUB, which finds no configuration and so asks for commands. */
async function grubDisk(directory: string): Promise<string> {
  const core = path.join(directory, 'core');
  const early = path.join(directory, 'early.cfg');
  const disk = path.join(directory, 'disk');
  await writeFile(early, 'terminal_input console\nterminal_output console\n');
  const modules = 'biosdisk part_msdos normal echo minicmd terminal videotest vbe halt'.split(' ');
  const format = ['-d', '/usr/lib/grub/i386-pc', '-O', 'i386-pc', '-p', '/grub', '-c', early, '-o', core];
  await promisify(execFile)('grub-mkimage', [...format, ...modules]);
  const bootSector = (await readFile('/usr/lib/grub/i386-pc/boot.img')).subarray(0, 440);
  const image = Buffer.alloc(1 << 20);
  bootSector.copy(image);
  image.writeUInt16LE(0xaa55, 510);
  (await readFile(core)).copy(image, 512);
  await writeFile(disk, image);
  return disk;
}
