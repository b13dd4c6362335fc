/** How many refused tokens one address may show before it has to wait. */
export interface FailureLimit {
  /** Seconds to wait before the next guess, 0 when it may try now. */
  secondsToWait(address: string): number;
  failed(address: string): void;
}

export interface FailureLimitOptions {
  clock: { now(): Date };
  /** Refusals in a row that are free. */
  burst: number;
  /** After the burst, one more try each so many milliseconds. */
  refillMs: number;
  /** Addresses remembered; the oldest is forgotten first, so that strangers cannot fill the memory. */
  capacity: number;
}

interface Bucket {
  left: number;
  at: number;
}

/** A token bucket per address. */
export function createFailureLimit(options: FailureLimitOptions): FailureLimit {
  const { clock, burst, refillMs, capacity } = options;
  const buckets = new Map<string, Bucket>();

  function refilled(address: string): Bucket {
    const now = clock.now().getTime();
    const bucket = buckets.get(address);
    if (bucket === undefined) return { left: burst, at: now };
    const elapsed = Math.max(0, now - bucket.at);
    return { left: Math.min(burst, bucket.left + elapsed / refillMs), at: now };
  }

  return {
    secondsToWait(address) {
      const { left } = refilled(address);
      return left >= 1 ? 0 : Math.ceil(((1 - left) * refillMs) / 1000);
    },
    failed(address) {
      const bucket = refilled(address);
      bucket.left = Math.max(0, bucket.left - 1);
      buckets.delete(address);
      buckets.set(address, bucket);
      if (buckets.size > capacity) {
        const oldest = buckets.keys().next();
        if (!oldest.done) buckets.delete(oldest.value);
      }
    },
  };
}
