/**
 * Builds the lab's disk image: `node lab/image/build.ts --output build/lab-image` makes lab-os.raw, lab-os.raw.sha256 and
 * manifest.json.
 */
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { digestOfSources, isFresh, writeWhole } from '../../ramdisk/build-record.ts';
import { fetchPackages, kernelPackageOf, unpackPackage } from '../../ramdisk/debian-packages.ts';
import { writeDiskImage } from './disk-image.ts';
import { agentDirectory, kernelMetapackage, operatingSystem } from './operating-system.ts';

const root = path.resolve(import.meta.dirname, '../..');
const imageName = 'lab-os.raw';

const { values } = parseArgs({
  options: {
    output: { type: 'string', default: path.join(root, 'build/lab-image') },
    cache: { type: 'string', default: path.join(root, '.cache/debian') },
    refresh: { type: 'boolean', default: false },
  },
});

async function build(sources: string): Promise<void> {
  const { output, cache, refresh } = values;
  const [metapackage, busybox] = await fetchPackages(cache, [kernelMetapackage, 'busybox-static'], { refresh });
  if (metapackage === undefined || busybox === undefined) throw new Error('packages are missing');
  const kernels = await fetchPackages(cache, [await kernelPackageOf(metapackage)], { refresh });
  const packages = [...kernels, busybox];
  await mkdir(output, { recursive: true });
  const work = await mkdtemp(path.join(output, '.work-'));
  try {
    const unpacked = (name: string): string => path.join(work, name);
    for (const one of packages) await unpackPackage(one, unpacked(one.name));
    const system = await operatingSystem(unpacked(kernels.map(({ name }) => name).join('')), unpacked(busybox.name));
    const inputs = createHash('sha256').update(system.kernel).update(system.initrd).digest('hex');
    const imageId = `lab-os-${inputs.slice(0, 12)}`;
    const grubConfiguration = await readFile(path.join(import.meta.dirname, 'grub.cfg'), 'utf8');
    const made = path.join(work, imageName);
    await writeDiskImage(made, work, { imageId, ...system, grubConfiguration });
    const content = await readFile(made);
    const sha256 = createHash('sha256').update(content).digest('hex');
    await rename(made, path.join(output, imageName));
    await writeWhole(output, `${imageName}.sha256`, `${sha256}  ${imageName}\n`);
    const described = packages.map(({ name, version, sha256: digest }) => ({ name, version, sha256: digest }));
    const files = [{ name: imageName, sizeBytes: content.length, sha256 }];
    const manifest = { imageId, packages: described, files, sources };
    await writeWhole(output, 'manifest.json', `${JSON.stringify(manifest, undefined, 2)}\n`);
    console.log(`${path.join(output, imageName)}  ${content.length} bytes  ${sha256}  ${imageId}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

// The ramdisk's folder holds how packages are fetched and modules chosen.
const sources = await digestOfSources([import.meta.dirname, path.join(root, 'ramdisk'), agentDirectory], {});
if (!values.refresh && (await isFresh(values.output, 'manifest.json', sources))) {
  console.log(`${path.join(values.output, imageName)} is up to date`);
} else {
  await build(sources);
}
