/** The history wakes whoever waits for a machine, and keeps the boot data what the store says. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Wakeups } from '../install/index.ts';
import type { BootDirectory } from '../machine/index.ts';
import type { OperationLogger } from '../operation/index.ts';

/**
 * Follow the history until the signal. When the database is away, the boot data is derived anew as soon as it is back:
 * what happened meanwhile is in the store.
 *
 * @param retryMs how long to wait before the next try
 */
export async function followHistory(
  directory: Pick<BootDirectory, 'load' | 'follow'>,
  wakeups: Pick<Wakeups, 'wake'>,
  logger: Pick<OperationLogger, 'error'>,
  signal: AbortSignal,
  retryMs = 1000,
): Promise<void> {
  for (let failed = false; !signal.aborted; failed = true) {
    try {
      if (failed) {
        await sleep(retryMs, undefined, { signal });
        await directory.load();
      }
      await directory.follow(signal, (machineId) => wakeups.wake(machineId));
    } catch (error) {
      if (signal.aborted) return;
      logger.error({ err: error }, 'the history cannot be followed; boot data may be old until it can');
    }
  }
}
