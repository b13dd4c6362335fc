/** How often somebody may ask: a bucket of tokens for each, filled at an even pace. */

export interface RateLimit {
  /** Takes one token of `key`; false when none is left. */
  allows(key: string): boolean;
}

export interface RateLimitOptions {
  /** How many at once. */
  burst: number;
  perSecond: number;
  /** How many keys are remembered; the one that was quiet for the longest time is forgotten first. */
  mostKeys: number;
  monotonic: () => number;
}

export function createRateLimit({ burst, perSecond, mostKeys, monotonic }: RateLimitOptions): RateLimit {
  const buckets = new Map<string, { tokens: number; filledAt: number }>();
  return {
    allows: (key) => {
      const time = monotonic();
      const bucket = buckets.get(key) ?? { tokens: burst, filledAt: time };
      bucket.tokens = Math.min(burst, bucket.tokens + ((time - bucket.filledAt) / 1000) * perSecond);
      bucket.filledAt = time;
      // Set anew, it is the last of the map's order.
      buckets.delete(key);
      buckets.set(key, bucket);
      const [oldest] = buckets.keys();
      if (buckets.size > mostKeys && oldest !== undefined) buckets.delete(oldest);
      if (bucket.tokens < 1) return false;
      bucket.tokens -= 1;
      return true;
    },
  };
}
