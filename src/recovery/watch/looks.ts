/** Which incidents are to be looked at when: some at a time, each again after a pause that grows, none able to stop the others. */

/** `over`: nothing to look at any more. `again`: after the next pause. `waiting`: when a heal of another machine ends. */
export type LookResult = 'over' | 'again' | 'waiting';

export interface LooksOptions {
  look(incidentId: string): Promise<LookResult>;
  /** Looks at a time. */
  atOnce: number;
  firstPauseMs: number;
  longestPauseMs: number;
  monotonic(): number;
  /** Keeps a promise that nobody awaits: its failure is told, and a stop waits for it. */
  keep(work: Promise<void>): void;
  onError(error: unknown, incidentId: string): void;
}

export interface Looks {
  /** As soon as there is room, with the pauses beginning anew. */
  now(incidentId: string): void;
  /** After the next pause, when it is not to be looked at already; after a longer one the more heals were begun. */
  later(incidentId: string, heals?: number): void;
  /** Another machine can be healed: those that wait may try, the one that waits longest first. */
  roomForHeals(count: number): void;
  forget(incidentId: string): void;
  /** Begins what is due. */
  begin(): void;
  stop(): void;
}

interface Item {
  dueAt: number;
  pauseMs: number;
  running: boolean;
  waiting: boolean;
  /** It is looked at because there is room for a heal: when it does not take it, the next one may. */
  hasRoom: boolean;
  /** Asked for while it ran: at once after it, or after a pause. */
  again: 'now' | 'later' | undefined;
}

export function createLooks(options: LooksOptions): Looks {
  const { look, atOnce, firstPauseMs, longestPauseMs, monotonic, keep, onError } = options;
  // In the order in which they came: the longest waiting first.
  const items = new Map<string, Item>();
  let running = 0;
  let stopped = false;

  function newItem(): Item {
    return {
      dueAt: monotonic(),
      pauseMs: firstPauseMs,
      running: false,
      waiting: false,
      hasRoom: false,
      again: undefined,
    };
  }

  function pause(item: Item): void {
    item.dueAt = monotonic() + item.pauseMs;
    item.pauseMs = Math.min(item.pauseMs * 2, longestPauseMs);
  }

  async function run(incidentId: string, item: Item): Promise<void> {
    running += 1;
    item.running = true;
    item.waiting = false;
    let result: LookResult = 'again';
    try {
      result = await look(incidentId);
    } catch (error) {
      onError(error, incidentId);
    }
    running -= 1;
    item.running = false;
    const { again, hasRoom } = item;
    item.hasRoom = false;
    item.again = undefined;
    if (again === 'now') item.dueAt = monotonic();
    else if (result === 'over' && again === undefined) {
      if (items.get(incidentId) === item) items.delete(incidentId);
    } else {
      item.waiting = result === 'waiting';
      pause(item);
    }
    if (hasRoom && result !== 'waiting') roomForHeals(1);
    begin();
  }

  function begin(): void {
    if (stopped || running >= atOnce) return;
    const time = monotonic();
    for (const [incidentId, item] of items) {
      if (running >= atOnce) return;
      if (!item.running && item.dueAt <= time) keep(run(incidentId, item));
    }
  }

  function roomForHeals(count: number): void {
    let left = count;
    for (const item of items.values()) {
      if (left <= 0) break;
      if (!item.waiting || item.running) continue;
      item.waiting = false;
      item.hasRoom = true;
      item.dueAt = monotonic();
      left -= 1;
    }
    begin();
  }

  return {
    begin,
    now: (incidentId) => {
      const item = items.get(incidentId);
      if (item === undefined) items.set(incidentId, newItem());
      else {
        item.pauseMs = firstPauseMs;
        item.dueAt = monotonic();
        if (item.running) item.again = 'now';
      }
      begin();
    },
    later: (incidentId, heals = 1) => {
      const present = items.get(incidentId);
      if (present?.running === true) present.again ??= 'later';
      if (present !== undefined) return;
      const item = newItem();
      item.pauseMs = Math.min(firstPauseMs * 2 ** Math.max(0, heals - 1), longestPauseMs);
      pause(item);
      items.set(incidentId, item);
    },
    roomForHeals,
    forget: (incidentId) => {
      items.delete(incidentId);
    },
    stop: () => {
      stopped = true;
      items.clear();
    },
  };
}
