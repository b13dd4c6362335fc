/**
 * The ramdisk an operator writes by hand for `wget | dd`: busybox, the virtio modules of the same kernel, one script.
 * Packed by Debian's cpio, not compressed (that is the faster way here), loaded by insmod in a fixed order: nothing is
 * looked for, for its author knows the machine. It checks no digest and reads nothing back.
 */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { run } from '../lab/index.ts';
import { fetchPackages, kernelPackageOf, unpackPackage } from '../ramdisk/debian-packages.ts';

const busybox = '/bin/busybox';

/** In the order in which insmod takes them. */
const modules = ['virtio_ring', 'virtio', 'virtio_pci_legacy_dev', 'virtio_pci_modern_dev', 'virtio_pci'].concat([
  'failover',
  'net_failover',
  'virtio_net',
  'virtio_blk',
]);

const udhcpcScript = `#!/bin/sh
[ "$1" = bound ] && ip address add $ip/$mask dev $interface
exit 0
`;

const init = (imageUrl: string, names: readonly string[]): string => `#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
echo PEER start
for module in ${names.join(' ')}; do insmod /modules/$module.ko; done
ip link set eth0 up
udhcpc -n -q -i eth0 -s /udhcpc.script >/dev/null 2>&1
echo PEER dhcp
while [ ! -b /dev/vda ]; do sleep 0.1; done
echo PEER write-begin
wget -q -O - ${imageUrl} | dd of=/dev/vda bs=1M 2>/dev/null
sync
echo PEER write-end
echo PEER reboot
reboot -f
`;

/** Writes `vmlinuz` (copied from the given file) and `initrd.img` into `directory`, beside the image to be served. */
export async function buildPeerRamdisk(options: {
  directory: string;
  /** Of the ramdisk's kernels (`vmlinuz-FLAVOUR`), the one that both contestants boot. */
  vmlinuz: string;
  flavour: string;
  imageUrl: string;
  packageCache: string;
}): Promise<void> {
  const { directory, vmlinuz, flavour, imageUrl, packageCache } = options;
  const work = path.join(directory, '../peer-ramdisk');
  const root = path.join(work, 'root');
  const [metapackage] = await fetchPackages(packageCache, [`linux-image-${flavour}`]);
  if (metapackage === undefined) throw new Error(`no linux-image-${flavour}`);
  const packages = await fetchPackages(packageCache, [await kernelPackageOf(metapackage), 'busybox-static']);
  for (const one of packages) await unpackPackage(one, path.join(work, 'packages'));
  for (const name of ['bin', 'dev', 'proc', 'sys', 'modules', 'tmp'])
    await mkdir(path.join(root, name), { recursive: true });
  await copyFile(path.join(work, 'packages', busybox), path.join(root, busybox));
  await run('chroot', [root, busybox, '--install', '-s', '/bin']);
  const files = await readdir(path.join(work, 'packages/lib/modules'), { recursive: true });
  const present: string[] = [];
  for (const name of modules) {
    const file = files.find((candidate) => path.basename(candidate) === `${name}.ko`);
    if (file === undefined) continue; // built into this kernel
    present.push(name);
    await copyFile(path.join(work, 'packages/lib/modules', file), path.join(root, 'modules', `${name}.ko`));
  }
  for (const [name, text] of [
    ['init', init(imageUrl, present)],
    ['udhcpc.script', udhcpcScript],
  ] as const) {
    await writeFile(path.join(root, name), text);
    await chmod(path.join(root, name), 0o755);
  }
  await mkdir(directory, { recursive: true });
  await promisify(execFile)('sh', [
    '-ec',
    'cd "$1" && find . | cpio --quiet -H newc -R 0:0 -o > "$2"',
    'pack',
    root,
    path.join(directory, 'initrd.img'),
  ]);
  await copyFile(vmlinuz, path.join(directory, 'vmlinuz'));
}
