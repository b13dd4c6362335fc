/** The event stream with a memory: waits for an event that may have come already. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Athanor, LifeEvent } from './athanor.ts';

export interface EventWatch {
  readonly seen: readonly LifeEvent[];
  /** The first event that fits, already seen or yet to come. */
  waitFor(fits: (event: LifeEvent) => boolean, options: { timeoutMs: number; what: string }): Promise<LifeEvent>;
  stop(): void;
}

const ASK_AGAIN_MS = 250;

/** Follows the stream, taking it up again where it was when the server comes back. */
export function watchEvents(athanor: Athanor, onEvent?: (event: LifeEvent) => void): EventWatch {
  const stopping = new AbortController();
  const seen: LifeEvent[] = [];
  const waiting = new Set<() => void>();

  async function follow(): Promise<void> {
    while (!stopping.signal.aborted) {
      const after = seen.at(-1)?.sequence ?? 0;
      try {
        for await (const event of athanor.events(after, stopping.signal)) {
          if (event.sequence <= (seen.at(-1)?.sequence ?? 0)) continue;
          seen.push(event);
          onEvent?.(event);
          for (const look of waiting) look();
        }
      } catch (problem) {
        if (stopping.signal.aborted) return;
        throw problem;
      }
      // The stream ended: the server is down. Not so often that the asking keeps it from coming back.
      await pause(ASK_AGAIN_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }
  const following = follow();

  return {
    seen,
    waitFor: (fits, { timeoutMs, what }) =>
      new Promise((resolve, reject) => {
        const end = (): void => {
          clearTimeout(timer);
          waiting.delete(look);
        };
        const timer = setTimeout(() => {
          end();
          const last = seen.slice(-5).map((event) => `${event.kind} ${JSON.stringify(event.data)}`);
          reject(
            new Error(`${what} was not seen within ${timeoutMs / 1000} s; the last events:\n  ${last.join('\n  ')}`),
          );
        }, timeoutMs);
        const look = (): void => {
          const found = seen.find(fits);
          if (found === undefined) return;
          end();
          resolve(found);
        };
        waiting.add(look);
        following.catch((problem: unknown) => {
          end();
          reject(problem);
        });
        look();
      }),
    stop: () => stopping.abort(),
  };
}
