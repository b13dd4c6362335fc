/**
 * Lays out a disk image that starts by BIOS and by UEFI, without loop devices, mounts or root.
 *
 * | where           | what                                                                    |
 * | --------------- | ----------------------------------------------------------------------- |
 * | sector 0        | GRUB's boot sector and the MBR partition table                          |
 * | sectors 1–2047  | GRUB's core image for BIOS                                              |
 * | partition 1     | FAT16, type EFh: BOOTX64.EFI, grub.cfg, kernel, initramfs               |
 * | partition 2     | ext4 "athanor-root": etc/lab-release and data                           |
 */
import { execFile } from 'node:child_process';
import { createCipheriv } from 'node:crypto';
import { mkdir, open, readFile, truncate, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const MEBIBYTE = 2 ** 20;
const SECTOR = 512;
const espMebibytes = 24;
const rootMebibytes = 47;
const dataMebibytes = 32;

/** Fixed, so that the same inputs give the same image. */
const epoch = '1700000000';
const diskSignature = 0x41544852;
const filesystemId = 'a7ba4047-0000-4000-8000-a7ba40470001';
const fixedEnvironment = { SOURCE_DATE_EPOCH: epoch, E2FSPROGS_FAKE_TIME: epoch, TZ: 'UTC', MTOOLS_SKIP_CHECK: '1' };

const execute = promisify(execFile);

async function run(program: string, args: readonly string[]): Promise<void> {
  try {
    await execute(program, [...args], {
      env: { ...process.env, ...fixedEnvironment, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new Error(
        `${program} is not installed (Debian: grub-pc-bin grub-efi-amd64-bin grub-common mtools dosfstools e2fsprogs)`,
      );
    }
    throw error;
  }
}

/** Bytes that do not compress and are the same each time. */
function fixedNoise(length: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16)).update(Buffer.alloc(length));
}

const grubModules =
  'part_msdos fat search search_fs_file configfile normal linux serial terminal echo boot minicmd reboot halt'.split(
    ' ',
  );

async function grubImage(work: string, format: 'i386-pc' | 'x86_64-efi', modules: readonly string[]): Promise<string> {
  const early = path.join(work, 'early.cfg');
  const output = path.join(work, format);
  await writeFile(early, 'search --file --set=root /athanor-lab-os\nset prefix=($root)/grub\nconfigfile /grub.cfg\n');
  const options = ['-d', `/usr/lib/grub/${format}`, '-O', format, '-p', '/grub', '-c', early, '-o', output];
  await run('grub-mkimage', [...options, ...grubModules, ...modules]);
  return output;
}

async function makeEsp(work: string, files: Record<string, Buffer | string>): Promise<string> {
  const image = path.join(work, 'esp');
  const tree = path.join(work, 'esp-tree');
  await writeFile(image, '');
  await truncate(image, espMebibytes * MEBIBYTE);
  await run('mkfs.vfat', ['--invariant', '-F', '16', '-h', '2048', '-n', 'ATHANOR', image]);
  const time = new Date(Number(epoch) * 1000);
  const top = new Set<string>();
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(tree, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, content);
    for (let at = file; at !== tree; at = path.dirname(at)) await utimes(at, time, time);
    top.add(path.join(tree, name.split('/', 1).join('')));
  }
  await run('mcopy', ['-i', image, '-s', '-m', '-Q', ...top, '::']);
  return image;
}

async function makeRoot(work: string, imageId: string): Promise<string> {
  const image = path.join(work, 'root');
  const release = path.join(work, 'lab-release');
  const data = path.join(work, 'data');
  await writeFile(release, `${imageId}\n`);
  await writeFile(data, fixedNoise(dataMebibytes * MEBIBYTE));
  await writeFile(image, '');
  await truncate(image, rootMebibytes * MEBIBYTE);
  const features = `hash_seed=${filesystemId},lazy_itable_init=0,lazy_journal_init=0`;
  await run('mkfs.ext4', ['-q', '-L', 'athanor-root', '-U', filesystemId, '-E', features, '-m', '0', image]);

  // debugfs writes files with the fixed time; mkfs.ext4 -d would take the times of this moment along.
  const commands = path.join(work, 'debugfs-commands');
  await writeFile(commands, `mkdir etc\nwrite ${release} etc/lab-release\nmkdir data\nwrite ${data} data/noise\n`);
  await run('debugfs', ['-w', '-f', commands, image]);
  return image;
}

function partitionTable(): Buffer {
  const table = Buffer.alloc(72);
  table.writeUInt32LE(diskSignature, 0);
  const entry = (index: number, active: number, type: number, startMebibyte: number, mebibytes: number): void => {
    const at = 6 + index * 16;
    table[at] = active;
    table.fill(0xfe, at + 1, at + 4);
    table[at + 4] = type;
    table.fill(0xfe, at + 5, at + 8);
    table.writeUInt32LE((startMebibyte * MEBIBYTE) / SECTOR, at + 8);
    table.writeUInt32LE((mebibytes * MEBIBYTE) / SECTOR, at + 12);
  };
  entry(0, 0x80, 0xef, 1, espMebibytes);
  entry(1, 0, 0x83, 1 + espMebibytes, rootMebibytes);
  table.writeUInt16LE(0xaa55, 70);
  return table;
}

/** Writes the image to `target`; `work` is an empty folder for what lies between. */
export async function writeDiskImage(
  target: string,
  work: string,
  parts: { imageId: string; kernel: Buffer; initrd: Buffer; grubConfiguration: string },
): Promise<void> {
  const core = await readFile(await grubImage(work, 'i386-pc', ['biosdisk']));
  const efi = await readFile(await grubImage(work, 'x86_64-efi', ['efi_gop']));
  if (core.length > 2047 * SECTOR)
    throw new Error(`GRUB's core image does not fit before the first partition: ${core.length}`);
  const esp = await makeEsp(work, {
    'EFI/BOOT/BOOTX64.EFI': efi,
    'athanor-lab-os': `${parts.imageId}\n`,
    'grub.cfg': parts.grubConfiguration,
    initrd: parts.initrd,
    vmlinuz: parts.kernel,
  });
  const root = await makeRoot(work, parts.imageId);
  const disk = await open(target, 'w');
  try {
    const bootSector = await readFile('/usr/lib/grub/i386-pc/boot.img');
    await disk.write(bootSector, 0, 440, 0);
    await disk.write(partitionTable(), 0, undefined, 440);
    await disk.write(core, 0, undefined, SECTOR);
    await disk.write(await readFile(esp), 0, undefined, MEBIBYTE);
    await disk.write(await readFile(root), 0, undefined, (1 + espMebibytes) * MEBIBYTE);
  } finally {
    await disk.close();
  }
}
