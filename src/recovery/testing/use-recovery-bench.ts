/** For a test file: benches on stores of their own. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type DatabaseChoice, openStore } from '../../store/index.ts';
import type { RecoverySettings } from '../watch/ports.ts';
import { createRecoveryBench, type RecoveryBench, type ScriptedMachine } from './recovery-bench.ts';

export interface OpenBench {
  (settings?: Partial<RecoverySettings>, database?: DatabaseChoice): Promise<RecoveryBench>;
}

/** Call at the top of a test file. */
export function useRecoveryBenches(): OpenBench {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  return async (settings = {}, database) => {
    const directory = await mkdtemp(join(tmpdir(), 'athanor-recovery-'));
    let time = Date.parse('2026-01-01T00:00:00Z');
    const clock = { now: () => time, skip: (ms: number) => void (time += ms) };
    const store = await openStore({
      database: database ?? { kind: 'sqlite', file: join(directory, 'athanor.db') },
      keyFile: join(directory, 'key'),
      clock,
      random: randomBytes,
    });
    const bench = createRecoveryBench({ store, directory, settings, clock });
    closing.push(async () => {
      await bench.close();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    });
    return bench;
  };
}

export const panic: readonly string[] = ['[ 12.3] Kernel panic - not syncing: test', '---[ end Kernel panic'];

/** It beats no more, shows this, and is missed. */
export async function fallSilent(
  bench: RecoveryBench,
  machine: ScriptedMachine,
  screen: readonly string[] | null = panic,
): Promise<void> {
  machine.alive = false;
  machine.screen = screen;
  await bench.pass(30_000);
}
