/** Waits and tries, in milliseconds. Starting points: freeipmi 500 ms, aiohmi 500 + jitter, ipmitool 4 × 1–2 s. */
export const timing = {
  /** First wait for an answer; each further one is longer by `backOffFactor`, each spread by `jitter` either way. */
  firstTimeoutMs: 500,
  backOffFactor: 1.6,
  jitter: 0.2,
  /** How often an idempotent request is sent on a session known to live: 13 s in all. */
  tries: 6,
  /** How often on an older session, before the BMC is taken to have forgotten it. */
  triesOnOldSession: 3,
  /** How long the one answer to a request that is not idempotent is waited for. */
  singleTryTimeoutMs: 5_000,
  /** The wait for each RAKP answer, longer each time: RAKP messages are not retried, the whole exchange begins anew. */
  rakpTimeoutMs: 1_000,
  rakpBackOffFactor: 1.2,
  /** Pause before the exchange begins anew. */
  anewPauseMs: 100,
  /** How often in a row the operating system may say that the port is closed or that there is no route. */
  socketErrorTries: 3,
  socketErrorPauseMs: 200,
  capabilitiesTries: 2,
  /** How often the session set-up begins anew, and how long it may take in all. */
  setupAttempts: 12,
  setupDeadlineMs: 30_000,
  /** Pause after `Node Busy` and its kin, and how often. */
  busyPauseMs: 1_000,
  busyTries: 5,
  /** A session unused for this long is closed; BMCs forget it after 60 s. */
  idleMs: 25_000,
  closeTimeoutMs: 500,
} as const;
