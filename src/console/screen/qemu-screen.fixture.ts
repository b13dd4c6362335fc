/**
 * A QEMU machine whose screen is looked at from both sides: the picture, and what the picture was made from.
 *
 * | VGA text mode  | where                                                                             |
 * | -------------- | --------------------------------------------------------------------------------- |
 * | cells          | 32 KiB at B8000h: code, attribute, code, …                                        |
 * | start address  | CRTC registers 0Ch (high), 0Dh (low), in cells; Linux scrolls with it             |
 * | cursor         | CRTC 0Eh, 0Fh, in cells; lines: 0Ah bits 0–4 to 0Bh bits 0–4; hidden: 0Ah bit 5   |
 * | graphics mode  | graphics controller register 06h bit 0                                            |
 * | no mode is set | CRTC 01h, 12h, 07h, 09h say another size: QEMU then shows the last picture   |
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openQmp } from '../../../lab/qmp.ts';
import { card, labImage, uefi, virtioDisk } from '../../../ramdisk/testing/test-rig.ts';
import type { Frame } from '../frame.ts';
import { decodeImage } from '../image/decode-image.ts';
import { type DrawnCell, type DrawnCursor, attributeCell, qemuVgaPalette } from '../testing/draw-screen.ts';

/** What the screen was drawn from. */
export interface TextMemory {
  columns: number;
  rows: number;
  cells: DrawnCell[];
  /** Where and how it is drawn while it does not blink away. */
  cursor: DrawnCursor | undefined;
}

export interface QemuScreen {
  /** Everything the serial console said. */
  serial(): string;
  /** Resolves when it has said this after the given place; fails when the machine ends or time is up. */
  says(pattern: RegExp, seconds: number, from?: number): Promise<RegExpExecArray>;
  /** Types at the serial console. */
  write(text: string): void;
  /** Presses QEMU's key codes together. */
  press(...codes: string[]): Promise<void>;
  /** The picture, and the text memory where there is text mode, both while the guest is stopped. */
  look(): Promise<{ frame: Frame; memory: TextMemory | undefined }>;
  /** The picture that the guest's framebuffer shows now. */
  picture(): Promise<Frame>;
  close(): Promise<void>;
}

const grubConfiguration = `
terminal_output console
set timeout=-1
menuentry 'Athanor lab: what is not quiet' {
  linux /vmlinuz console=tty0 console=ttyS0,115200 panic=0 sysrq_always_enabled=1
  initrd /initrd
}
menuentry 'Another line' { halt }
`;

/** Starts the lab's system from a copy of its disk (or nothing to boot from), stopping at GRUB's menu. */
export async function startScreen(options: { firmware: 'bios' | 'uefi'; disk?: boolean }): Promise<QemuScreen> {
  const directory = await mkdtemp(path.join(tmpdir(), 'screen-'));
  const control = path.join(directory, 'qmp');
  const devices = ['-qmp', `unix:${control},server=on,wait=off`];
  if (options.firmware === 'uefi') devices.push(...(await uefi(directory)));
  if (options.disk !== false) {
    const disk = path.join(directory, 'disk');
    const configuration = path.join(directory, 'grub.cfg');
    await copyFile(labImage, disk);
    await writeFile(configuration, grubConfiguration);
    await promisify(execFile)('mcopy', ['-o', '-i', `${disk}@@1M`, configuration, '::grub.cfg'], {
      env: { ...process.env, MTOOLS_SKIP_CHECK: '1' },
    });
    devices.push(...virtioDisk(disk, 'D'), ...card());
  }
  const child: ChildProcess = spawn(
    'qemu-system-x86_64',
    [
      ...'-machine pc,accel=tcg -cpu qemu64 -smp 1 -m 512 -nodefaults -no-user-config'.split(' '),
      ...'-display none -vga std -serial stdio -no-reboot'.split(' '),
      ...devices,
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let text = '';
  let ended = false;
  const take = (chunk: unknown): void => {
    text += String(chunk);
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  child.stdin?.on('error', () => undefined);
  child.once('error', (error) => take(error.message));
  const exit = once(child, 'close').then(() => {
    ended = true;
  });
  const qmp = await connect(control, () => ended);

  const monitor = async (command: string): Promise<string> =>
    String(await qmp.execute('human-monitor-command', { 'command-line': command }));
  const input = async (port: number): Promise<number> =>
    Number(/= (0x[0-9a-f]+)/.exec(await monitor(`i /b ${port}`))?.[1]);
  /** Reads an indexed register and puts the index back: the guest may be between choosing and using it. */
  const register = async (port: number, index: number): Promise<number> => {
    const before = await input(port);
    await monitor(`o /b ${port} ${index}`);
    const value = await input(port + 1);
    await monitor(`o /b ${port} ${before}`);
    return value;
  };
  const picture = async (): Promise<Frame> => {
    const file = path.join(directory, 'frame.ppm');
    await qmp.execute('screendump', { filename: file });
    return decodeImage(await readFile(file));
  };
  const textMemory = async (): Promise<TextMemory | undefined> => {
    if (((await register(0x3ce, 0x06)) & 1) === 1) return undefined;
    const crtc = async (index: number): Promise<number> => register(0x3d4, index);
    const height = (await crtc(0x12)) | (((await crtc(0x07)) & 0x02) << 7) | (((await crtc(0x07)) & 0x40) << 3);
    const isSet = (await crtc(0x01)) === 79 && height === 399 && ((await crtc(0x09)) & 0x1f) === 15;
    if (!isSet) return undefined;
    const start = ((await crtc(0x0c)) << 8) | (await crtc(0x0d));
    const at = (((await crtc(0x0e)) << 8) | (await crtc(0x0f))) - start;
    const [from, to] = [await crtc(0x0a), await crtc(0x0b)];
    const file = path.join(directory, 'memory');
    await qmp.execute('pmemsave', { val: 0xb8000, size: 0x8000, filename: file });
    const bytes = await readFile(file);
    const cells = Array.from({ length: 80 * 25 }, (_, cell) => {
      const place = ((start + cell) * 2) & 0x7fff;
      return attributeCell(bytes[place] ?? 0, bytes[place + 1] ?? 0, qemuVgaPalette);
    });
    const isShown = (from & 0x20) === 0 && (from & 0x1f) <= (to & 0x1f) && at >= 0 && at < cells.length;
    const cursor = isShown ? { cell: at, from: from & 0x1f, to: Math.min(to & 0x1f, 15) } : undefined;
    return { columns: 80, rows: 25, cells, cursor };
  };

  const look = async (): ReturnType<QemuScreen['look']> => {
    await qmp.execute('stop');
    try {
      const memory = await textMemory();
      return { frame: await picture(), memory };
    } finally {
      await qmp.execute('cont');
    }
  };
  // One look at a time: the end of one would let the guest run in the middle of another.
  let lane: Promise<unknown> = Promise.resolve();

  return {
    serial: () => text,
    says: async (pattern, seconds, from = 0) => {
      const end = Date.now() + seconds * 1000;
      for (;;) {
        const match = pattern.exec(text.slice(from));
        if (match !== null) return match;
        if (ended || Date.now() > end) {
          throw new Error(`${ended ? 'the machine ended' : 'time was up'} before ${pattern}: ${text.slice(-2000)}`);
        }
        await pause(20);
      }
    },
    write: (line) => void child.stdin?.write(line),
    press: async (...codes) => {
      await qmp.execute('send-key', { keys: codes.map((data) => ({ type: 'qcode', data })), 'hold-time': 40 });
      await pause(100);
    },
    look: () => {
      const looked = lane.then(look);
      lane = looked.catch(() => undefined);
      return looked;
    },
    picture,
    close: async () => {
      if (!ended) child.kill('SIGKILL');
      await exit;
      await rm(directory, { recursive: true });
    },
  };
}

async function connect(control: string, hasEnded: () => boolean): Promise<Awaited<ReturnType<typeof openQmp>>> {
  for (let tries = 0; tries < 100 && !hasEnded(); tries += 1) {
    const socket = createConnection(control);
    try {
      await once(socket, 'connect');
      return await openQmp(socket);
    } catch {
      socket.destroy();
      await pause(50);
    }
  }
  throw new Error('QEMU opened no control socket');
}

/**
 * The text memory of Linux's first console, as /dev/vcsa1 gives it to the shell on the serial console: rows, columns, the
 * cursor's column and row, then code and attribute of every cell.
 */
export async function linuxTextMemory(machine: QemuScreen): Promise<TextMemory> {
  const before = machine.serial().length;
  machine.write("echo B''EGIN; base64 </dev/vcsa1; echo E''ND\n");
  const [, encoded = ''] = await machine.says(/BEGIN\s([A-Za-z0-9+/=\s]+)END/, 60, before);
  const bytes = Buffer.from(encoded, 'base64');
  const [rows = 0, columns = 0, x = 0, y = 0] = bytes;
  const cells = Array.from({ length: rows * columns }, (_, cell) =>
    attributeCell(bytes[4 + cell * 2] ?? 0, bytes[5 + cell * 2] ?? 0),
  );
  return { columns, rows, cells, cursor: { cell: y * columns + x, from: 14, to: 15 } };
}
