const PAGE = 100;

/**
 * Wakes all who wait for new events. It carries none: a reader looks into the database, so that a lost or doubled
 * ring, or one from another process, can neither lose nor double an event.
 */
export class Bell {
  readonly #closed = new AbortController();
  #next = Promise.withResolvers<void>();

  /** Aborts when the store closes. */
  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  /** Settles at the next ring. Take it before looking, or a ring in between is missed. */
  get nextRing(): Promise<void> {
    return this.#next.promise;
  }

  ring(): void {
    const rung = this.#next;
    this.#next = Promise.withResolvers<void>();
    rung.resolve();
  }

  close(): void {
    this.#closed.abort();
  }
}

/**
 * Follows the history. Correct because events become visible in the order of their numbers: transactions that append
 * run one after another (`transaction.ts`).
 */
export async function* subscribeToEvents<E extends { sequence: number }>(
  listEvents: (query: { after: number; limit: number }) => Promise<E[]>,
  bell: Bell,
  afterSequence: number,
  signal: AbortSignal,
): AsyncGenerator<E, void, undefined> {
  const ended = AbortSignal.any([signal, bell.closed]);
  const aborted = Promise.withResolvers<void>();
  ended.addEventListener('abort', () => aborted.resolve(), { once: true });
  let after = afterSequence;
  while (!ended.aborted) {
    const ring = bell.nextRing;
    const page = await listEvents({ after, limit: PAGE }).catch((error: unknown) => {
      // The store closed under a look that had just begun.
      if (ended.aborted) return [];
      throw error;
    });
    for (const event of page) {
      if (ended.aborted) return;
      yield event;
      after = event.sequence;
    }
    if (page.length < PAGE) await Promise.race([ring, aborted.promise]);
  }
}
