/** What goes on until it is stopped, and has to be taken back before the session to the BMC ends. */

export interface UntilClosed {
  /** Aborts when the handle of the BMC closes. */
  readonly signal: AbortSignal;
  /** Closing waits for it. It never rejects. */
  keep<Value>(task: Promise<Value>): Promise<Value>;
  /** Stops all that goes on, and returns when it has ended. */
  close(): Promise<void>;
}

export function untilClosed(): UntilClosed {
  const closing = new AbortController();
  const kept = new Set<Promise<unknown>>();
  return {
    signal: closing.signal,
    keep(task) {
      kept.add(task);
      return task.finally(() => kept.delete(task));
    },
    async close() {
      closing.abort();
      await Promise.allSettled(kept);
    },
  };
}
