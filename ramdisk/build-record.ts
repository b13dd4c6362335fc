/** Remembers what a build was made from, so that a warm build is skipped, and writes its files so that none is ever half there. */
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

export interface BuiltFile {
  name: string;
  sizeBytes: number;
  sha256: string;
}

export const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

/** A digest over the build's own sources (everything in the folders but tests and pages, recursively) and its options. */
export async function digestOfSources(directories: readonly string[], options: unknown): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(options));
  for (const directory of directories) {
    const names = (await readdir(directory, { recursive: true })).filter(
      (name) => !/^testing\b|\.(test\.ts|md)$/.test(name),
    );
    for (const name of names.toSorted()) {
      const file = path.join(directory, name);
      if ((await stat(file)).isFile()) hash.update(`\0${name}\0${sha256(await readFile(file))}`);
    }
  }
  return hash.digest('hex');
}

/** Writes beside the target and renames: a reader sees the old file or the new one. */
export async function writeWhole(directory: string, name: string, content: Buffer | string): Promise<BuiltFile> {
  await mkdir(directory, { recursive: true });
  const temporary = path.join(directory, `.${name}.${process.pid}`);
  await writeFile(temporary, content);
  await rename(temporary, path.join(directory, name));
  return { name, sizeBytes: Buffer.byteLength(content), sha256: sha256(content) };
}

/** Whether the record in `directory` says that its files were made from these sources, and they are still there. */
export async function isFresh(directory: string, recordName: string, sources: string): Promise<boolean> {
  try {
    const record: unknown = JSON.parse(await readFile(path.join(directory, recordName), 'utf8'));
    if (typeof record !== 'object' || record === null || !('sources' in record) || !('files' in record)) return false;
    if (record.sources !== sources || !Array.isArray(record.files)) return false;
    for (const file of record.files as unknown[]) {
      if (typeof file !== 'object' || file === null || !('name' in file) || !('sizeBytes' in file)) return false;
      if ((await stat(path.join(directory, String(file.name)))).size !== file.sizeBytes) return false;
    }
    return true;
  } catch {
    return false;
  }
}
