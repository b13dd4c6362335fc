/** Heartbeats: the agents' service, who was heard when, and what becomes of that when a machine changes its state. */
import { z } from 'zod';
import { asAthanorError, type AthanorError } from '../../errors/index.ts';
import type { BootHttpRequest, BootHttpResponse } from '../../site/index.ts';
import type { Event, Store } from '../../store/index.ts';
import { everyByTimer } from '../every-by-timer.ts';
import { followHistory, type Following } from '../follow-history.ts';
import { createAgentService } from './agent-service.ts';
import { agentMayRun, deleteAgent, readAgents } from './agent-table.ts';
import { createHeardWriter } from './heard-writer.ts';
import { createTracker, defaultHeartbeatSettings, type HeartbeatSettings, type WatchedMachine } from './tracker.ts';

/** What people see of a machine's agent. */
export interface AgentView {
  bootId: string;
  address: string;
  enrolledAt: number;
  lastHeardAt: number;
  sequence: number;
  intervalMs: number;
  /** As the agent told it; null until its first beat since this process started. */
  uptimeMs: number | null;
  stoppingAt: number | null;
}

/** What a heal step asks while it waits for a machine. */
export interface LastBeat {
  bootId: string;
  /** Wall clock. */
  lastHeardAt: number;
  /** Monotonic; since this process started, for a machine not heard since. */
  silentForMs: number;
  /** Whether this process heard it at all. */
  heardSinceStart: boolean;
  stopping: boolean;
}

export interface HeartbeatsOptions {
  store: Store;
  /** The MAC that has this address: by its lease, or as the kernel's neighbour table knows it. */
  macOf(address: string): string | undefined | Promise<string | undefined>;
  /** Milliseconds since 1970; only written down, never compared. */
  now(): number;
  /** Milliseconds by a clock that nobody sets; `performance.now` is one. */
  monotonic(): number;
  settings?: Partial<HeartbeatSettings>;
  /** Calls `work` again and again; the function returned ends it. */
  every?(milliseconds: number, work: () => void): () => void;
  onError(error: AthanorError, what: string): void;
}

export interface Heartbeats {
  /** Answers requests under `/agent/v1/`; undefined for any other path. */
  service(request: BootHttpRequest): Promise<BootHttpResponse | undefined>;
  /** Begin: read the agents that enrolled before this process started; from now on their silence counts. */
  load(): Promise<void>;
  /** The boot services listen only now: silence of machines not heard yet counts from here. */
  listening(): void;
  /**
   * The machines that are listened for, from memory. A machine whose deployment began after its agent enrolled is not
   * among them until the new system's agent enrols.
   */
  watched(): WatchedMachine[];
  /** Called for every enrolment and every beat; the function returned ends it. */
  onHeard(listener: (machineId: string) => void): () => void;
  lastBeat(machineId: string): LastBeat | undefined;
  agentOf(machineId: string): Promise<AgentView | undefined>;
  /** Its token is void and it is not watched until it enrols again: what ran on it is gone. */
  forget(machineId: string): Promise<void>;
  /** Write down what was heard last and end. */
  stop(): Promise<void>;
}

const TICK_MS = 250;
const WRITE_EVERY_MS = 1000;

const moved = z.object({ to: z.string() });

export function createHeartbeats(options: HeartbeatsOptions): Heartbeats {
  const { store, macOf, now, monotonic, onError, every = everyByTimer } = options;
  const settings = { ...defaultHeartbeatSettings, ...options.settings };
  const tracker = createTracker({ monotonic, settings, tickMs: TICK_MS });
  const writer = createHeardWriter(store, onError);
  const listeners = new Set<(machineId: string) => void>();
  const timers: (() => void)[] = [];
  const stopping = new AbortController();
  let following: Following | undefined;
  let changes: Promise<unknown> = Promise.resolve();

  function inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = changes.then(change);
    changes = done.catch(() => undefined);
    return done;
  }

  function heard(machineId: string): void {
    for (const listener of listeners)
      try {
        listener(machineId);
      } catch (error) {
        onError(asAthanorError(error), 'telling of a heartbeat');
      }
  }

  function forget(machineId: string): Promise<void> {
    tracker.remove(machineId);
    return inTurn(async () => {
      tracker.remove(machineId);
      await deleteAgent(store, machineId);
    });
  }

  async function follow(event: Event): Promise<void> {
    if (event.kind !== 'machine.state') return;
    const { data: to } = moved.transform((data) => data.to).safeParse(event.data);
    if (to === 'deploying') tracker.replace(event.subject.id);
    else if (to !== undefined && !agentMayRun(to)) await forget(event.subject.id);
  }

  return {
    service: createAgentService({ store, tracker, writer, settings, macOf, now, monotonic, inTurn, heard, onError }),
    load: async () => {
      const sequence = await store.events.newestSequence();
      await inTurn(async () => {
        for (const { agent, replaced } of await readAgents(store))
          if (tracker.of(agent.machineId) === undefined) tracker.add(agent, { heard: false, replaced });
      });
      tracker.restart();
      following = followHistory(store, sequence, stopping.signal, follow, (error) =>
        onError(asAthanorError(error), 'following what becomes of machines'),
      );
      timers.push(every(TICK_MS, () => tracker.tick()));
      timers.push(every(WRITE_EVERY_MS, () => void writer.write()));
    },
    listening: () => tracker.restart(),
    watched: () => tracker.watched(),
    onHeard: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    lastBeat: (machineId) => {
      const tracked = tracker.of(machineId);
      if (tracked === undefined) return undefined;
      const { agent, heardSinceStart } = tracked;
      return {
        bootId: agent.bootId,
        lastHeardAt: agent.lastHeardAt,
        silentForMs: tracker.silentForMs(tracked),
        heardSinceStart,
        stopping: agent.stoppingAt !== null,
      };
    },
    agentOf: (machineId) => {
      const tracked = tracker.of(machineId);
      if (tracked === undefined) return Promise.resolve(undefined);
      const { bootId, address, enrolledAt, lastHeardAt, sequence, intervalMs, stoppingAt } = tracked.agent;
      const { uptimeMs } = tracked;
      const view = { bootId, address, enrolledAt, lastHeardAt, sequence, intervalMs, uptimeMs, stoppingAt };
      return Promise.resolve(view);
    },
    forget,
    stop: async () => {
      stopping.abort();
      for (const end of timers.splice(0)) end();
      await following?.ended;
      await changes;
      await writer.finish();
    },
  };
}
