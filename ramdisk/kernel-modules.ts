/** The modules of an unpacked kernel package that the ramdisk takes, and the tables by which modprobe finds them. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

export interface KernelModule {
  /** As the kernel names it: with underscores. */
  name: string;
  /** Below the module directory, e.g. `kernel/drivers/net/virtio_net.ko`. */
  file: string;
  content: Buffer;
  aliases: string[];
  dependencies: string[];
}

const underscored = (name: string): string => name.replaceAll('-', '_');

/** The `key=value` texts of one key in a module's ELF section `.modinfo`, where each ends in a NUL. */
function modinfo(content: Buffer, key: string): string[] {
  const values: string[] = [];
  const mark = Buffer.from(`\0${key}=`);
  for (let at = content.indexOf(mark); at >= 0; at = content.indexOf(mark, at + mark.length)) {
    const start = at + mark.length;
    values.push(content.toString('latin1', start, content.indexOf(0, start)));
  }
  return values;
}

async function readModule(moduleDirectory: string, name: string, file: string): Promise<KernelModule> {
  const content = await readFile(path.join(moduleDirectory, file));
  const depends = modinfo(content, 'depends').flatMap((list) => list.split(','));
  const dependencies = depends.filter((dependency) => dependency !== '').map(underscored);
  return { name, file, content, aliases: modinfo(content, 'alias'), dependencies };
}

/** The wanted modules that `moduleDirectory` has, with all they need, each behind what it needs. */
export async function selectModules(moduleDirectory: string, wanted: readonly string[]): Promise<KernelModule[]> {
  const files = await readdir(moduleDirectory, { recursive: true });
  const byName = new Map(
    files.filter((file) => file.endsWith('.ko')).map((file) => [underscored(path.basename(file, '.ko')), file]),
  );
  const taken = new Map<string, KernelModule>();
  const take = async (name: string): Promise<void> => {
    const file = byName.get(name);
    if (file === undefined || taken.has(name)) return;
    const module = await readModule(moduleDirectory, name, file);
    for (const dependency of module.dependencies) await take(dependency);
    taken.set(name, module);
  };
  for (const name of wanted) await take(underscored(name));
  return [...taken.values()];
}

/**
 * `modules.dep`: each module's file, a colon, and the files of all it needs, the most basic one last (modprobe loads them
 * from the end). `modules` must be in load order, as selectModules gives them.
 */
export function modulesDep(modules: readonly KernelModule[]): string {
  const byName = new Map(modules.map((module) => [module.name, module]));
  const needs = (name: string): string[] => {
    const direct = byName.get(name)?.dependencies ?? [];
    return direct.flatMap((dependency) => [dependency, ...needs(dependency)]);
  };
  return modules
    .map((module) => {
      const needed = new Set(needs(module.name));
      const files = modules.filter((other) => needed.has(other.name)).map((other) => other.file);
      return `${module.file}: ${files.toReversed().join(' ')}`.trimEnd();
    })
    .join('\n')
    .concat('\n');
}

/** `modules.alias`: which module answers to which pattern of device identifiers. */
export function modulesAlias(modules: readonly KernelModule[]): string {
  return modules.flatMap(({ name, aliases }) => aliases.map((alias) => `alias ${alias} ${name}\n`)).join('');
}
