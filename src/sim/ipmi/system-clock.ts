import type { SimulatorClock } from './area.ts';

export const systemClock: SimulatorClock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
