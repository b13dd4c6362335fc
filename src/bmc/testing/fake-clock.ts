import type { Clock } from '../ports.ts';

export interface FakeClock extends Clock {
  /** Moves time on, running every timer on the way in its order, with what their callbacks await. */
  advance(ms: number): Promise<void>;
  /** Timers that have not run. */
  pending(): number;
}

interface Timer {
  at: number;
  callback: () => void;
}

/**
 * A clock that stands still unless told. With `automatic` it jumps to the next timer whenever nothing else is left to
 * do, so that waits end at once and in order.
 */
export function createFakeClock(options: { automatic?: boolean } = {}): FakeClock {
  const start = 1_800_000_000_000;
  let time = 0;
  let timers: Timer[] = [];

  function runNext(until: number): boolean {
    const next = timers.toSorted((left, right) => left.at - right.at)[0];
    if (next === undefined || next.at > until) return false;
    timers = timers.filter((timer) => timer !== next);
    time = Math.max(time, next.at);
    next.callback();
    return true;
  }

  return {
    now: () => start + time,
    monotonic: () => time,
    after(ms, callback) {
      const timer = { at: time + ms, callback };
      timers.push(timer);
      // Only when the event loop has come round, that is after every answer that is under way.
      if (options.automatic) setImmediate(() => setImmediate(() => timers.includes(timer) && runNext(Infinity)));
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    async advance(ms) {
      const until = time + ms;
      await settled();
      while (runNext(until)) await settled();
      time = until;
    },
    pending: () => timers.length,
  };
}

/** Lets everything run that waits for nothing but promises. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
