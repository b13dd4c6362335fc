/**
 * Builds the ramdisk from Debian packages: `node ramdisk/build.ts --output build/ramdisk`.
 *
 * | file                             | holds                                                                   |
 * | -------------------------------- | ----------------------------------------------------------------------- |
 * | vmlinuz, initrd                  | the flavour chosen by --kernel; by default the one for every machine    |
 * | vmlinuz-FLAVOUR, initrd-FLAVOUR  | each flavour: `amd64`, and `cloud-amd64` for virtual machines           |
 * | manifest.json                    | packages, versions, sizes, digests                                      |
 */
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { encodeCpio } from '../src/protocols/cpio/index.ts';
import { type BuiltFile, digestOfSources, isFresh, writeWhole } from './build-record.ts';
import { packageNames, ramdiskContents } from './contents.ts';
import { fetchPackages, kernelPackageOf, unpackPackage } from './debian-packages.ts';
import { allDrivers, cloudDrivers } from './drivers.ts';

const driversOf: Readonly<Record<string, readonly string[]>> = {
  'linux-image-amd64': allDrivers,
  'linux-image-cloud-amd64': cloudDrivers,
};
const flavours = Object.keys(driversOf);
const root = path.dirname(import.meta.dirname);

const { values } = parseArgs({
  options: {
    output: { type: 'string', default: path.join(root, 'build/ramdisk') },
    cache: { type: 'string', default: path.join(root, '.cache/debian') },
    kernel: { type: 'string', default: 'linux-image-amd64' },
    refresh: { type: 'boolean', default: false },
  },
});

async function onlyFile(directory: string, beginning: string): Promise<Buffer> {
  const names = (await readdir(directory)).filter((name) => name.startsWith(beginning));
  if (names.length !== 1) throw new Error(`${directory} should hold one ${beginning}, it holds ${names.length}`);
  return await readFile(path.join(directory, names.join('')));
}

async function build(sources: string): Promise<void> {
  const { output, cache, kernel, refresh } = values;
  const metapackages = await fetchPackages(cache, flavours, { refresh });
  const kernels = await Promise.all(
    metapackages.map(async (metapackage) => ({
      flavour: metapackage.name,
      short: metapackage.name.replace('linux-image-', ''),
      drivers: driversOf[metapackage.name] ?? [],
      packageName: await kernelPackageOf(metapackage),
    })),
  );
  const kernelPackages = kernels.map(({ packageName }) => packageName);
  const packages = await fetchPackages(cache, [...kernelPackages, ...packageNames], { refresh });
  const work = await mkdtemp(path.join(cache, 'unpacked-'));
  try {
    const unpacked = (name: string): string => path.join(work, name);
    for (const one of packages) await unpackPackage(one, unpacked(one.name));
    const files: BuiltFile[] = [];
    for (const { flavour, short, packageName, drivers } of kernels) {
      const image = await onlyFile(path.join(unpacked(packageName), 'boot'), 'vmlinuz-');
      const initrd = encodeCpio(await ramdiskContents(unpacked, packageName, drivers));
      for (const suffix of flavour === kernel ? ['', `-${short}`] : [`-${short}`]) {
        files.push(await writeWhole(output, `vmlinuz${suffix}`, image));
        files.push(await writeWhole(output, `initrd${suffix}`, initrd));
      }
    }
    const described = packages.map(({ name, version, sha256 }) => ({ name, version, sha256 }));
    const manifest = { kernel, architecture: 'amd64', packages: described, files, sources };
    await writeWhole(output, 'manifest.json', `${JSON.stringify(manifest, undefined, 2)}\n`);
    for (const file of files) console.log(`${path.join(output, file.name)}  ${file.sizeBytes} bytes  ${file.sha256}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

if (!flavours.includes(values.kernel)) {
  console.error(`ramdisk/build: --kernel is one of ${flavours.join(', ')}, not ${values.kernel}`);
  process.exitCode = 2;
} else {
  const sources = await digestOfSources([import.meta.dirname], { kernel: values.kernel });
  if (!values.refresh && (await isFresh(values.output, 'manifest.json', sources))) {
    console.log(`${values.output} is up to date`);
  } else {
    await build(sources);
  }
}
