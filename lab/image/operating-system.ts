/** The kernel and the initramfs of the lab's operating system, from the same Debian packages as the ramdisk. */
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { modulesAlias, modulesDep, selectModules } from '../../ramdisk/kernel-modules.ts';
import { type CpioEntry, encodeCpio } from '../../src/protocols/cpio/index.ts';

/** The cloud flavour: it starts fastest, and this system only ever runs in QEMU. */
export const kernelMetapackage = 'linux-image-cloud-amd64';

/** Where the agent's script is: it runs in the lab's system as on any other. */
export const agentDirectory = path.join(import.meta.dirname, '../../agent');

const drivers = ['virtio_pci', 'virtio_net', 'virtio_blk', 'virtio_scsi', 'sd_mod', 'ata_piix', 'button', 'evdev'];

async function onlyName(directory: string): Promise<string> {
  const [name, ...others] = await readdir(directory);
  if (name === undefined || others.length > 0) throw new Error(`${directory} should hold one file`);
  return name;
}

export async function operatingSystem(
  kernelDirectory: string,
  busyboxDirectory: string,
): Promise<{ kernel: Buffer; initrd: Buffer }> {
  const version = await onlyName(path.join(kernelDirectory, 'lib/modules'));
  const modules = await selectModules(path.join(kernelDirectory, 'lib/modules', version), drivers);
  const place = (file: string): string => `lib/modules/${version}/${file}`;
  const own = async (name: string): Promise<Buffer> => readFile(path.join(import.meta.dirname, name));
  const entries: CpioEntry[] = [
    ...['dev', 'mnt', 'proc', 'run', 'sys', 'tmp'].map((name) => ({ path: name, mode: 0o755 })),
    { path: 'init', mode: 0o755, data: await own('init') },
    { path: 'bin/busybox', mode: 0o755, data: await readFile(path.join(busyboxDirectory, 'bin/busybox')) },
    { path: 'bin/athanor-agent', mode: 0o755, data: await readFile(path.join(agentDirectory, 'athanor-agent')) },
    { path: 'etc/udhcpc.script', mode: 0o755, data: await own('udhcpc.script') },
    { path: place('modules.dep'), mode: 0o644, data: modulesDep(modules) },
    { path: place('modules.alias'), mode: 0o644, data: modulesAlias(modules) },
    { path: place('modules.symbols'), mode: 0o644, data: '' },
    ...modules.map(({ file, content }) => ({ path: place(file), mode: 0o644, data: content })),
  ];
  const kernel = await readFile(path.join(kernelDirectory, 'boot', `vmlinuz-${version}`));
  return { kernel, initrd: encodeCpio(entries) };
}
