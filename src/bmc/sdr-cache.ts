/** What a BMC tells of its sensors changes next to never, and reading it takes hundreds of exchanges: it is kept. */

export interface CachedRecords {
  /** Made of what the BMC says of its store; other words mean that the records are out of date. */
  stamp: string;
  /** Milliseconds since the epoch. */
  readAt: number;
  /** The records as they came, in hex. */
  records: readonly string[];
}

/** Keeps the records of BMCs, by a name that is one BMC's own. Losing some costs time only. */
export interface SdrCache {
  get(bmc: string): Promise<CachedRecords | undefined>;
  put(bmc: string, cached: CachedRecords): Promise<void>;
}

export function cacheSdrsInMemory(): SdrCache {
  const kept = new Map<string, CachedRecords>();
  return {
    get: (bmc) => Promise.resolve(kept.get(bmc)),
    put(bmc, cached) {
      kept.set(bmc, cached);
      return Promise.resolve();
    },
  };
}
