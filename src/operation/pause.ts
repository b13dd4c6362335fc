/** Waiting that may be cut short: a wake-up says only that it is worth looking again. */
import type { RunningOperation } from './operation-run.ts';

/** Resolves after `ms`, or at once when the operation is, or was since its last pause, woken. Rejects when the signal fires. */
export function pause(hands: RunningOperation, signal: AbortSignal, ms: number): Promise<void> {
  signal.throwIfAborted();
  if (hands.woken) {
    hands.woken = false;
    return Promise.resolve();
  }
  return new Promise((resolve, reject) => {
    const settle = (then: () => void) => () => {
      clearTimeout(timer);
      hands.wakers.delete(onWake);
      signal.removeEventListener('abort', onAbort);
      then();
    };
    const onWake = settle(resolve);
    const onAbort = settle(() => reject(signal.reason));
    const timer = setTimeout(onWake, ms);
    hands.wakers.add(onWake);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

export function wake(hands: RunningOperation): void {
  if (hands.wakers.size === 0) hands.woken = true;
  for (const waker of hands.wakers) waker();
}
