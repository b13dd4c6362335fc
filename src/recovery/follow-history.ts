/** Follows the history from a place on, for as long as the store is open; a database that is away is asked again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Event, Store } from '../store/index.ts';

export interface Following {
  /** Resolves once everything up to now in the history was handed on; at once when nothing follows any more. */
  caughtUp(): Promise<void>;
  ended: Promise<void>;
}

const retryMs = 1_000;

/**
 * @param after the sequence number of the last event that is not handed on
 * @param take gets each event in its order; one that it could not take is handed to it again
 * @param onError told of each failure; after a pause it is tried again
 */
export function followHistory(
  { events }: Pick<Store, 'events'>,
  after: number,
  signal: AbortSignal,
  take: (event: Event) => void | Promise<void>,
  onError: (error: unknown) => void,
): Following {
  let reached = after;
  let over = false;
  let waiting: { until: number; resolve: () => void }[] = [];

  function wake(): void {
    const ready = waiting.filter(({ until }) => over || until <= reached);
    waiting = waiting.filter((each) => !ready.includes(each));
    for (const { resolve } of ready) resolve();
  }

  async function follow(): Promise<void> {
    while (!signal.aborted)
      try {
        for await (const event of events.subscribe(reached, signal)) {
          await take(event);
          reached = event.sequence;
          wake();
        }
        return;
      } catch (error) {
        if (signal.aborted) return;
        onError(error);
        await sleep(retryMs, undefined, { signal }).catch(() => undefined);
      }
  }

  const ended = follow().finally(() => {
    over = true;
    wake();
  });
  return {
    ended,
    caughtUp: async () => {
      const until = await events.newestSequence();
      if (over || until <= reached) return;
      await new Promise<void>((resolve) => waiting.push({ until, resolve }));
    },
  };
}
