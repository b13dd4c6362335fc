/**
 * Debian packages fetched with apt and unpacked into a folder of our own: nothing on the host is installed or changed.
 * Fetched files stay in a cache, so that a warm build needs no network.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface DebianPackage {
  name: string;
  version: string;
  sha256: string;
  /** The fetched .deb. */
  file: string;
}

/** `name_version_architecture.deb`, where apt writes the colon of an epoch as %3a. */
const fileName = /^([a-z0-9.+-]+)_([^_]+)_([^_]+)\.deb$/;

async function inCache(cache: string, name: string): Promise<string | undefined> {
  const files = await readdir(cache);
  return files.filter((file) => fileName.exec(file)?.[1] === name).at(-1);
}

async function fetchMissing(cache: string, names: readonly string[]): Promise<void> {
  const incoming = await mkdtemp(path.join(cache, 'incoming-'));
  const apt = (...args: string[]) =>
    run('apt-get', ['-o', 'APT::Sandbox::User=root', '-q', ...args], { cwd: incoming });
  try {
    await apt('download', ...names).catch(async () => {
      // The package lists may be absent, or so old that the archive no longer has what they name.
      await apt('update');
      await apt('download', ...names);
    });
    for (const file of await readdir(incoming)) await rename(path.join(incoming, file), path.join(cache, file));
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error);
    throw new Error(
      `apt-get could not download ${names.join(', ')}.\n${said}\nIf it may not refresh its lists, run as root: apt-get update`,
      { cause: error },
    );
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
}

async function describe(cache: string, name: string): Promise<DebianPackage> {
  const found = await inCache(cache, name);
  if (found === undefined) throw new Error(`apt-get downloaded no ${name}`);
  const file = path.join(cache, found);
  const version = decodeURIComponent(fileName.exec(found)?.[2] ?? '');
  return {
    name,
    version,
    sha256: createHash('sha256')
      .update(await readFile(file))
      .digest('hex'),
    file,
  };
}

/** The named packages, from the cache where it has them; with `refresh`, as apt would choose them today. */
export async function fetchPackages(
  cache: string,
  names: readonly string[],
  options: { refresh?: boolean } = {},
): Promise<DebianPackage[]> {
  await mkdir(cache, { recursive: true });
  const missing: string[] = [];
  for (const name of names) {
    const cached = await inCache(cache, name);
    if (cached !== undefined && options.refresh === true) await rm(path.join(cache, cached));
    if (cached === undefined || options.refresh === true) missing.push(name);
  }
  if (missing.length > 0) await fetchMissing(cache, missing);
  return await Promise.all(names.map((name) => describe(cache, name)));
}

/** The kernel package that a metapackage such as `linux-image-amd64` stands for. */
export async function kernelPackageOf(metapackage: DebianPackage): Promise<string> {
  const { stdout } = await run('dpkg-deb', ['--field', metapackage.file, 'Depends']);
  const name = /\b(linux-image-[0-9][a-z0-9.+-]*)/.exec(stdout)?.[1];
  if (name === undefined) throw new Error(`${metapackage.name} depends on no kernel: ${stdout.trim()}`);
  return name;
}

/** Unpacks the package's files below `directory`. */
export async function unpackPackage(debianPackage: DebianPackage, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await run('dpkg-deb', ['--extract', debianPackage.file, directory]);
}
