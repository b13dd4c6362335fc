/**
 * Checks that imports follow the arrows of the design, and that the check itself can fail: it first cruises a copy with
 * one planted breach per rule and demands that each is reported. A tool that reads nothing also reports nothing.
 */
import { cp, mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { spawnSync } from 'node:child_process';

interface Cruise {
  modules: { source: string }[];
  summary: { violations: { from: string; to: string; rule: { name: string } }[] };
}

const root = resolve(import.meta.dirname, '..');
const cli = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');

function cruise(directory: string): Cruise {
  const run = spawnSync(
    process.execPath,
    [cli, '--config', join(root, '.dependency-cruiser.mjs'), '--output-type', 'json', 'src'],
    { cwd: directory, encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (run.stdout === '') throw new Error(`dependency-cruiser printed nothing: ${run.stderr}`);
  return JSON.parse(run.stdout) as Cruise;
}

/** Each breach: a file to plant, its text, and the rule that must report it. */
const breaches = [
  {
    file: 'src/protocols/planted-upward.ts',
    text: "import type {} from '../errors/index.ts';\nimport '../store/index.ts';\n",
    rule: 'arrow-from-protocols',
  },
  {
    file: 'src/errors/planted-type.ts',
    text: "import type { Database } from '../store/index.ts';\nexport type Planted = Database;\n",
    rule: 'arrow-from-errors',
  },
  {
    file: 'src/store/planted-side-door.ts',
    text: "import '../errors/planted-inner.ts';\n",
    rule: 'only-through-the-door',
  },
  { file: 'src/errors/planted-inner.ts', text: 'export const planted = 1;\n', rule: '' },
  {
    file: 'src/protocols/planted-package.ts',
    text: "import { z } from 'zod';\nexport const planted = z;\n",
    rule: 'protocols-are-pure',
  },
  { file: 'src/manager/index.ts', text: 'export const planted = 1;\n', rule: '' },
  { file: 'src/store/planted-unknown-room.ts', text: "import '../manager/index.ts';\n", rule: 'known-room' },
  { file: 'src/store/planted-cycle-one.ts', text: "import './planted-cycle-two.ts';\n", rule: 'no-cycles' },
  { file: 'src/store/planted-cycle-two.ts', text: "import './planted-cycle-one.ts';\n", rule: '' },
];

async function checkThatBreachesAreSeen(): Promise<void> {
  const copy = await mkdtemp(join(tmpdir(), 'athanor-arrows-'));
  try {
    await cp(join(root, 'src'), join(copy, 'src'), { recursive: true });
    await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
    await cp(join(root, 'package.json'), join(copy, 'package.json'));
    for (const breach of breaches) {
      await mkdir(resolve(copy, breach.file, '..'), { recursive: true });
      await writeFile(join(copy, breach.file), breach.text);
    }
    const { violations } = cruise(copy).summary;
    for (const { file, rule } of breaches) {
      if (rule === '') continue;
      const seen = violations.some((violation) => violation.from === file && violation.rule.name === rule);
      if (!seen) throw new Error(`the arrow check did not report the planted breach ${file} (${rule})`);
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

await checkThatBreachesAreSeen();
const { modules, summary } = cruise(root);
const own = modules.filter((module) => module.source.startsWith('src/')).length;
if (own === 0) throw new Error('the arrow check read no module of src/');
for (const { from, to, rule } of summary.violations) console.error(`${rule.name}: ${from} → ${to}`);
if (summary.violations.length > 0) process.exit(1);
console.log(
  `arrows hold over ${own} modules; ${breaches.filter((breach) => breach.rule !== '').length} planted breaches were seen`,
);
