/**
 * Who was heard when, by a clock that nobody sets. All of it is in memory: the question is asked many times a second and
 * answered for thousands of machines.
 */

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

export interface HeartbeatSettings {
  /** What agents are told to wait between two beats. */
  intervalMs: number;
  /** How many beats in a row must be missing. */
  missedBeats: number;
  /** No machine is missed sooner than this, however short its interval. */
  leastMissedMs: number;
  /** How long a system that said that it goes down may stay silent. */
  stoppingMs: number;
}

export const defaultHeartbeatSettings: HeartbeatSettings = {
  intervalMs: 10_000,
  missedBeats: 3,
  leastMissedMs: 2_000,
  stoppingMs: 10 * 60_000,
};

/** An enrolled agent, as it is kept in the table `agents`. */
export interface Agent {
  readonly machineId: string;
  readonly tokenHash: string;
  readonly address: string;
  readonly bootId: string;
  readonly enrolledAt: number;
  lastHeardAt: number;
  sequence: number;
  /** What it waits between two beats, at most. */
  intervalMs: number;
  stoppingAt: number | null;
}

/** What the tracker knows of an agent besides. */
export interface Tracked {
  readonly agent: Agent;
  /** The interval it was told last. */
  toldIntervalMs: number;
  /** Uptime as its last beat told it; for people, never compared with a clock of ours. */
  uptimeMs: number | null;
  heardSinceStart: boolean;
  /** A deployment that began later took its system away: its silence means nothing. */
  replaced: boolean;
  /** Its farewell is in the history. */
  saidFarewell: boolean;
  /** Monotonic time from which its silence counts. */
  silentSince: number;
}

export interface Tracker {
  /**
   * Takes an agent in, in the place of any older one of its machine. `heard`: it spoke just now. The system of a replaced
   * one stays replaced, though its agent may enrol once more before it is switched off: the boot is the same.
   */
  add(agent: Agent, how: { heard: boolean; replaced?: boolean }): void;
  /** A deployment begins: what runs now is not watched any more. */
  replace(machineId: string): void;
  remove(machineId: string): void;
  of(machineId: string): Tracked | undefined;
  ofToken(tokenHash: string): Tracked | undefined;
  hear(tracked: Tracked): void;
  silentForMs(tracked: Tracked): number;
  watched(): WatchedMachine[];
  /** Silence of machines that were not heard yet counts from now on. */
  restart(): void;
  /** Notices when this process itself stood still. To be called every `tickMs`. */
  tick(): void;
}

export interface TrackerOptions {
  /** Milliseconds by a clock that nobody sets; `performance.now` is one. */
  monotonic: () => number;
  settings: HeartbeatSettings;
  tickMs: number;
}

export function createTracker({ monotonic, settings, tickMs }: TrackerOptions): Tracker {
  const machines = new Map<string, Tracked>();
  const tokens = new Map<string, Tracked>();
  let tickedAt = monotonic();

  const missedAfterMs = ({ agent }: Tracked): number => {
    const usual = Math.max(settings.missedBeats * agent.intervalMs, settings.leastMissedMs);
    return agent.stoppingAt === null ? usual : Math.max(usual, settings.stoppingMs);
  };

  /**
   * While this process stood still (stopped, starved, its virtual machine frozen) it heard nobody, and what the agents
   * sent meanwhile is lost or still waits in the sockets. A machine that had not been missed before is therefore listened
   * for anew. A pause shorter than its interval accuses nobody: three intervals are asked for.
   */
  function tick(): void {
    const time = monotonic();
    const before = tickedAt;
    tickedAt = time;
    const stoodStillMs = time - before - tickMs;
    if (stoodStillMs <= 0) return;
    for (const tracked of machines.values()) {
      if (stoodStillMs < tracked.agent.intervalMs) continue;
      if (before - tracked.silentSince < missedAfterMs(tracked)) tracked.silentSince = time;
    }
  }

  function remove(machineId: string): void {
    const tracked = machines.get(machineId);
    if (tracked === undefined) return;
    machines.delete(machineId);
    tokens.delete(tracked.agent.tokenHash);
  }

  return {
    add: (agent, { heard, replaced = false }) => {
      const before = machines.get(agent.machineId);
      remove(agent.machineId);
      const tracked: Tracked = {
        agent,
        toldIntervalMs: agent.intervalMs,
        uptimeMs: null,
        heardSinceStart: heard,
        replaced: replaced || (before?.replaced === true && before.agent.bootId === agent.bootId),
        saidFarewell: agent.stoppingAt !== null,
        silentSince: monotonic(),
      };
      machines.set(agent.machineId, tracked);
      tokens.set(agent.tokenHash, tracked);
    },
    replace: (machineId) => {
      const tracked = machines.get(machineId);
      if (tracked !== undefined) tracked.replaced = true;
    },
    remove,
    of: (machineId) => machines.get(machineId),
    ofToken: (tokenHash) => tokens.get(tokenHash),
    hear: (tracked) => {
      tracked.silentSince = monotonic();
      tracked.heardSinceStart = true;
    },
    silentForMs: (tracked) => {
      tick();
      return Math.max(0, monotonic() - tracked.silentSince);
    },
    watched: () => {
      tick();
      const time = monotonic();
      const listenedFor = [...machines.values()].filter(({ replaced }) => !replaced);
      return listenedFor.map((tracked) => ({
        machineId: tracked.agent.machineId,
        silentForMs: Math.max(0, time - tracked.silentSince),
        intervalMs: tracked.agent.intervalMs,
        missedAfterMs: missedAfterMs(tracked),
        stopping: tracked.agent.stoppingAt !== null,
        bootId: tracked.agent.bootId,
        lastHeardAt: tracked.agent.lastHeardAt,
      }));
    },
    restart: () => {
      tickedAt = monotonic();
      for (const tracked of machines.values()) if (!tracked.heardSinceStart) tracked.silentSince = tickedAt;
    },
    tick,
  };
}
