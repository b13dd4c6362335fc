/** Who was heard when, by a clock that nobody sets. */

/** A machine whose agent is listened for. */
export interface WatchedMachine {
  machineId: string;
  /** Milliseconds since its last heartbeat, by this process's monotonic clock (since the start, for one not heard since). */
  silentForMs: number;
  /** Its agent's interval. */
  intervalMs: number;
  /** When it counts as missed: `silentForMs >= missedAfterMs`. */
  missedAfterMs: number;
  /** Its agent said that the system goes down or restarts; `missedAfterMs` is longer then. */
  stopping: boolean;
  /** The boot it was last heard from. */
  bootId: string;
  /** Wall clock, for people. */
  lastHeardAt: number;
}
