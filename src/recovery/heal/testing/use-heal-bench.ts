/** For a test file: a bench in a directory of its own for each test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type HealBench, openHealBench } from './heal-bench.ts';

/** Call at the top of a test file. */
export function useHealBenches(): () => Promise<HealBench> {
  const opened: { bench: HealBench; directory: string }[] = [];
  afterEach(async () => {
    for (const { bench, directory } of opened.splice(0)) {
      await bench.close();
      await rm(directory, { recursive: true, force: true });
    }
  });
  return async () => {
    const directory = await mkdtemp(join(tmpdir(), 'athanor-heal-'));
    const bench = await openHealBench(directory);
    opened.push({ bench, directory });
    return bench;
  };
}
