/** A wait that ends in time even when what is waited for ignores its signal. */

/**
 * Runs `work` for at most `ms`. Rejects with the outer signal's reason when that fires, with `late` when the time is over;
 * whatever `work` still comes to is dropped then.
 */
export async function bounded<T>(
  work: (signal: AbortSignal) => Promise<T>,
  ms: number,
  signal: AbortSignal,
  late: () => Error,
): Promise<T> {
  signal.throwIfAborted();
  const control = new AbortController();
  const stop = (): void => control.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  const timer = setTimeout(() => control.abort(late()), ms);
  const ended = new Promise<never>((_resolve, reject) => {
    control.signal.addEventListener('abort', () => reject(control.signal.reason), { once: true });
  });
  try {
    const working = work(control.signal);
    // The loser of the race may still reject; nobody listens then.
    working.catch(() => undefined);
    return await Promise.race([working, ended]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
