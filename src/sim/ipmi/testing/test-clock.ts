/** A clock that stands still unless told. */
import type { SimulatorClock } from '../area.ts';

export interface TestClock extends SimulatorClock {
  /** Moves time on, running every timer on the way in its order. */
  advance(ms: number): void;
  pending(): number;
}

export function createTestClock(): TestClock {
  let time = 1_800_000_000_000;
  const timers = new Map<object, { at: number; callback: () => void }>();
  const next = (until: number) => {
    let earliest: [object, { at: number; callback: () => void }] | undefined;
    for (const entry of timers)
      if (entry[1].at <= until && entry[1].at < (earliest?.[1].at ?? Infinity)) earliest = entry;
    return earliest;
  };
  return {
    now: () => time,
    after(ms, callback) {
      const key = {};
      timers.set(key, { at: time + ms, callback });
      return () => void timers.delete(key);
    },
    advance(ms) {
      const until = time + ms;
      for (let found = next(until); found !== undefined; found = next(until)) {
        timers.delete(found[0]);
        time = Math.max(time, found[1].at);
        found[1].callback();
      }
      time = until;
    },
    pending: () => timers.size,
  };
}
