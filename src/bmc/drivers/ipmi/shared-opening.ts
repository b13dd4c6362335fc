/** Something that takes a while to open, once for all who wait for it: it is broken off when nobody waits any more. */
import { abortedError } from '../../ports.ts';

interface Opening<Value> {
  result: Promise<Value>;
  cancel: AbortController;
  waiting: number;
}

/** @param open under a signal of its own, so that one who leaves takes nothing from the others */
export function sharedOpening<Value>(
  open: (signal: AbortSignal) => Promise<Value>,
): (signal?: AbortSignal) => Promise<Value> {
  let opening: Opening<Value> | undefined;

  function start(): Opening<Value> {
    const cancel = new AbortController();
    const result = open(cancel.signal).finally(() => {
      opening = undefined;
    });
    return { result, cancel, waiting: 0 };
  }

  function wait(on: Opening<Value>, signal: AbortSignal | undefined): Promise<Value> {
    on.waiting += 1;
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        on.waiting -= 1;
        // The last one waits for its end, so that nothing of it is under way any more.
        if (on.waiting === 0) on.cancel.abort(signal?.reason);
        else reject(abortedError(signal));
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      on.result.then(resolve, reject).finally(() => signal?.removeEventListener('abort', onAbort));
    });
  }

  return async (signal) => {
    // What all others have left is about to end.
    while (opening?.cancel.signal.aborted === true) await opening.result.catch(() => undefined);
    if (signal?.aborted === true) throw abortedError(signal);
    opening ??= start();
    return await wait(opening, signal);
  };
}
