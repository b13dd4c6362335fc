import { execFileSync, spawn } from 'node:child_process';
import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { renameSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeCpio } from '../../protocols/cpio/index.ts';

const cache = '.cache/netboot-test';

/** A Debian cloud kernel, taken from its package; fetched from the archive the first time. */
export function guestKernel(): string {
  const kernel = join(cache, 'vmlinuz');
  if (existsSync(kernel)) return kernel;
  mkdirSync(cache, { recursive: true });
  const isPackage = (name: string) => /^linux-image-\d.*-cloud-amd64_.*\.deb$/.test(name);
  const shared = existsSync('.cache/debian') ? readdirSync('.cache/debian').find(isPackage) : undefined;
  let archive = shared === undefined ? undefined : join('.cache/debian', shared);
  if (archive === undefined) {
    const depends = execFileSync('apt-cache', ['depends', 'linux-image-cloud-amd64'], { encoding: 'utf8' });
    const name = /Depends: (linux-image-\d\S+)/.exec(depends)?.[1];
    if (name === undefined) throw new Error('apt knows no linux-image-cloud-amd64: run apt-get update');
    execFileSync('apt-get', ['download', name], { cwd: cache, stdio: 'ignore' });
    archive = join(cache, readdirSync(cache).find(isPackage) ?? name);
  }
  const unpacked = join(cache, 'unpacked');
  execFileSync('dpkg-deb', ['-x', archive, unpacked]);
  const found = readdirSync(join(unpacked, 'boot')).find((name) => name.startsWith('vmlinuz-'));
  if (found === undefined) throw new Error(`no kernel in ${archive}`);
  renameSync(join(unpacked, 'boot', found), kernel);
  return kernel;
}

const init = `#!/bin/busybox sh
/bin/busybox mount -t devtmpfs dev /dev
exec >/dev/ttyS0 2>&1 </dev/ttyS0
/bin/busybox mount -t proc proc /proc
echo "GUEST ticket=[$(/bin/busybox cat /athanor/ticket)]"
echo "GUEST mode=[$(/bin/busybox stat -c %a:%u /athanor /athanor/ticket | /bin/busybox tr '\\n' ' ')]"
echo "GUEST cmdline=[$(/bin/busybox cat /proc/cmdline)]"
/bin/busybox poweroff -f
`;

/**
 * A ramdisk that prints its ticket and kernel parameters on the serial port and powers off. Its length is odd, so that an
 * archive after it arrives only if somebody aligns it.
 */
export function writeGuestInitrd(path: string): void {
  const busybox = readFileSync('/usr/bin/busybox');
  for (let filler = 0; filler < 64; filler++) {
    const archive = encodeCpio([
      { path: 'bin/busybox', mode: 0o755, data: busybox },
      { path: 'init', mode: 0o755, data: init },
      { path: 'filler', mode: 0o644, data: Buffer.alloc(filler, filler) },
      { path: 'dev', mode: 0o755 },
      { path: 'proc', mode: 0o555 },
    ]);
    const compressed = gzipSync(archive, { level: 1 });
    if (compressed.length % 2 === 0) continue;
    writeFileSync(path, compressed);
    return;
  }
  throw new Error('no odd length found');
}

/** A bridge with this server's address and a tap for one guest; returns what takes both away. */
export function makeGuestNetwork(bridge: string, address: string, tap?: string): () => void {
  const ip = (...args: string[]) => execFileSync('ip', args);
  ip('link', 'add', bridge, 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0');
  ip('address', 'add', `${address}/24`, 'dev', bridge);
  ip('link', 'set', bridge, 'up');
  if (tap !== undefined) {
    ip('tuntap', 'add', tap, 'mode', 'tap');
    ip('link', 'set', tap, 'master', bridge, 'up');
  }
  return () => {
    if (tap !== undefined) ip('link', 'delete', tap);
    ip('link', 'delete', bridge);
  };
}

/** Prints what follows the code on the first serial port, then halts. Loaded at 0000:7C00. */
const bootCode = Buffer.from(
  '31c08ed8' + // xor ax, ax; mov ds, ax
    'baf803' + // mov dx, 0x3f8
    'be167c' + // mov si, message
    'ac84c07403eeebf8' + // next: lodsb; test al, al; jz halt; out dx, al; jmp next
    'faf4ebfd', // halt: cli; hlt; jmp halt
  'hex',
);

/** A disk that starts on BIOS (boot sector) and on UEFI (a FAT file system with GRUB), and says so on the serial port. */
export function writeGuestDisk(disk: string, directory: string): void {
  const loader = join(directory, 'BOOTX64.EFI');
  const configuration = join(directory, 'grub.cfg');
  writeFileSync(configuration, 'serial --unit=0\nterminal_output serial\necho DISK BOOTED BY UEFI\nsleep 60\n');
  const modules = ['normal', 'serial', 'echo', 'sleep', 'terminal'];
  execFileSync('grub-mkimage', ['-O', 'x86_64-efi', '-p', '/', '-c', configuration, '-o', loader, ...modules]);
  const size = 64 * 1024 * 1024;
  writeFileSync(disk, '');
  truncateSync(disk, size);
  const first = 2048;
  execFileSync('mformat', ['-i', `${disk}@@${first * 512}`, '-F', '-T', String(size / 512 - first), '::']);
  for (const folder of ['::/EFI', '::/EFI/BOOT']) execFileSync('mmd', ['-i', `${disk}@@${first * 512}`, folder]);
  execFileSync('mcopy', ['-i', `${disk}@@${first * 512}`, loader, '::/EFI/BOOT/BOOTX64.EFI']);
  const sector = Buffer.alloc(512);
  sector.set(Buffer.concat([bootCode, Buffer.from('DISK BOOTED BY BIOS\r\n\0')]));
  sector.set([0x80, 0, 0, 0, 0xef, 0, 0, 0], 446);
  sector.writeUInt32LE(first, 454);
  sector.writeUInt32LE(size / 512 - first, 458);
  sector.writeUInt16LE(0xaa55, 510);
  const handle = openSync(disk, 'r+');
  writeSync(handle, sector, 0, 512, 0);
  closeSync(handle);
}

export interface Guest {
  /** All the serial port said, once the guest has powered off or was stopped. */
  done: Promise<string>;
  /** Resolves once the serial port has said it; rejects when the guest ends before. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  stop(): void;
}

export interface GuestOptions {
  firmware: 'bios' | 'uefi';
  tap: string;
  mac: string;
  directory: string;
  /** Without QEMU's own network ROM, which is iPXE already: the firmware itself boots. UEFI only. */
  withoutRom?: boolean;
  /** A raw disk, after the network in boot order. */
  disk?: string;
  /** Further QEMU arguments. */
  extra?: string[];
}

/** Starts a QEMU server that boots from the network. Emulated throughout; its end is the caller's to await. */
export function startGuest(options: GuestOptions): Guest {
  const { firmware, tap, mac, directory } = options;
  const args = ['-machine', 'pc,accel=tcg', '-cpu', 'qemu64', '-m', '512', '-display', 'none', '-monitor', 'none'];
  args.push('-serial', 'stdio', '-no-reboot', '-netdev', `tap,id=n0,ifname=${tap},script=no,downscript=no`);
  args.push(
    '-device',
    `virtio-net-pci,netdev=n0,mac=${mac},bootindex=1${options.withoutRom === true ? ',romfile=' : ''}`,
  );
  if (options.disk !== undefined) {
    args.push('-drive', `file=${options.disk},if=none,id=d0,format=raw,snapshot=on`);
    args.push('-device', 'virtio-blk-pci,drive=d0,bootindex=2');
  }
  if (firmware === 'uefi') {
    const variables = join(directory, `${tap}.fd`);
    copyFileSync('/usr/share/OVMF/OVMF_VARS_4M.fd', variables);
    args.push('-drive', `if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd`);
    args.push('-drive', `if=pflash,format=raw,file=${variables}`);
  }
  args.push(...(options.extra ?? []));
  const child = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let serial = '';
  const waiting = new Set<() => void>();
  let ended = false;
  const hear = (data: Buffer) => {
    serial += data.toString('latin1');
    for (const look of waiting) look();
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const done = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      ended = true;
      for (const look of waiting) look();
      resolve(serial);
    });
  });
  return {
    done,
    said: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const match = pattern.exec(serial);
          if (match === null && !ended) return;
          waiting.delete(look);
          if (match === null) reject(new Error(`the guest ended without saying ${pattern}: ${serial.slice(-2000)}`));
          else resolve(match);
        };
        waiting.add(look);
        look();
      }),
    stop: () => void child.kill('SIGKILL'),
  };
}
