/** Work that nobody awaits: one of a kind at a time, its failure told and not repeated at once, and a stop that waits for all of it. */
import type { OperationLogger } from '../../operation/index.ts';

export interface Background {
  /** Begins it unless work of this kind runs already, or failed just now. */
  once(kind: string, work: () => Promise<void>): void;
  keep(work: Promise<void>): void;
  isRunning(kind: string): boolean;
  /** Resolves when nothing runs. */
  quiet(): Promise<void>;
}

/** So that a database that is away is not asked, and told of, at every tick. */
const pauseAfterFailureMs = 1_000;

export function createBackground(logger: Pick<OperationLogger, 'error'>, monotonic: () => number): Background {
  const running = new Set<Promise<void>>();
  const kinds = new Set<string>();
  const failedAt = new Map<string, number>();

  function keep(work: Promise<void>): void {
    const kept = work
      .catch((error: unknown) => logger.error({ err: error }, 'a part of recovery failed'))
      .finally(() => running.delete(kept));
    running.add(kept);
  }

  async function run(kind: string, work: () => Promise<void>): Promise<void> {
    kinds.add(kind);
    try {
      await work();
      failedAt.delete(kind);
    } catch (error) {
      failedAt.set(kind, monotonic());
      logger.error({ err: error, work: kind }, 'a part of recovery failed; it is tried again');
    } finally {
      kinds.delete(kind);
    }
  }

  return {
    keep,
    isRunning: (kind) => kinds.has(kind),
    once: (kind, work) => {
      const failed = failedAt.get(kind);
      if (kinds.has(kind) || (failed !== undefined && monotonic() - failed < pauseAfterFailureMs)) return;
      keep(run(kind, work));
    },
    quiet: async () => {
      while (running.size > 0) await Promise.all(running);
    },
  };
}

/**
 * Work on each key one after another. Asked for while it is done, it is done once more afterwards, so that it never misses
 * what made somebody ask.
 */
export function inTurns(work: (key: string) => Promise<void>, signal: AbortSignal): (key: string) => Promise<void> {
  const turns = new Map<string, { again: boolean; done: Promise<void> }>();

  async function take(key: string, turn: { again: boolean }): Promise<void> {
    try {
      while (turn.again && !signal.aborted) {
        turn.again = false;
        await work(key);
      }
    } finally {
      turns.delete(key);
    }
  }

  return (key) => {
    const present = turns.get(key);
    if (present !== undefined) {
      present.again = true;
      return present.done;
    }
    const turn = { again: true, done: Promise.resolve() };
    turns.set(key, turn);
    turn.done = take(key, turn);
    return turn.done;
  };
}
