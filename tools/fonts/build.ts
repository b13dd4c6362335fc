/**
 * Takes the fonts that screens are read with from Debian packages: `node tools/fonts/build.ts --output build/fonts`.
 * They are under the GPL and LGPL, so they are never part of the source.
 *
 * | file           | holds (PSF2, see glyphs.ts)                                                          |
 * | -------------- | ------------------------------------------------------------------------------------ |
 * | vga-9x16.psf   | what a VGA adapter draws text with: the font in SeaBIOS's VGA BIOS (package seabios)  |
 * | fbcon-8x16.psf | what Linux draws its framebuffer console with: `font_8x16` out of the cloud kernel   |
 * | manifest.json  | packages, versions, sizes, digests                                                   |
 */
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { digestOfSources, isFresh, writeWhole } from '../../ramdisk/build-record.ts';
import { type DebianPackage, fetchPackages, kernelPackageOf, unpackPackage } from '../../ramdisk/debian-packages.ts';
import { encodePsf2, findFont, unpackKernel } from './glyphs.ts';

const root = path.resolve(import.meta.dirname, '../..');
const kernelMetapackage = 'linux-image-cloud-amd64';

const { values } = parseArgs({
  options: {
    output: { type: 'string', default: path.join(root, 'build/fonts') },
    cache: { type: 'string', default: path.join(root, '.cache/debian') },
    refresh: { type: 'boolean', default: false },
  },
});

/** The font in the one file of `directory` in the package whose name begins so. */
async function fontFrom(
  work: string,
  source: { from: DebianPackage; directory: string; beginning: string },
  unpack: (content: Buffer) => Buffer,
): Promise<Buffer> {
  const unpacked = path.join(work, source.from.name);
  await unpackPackage(source.from, unpacked);
  const directory = path.join(unpacked, source.directory);
  const [name, ...others] = (await readdir(directory)).filter((file) => file.startsWith(source.beginning));
  if (name === undefined || others.length > 0) {
    throw new Error(`${source.from.name} should hold one ${source.directory}/${source.beginning}`);
  }
  try {
    return encodePsf2(findFont(unpack(await readFile(path.join(directory, name)))));
  } catch (error) {
    throw new Error(`no font could be taken from ${name} of ${source.from.name} ${source.from.version}`, {
      cause: error,
    });
  }
}

async function build(sources: string): Promise<void> {
  const { output, cache, refresh } = values;
  const [seabios, metapackage] = await fetchPackages(cache, ['seabios', kernelMetapackage], { refresh });
  if (seabios === undefined || metapackage === undefined) throw new Error('packages are missing');
  const [kernel] = await fetchPackages(cache, [await kernelPackageOf(metapackage)], { refresh });
  if (kernel === undefined) throw new Error('the kernel package is missing');
  await mkdir(output, { recursive: true });
  const work = await mkdtemp(path.join(output, '.work-'));
  try {
    const firmware = { from: seabios, directory: 'usr/share/seabios', beginning: 'vgabios-stdvga.bin' };
    const vga = await fontFrom(work, firmware, (content) => content);
    const fbcon = await fontFrom(work, { from: kernel, directory: 'boot', beginning: 'vmlinuz-' }, unpackKernel);
    const files = [await writeWhole(output, 'vga-9x16.psf', vga), await writeWhole(output, 'fbcon-8x16.psf', fbcon)];
    const packages = [seabios, kernel].map(({ name, version, sha256 }) => ({ name, version, sha256 }));
    await writeWhole(output, 'manifest.json', `${JSON.stringify({ packages, files, sources }, undefined, 2)}\n`);
    for (const file of files) console.log(`${path.join(output, file.name)}  ${file.sizeBytes} bytes  ${file.sha256}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

const sources = await digestOfSources([import.meta.dirname], {});
if (!values.refresh && (await isFresh(values.output, 'manifest.json', sources))) {
  console.log(`${values.output} is up to date`);
} else {
  await build(sources);
}
