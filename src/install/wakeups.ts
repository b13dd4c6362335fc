/**
 * In-process wake-ups per machine. They carry no truth: who is woken looks at the store again, and looks anyway once in
 * a while, so that a wake-up lost with a dead process costs a moment and never the work.
 */
export interface Wakeups {
  /** Something about the machine changed. */
  wake(machineId: string): void;
  /** Resolves at the next wake-up, or after `timeoutMs`; rejects when the signal aborts. */
  wait(machineId: string, timeoutMs: number, signal?: AbortSignal): Promise<void>;
}

export function createWakeups(): Wakeups {
  const waiting = new Map<string, Set<() => void>>();
  return {
    wake: (machineId) => {
      for (const resolve of waiting.get(machineId) ?? []) resolve();
    },
    wait: (machineId, timeoutMs, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const sleepers = waiting.get(machineId) ?? new Set();
        waiting.set(machineId, sleepers);
        const stop = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', abort);
          sleepers.delete(woken);
          if (sleepers.size === 0) waiting.delete(machineId);
        };
        const woken = (): void => {
          stop();
          resolve();
        };
        const abort = (): void => {
          stop();
          reject(signal?.reason);
        };
        const timer = setTimeout(woken, timeoutMs);
        signal?.addEventListener('abort', abort, { once: true });
        sleepers.add(woken);
      }),
  };
}

/**
 * Look until there is an answer: at once, at each wake-up of the machine, and at least every `everyMs`.
 *
 * @param look returns the answer, or undefined to go on waiting; a throw ends the wait
 */
export async function waitUntil<T>(
  wakeups: Wakeups,
  machineId: string,
  look: () => Promise<T | undefined>,
  options: { everyMs: number; signal: AbortSignal },
): Promise<T> {
  for (;;) {
    options.signal.throwIfAborted();
    // Begin to listen before looking, so that a wake-up between the look and the wait is not lost.
    const stopListening = new AbortController();
    const woken = wakeups.wait(machineId, options.everyMs, AbortSignal.any([options.signal, stopListening.signal]));
    woken.catch(() => undefined);
    try {
      const answer = await look();
      if (answer !== undefined) return answer;
      await woken;
    } finally {
      stopListening.abort();
    }
  }
}
