/** What is inside the ramdisk: which file of which package, or of this folder, stands where. */
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { CpioEntry } from '../src/protocols/cpio/index.ts';
import { modulesAlias, modulesDep, selectModules } from './kernel-modules.ts';

/** The packages besides the kernels. */
export const packageNames: readonly string[] = ['busybox-static', 'perl-base', 'libc6', 'libcrypt1'];

const libraries = '/lib/x86_64-linux-gnu';

/** Path in the ramdisk → package and path in it. Libraries stand under the name by which programs ask for them. */
const fromPackages: readonly [target: string, packageName: string, source: string][] = [
  ['/bin/busybox', 'busybox-static', '/bin/busybox'],
  ['/bin/perl', 'perl-base', '/usr/bin/perl'],
  ['/lib64/ld-linux-x86-64.so.2', 'libc6', `${libraries}/ld-linux-x86-64.so.2`],
  [`${libraries}/libc.so.6`, 'libc6', `${libraries}/libc.so.6`],
  [`${libraries}/libm.so.6`, 'libc6', `${libraries}/libm.so.6`],
  [`${libraries}/libcrypt.so.1`, 'libcrypt1', `${libraries}/libcrypt.so.1`],
  // The only Perl module that the agent uses beside its own.
  ['/usr/lib/x86_64-linux-gnu/perl-base/strict.pm', 'perl-base', '/usr/lib/x86_64-linux-gnu/perl-base/strict.pm'],
];

const executable = /^\/(bin|lib64)\//;

const sourceDirectory = import.meta.dirname;

async function packageFiles(unpacked: (packageName: string) => string): Promise<CpioEntry[]> {
  return await Promise.all(
    fromPackages.map(async ([target, packageName, source]) => ({
      path: target,
      mode: executable.test(target) ? 0o755 : 0o644,
      data: await readFile(path.join(unpacked(packageName), source)),
    })),
  );
}

async function agentFiles(): Promise<CpioEntry[]> {
  const modules = (await readdir(path.join(sourceDirectory, 'agent')))
    .filter((name) => name.endsWith('.pm'))
    .toSorted();
  const files: [target: string, source: string, mode: number][] = [
    ['/init', 'init', 0o755],
    ['/athanor/agent.pl', 'agent.pl', 0o755],
    ['/athanor/udhcpc.script', 'udhcpc.script', 0o755],
    ...modules.map((name): [string, string, number] => [`/athanor/agent/${name}`, `agent/${name}`, 0o644]),
  ];
  return await Promise.all(
    files.map(async ([target, source, mode]) => ({
      path: target,
      mode,
      data: await readFile(path.join(sourceDirectory, source)),
    })),
  );
}

async function moduleFiles(kernelDirectory: string, drivers: readonly string[]): Promise<CpioEntry[]> {
  const versions = path.join(kernelDirectory, 'lib/modules');
  const [version, ...others] = await readdir(versions);
  if (version === undefined || others.length > 0) throw new Error(`${versions} should hold one kernel version`);
  const modules = await selectModules(path.join(versions, version), drivers);
  const place = (file: string): string => `/lib/modules/${version}/${file}`;
  return [
    { path: place('modules.dep'), mode: 0o644, data: modulesDep(modules) },
    { path: place('modules.alias'), mode: 0o644, data: modulesAlias(modules) },
    { path: place('modules.symbols'), mode: 0o644, data: '' },
    ...modules.map(({ file, content }) => ({ path: place(file), mode: 0o644, data: content })),
  ];
}

/** All files of the ramdisk for one kernel, given where each package is unpacked, sorted by path. */
export async function ramdiskContents(
  unpacked: (packageName: string) => string,
  kernelPackage: string,
  drivers: readonly string[],
): Promise<CpioEntry[]> {
  const mountPoints = ['/dev', '/proc', '/run', '/sys', '/tmp'].map((name) => ({ path: name, mode: 0o755 }));
  const modules = await moduleFiles(unpacked(kernelPackage), drivers);
  const files = [...mountPoints, ...(await packageFiles(unpacked)), ...(await agentFiles()), ...modules];
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
