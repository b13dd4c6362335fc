/**
 * The server's side of the agent's protocol, plain HTTP on the provisioning network (docs/reference/agent-protocol.md).
 *
 * | request                  | body                                        | answer            |
 * | ------------------------ | ------------------------------------------- | ----------------- |
 * | POST /agent/v1/enrol     | bootId, version                             | token, intervalMs |
 * | POST /agent/v1/heartbeat | sequence, uptimeMs, intervalMs?, stopping?  | intervalMs        |
 *
 * `heartbeat` needs `Authorization: Bearer` with the token of the machine's newest enrolment, from the address that
 * enrolled. A beat touches memory alone; what was heard is written down once a second, all machines in one transaction.
 * After a crash the stored sequence may be a second old: then an agent's own beats of that second could be heard again,
 * from its own address and with its own token, which whoever has them could as well send new ones with.
 */
import { asAthanorError, AthanorError } from '../../errors/index.ts';
import type { BootHttpRequest, BootHttpResponse } from '../../site/index.ts';
import { hashToken, type Store } from '../../store/index.ts';
import { answer, bearer, enrolRequest, heartbeatRequest, parseBody, problem } from './agent-messages.ts';
import { deleteAgent, enrolAgent, readAgents, recordStopping, writeHeard } from './agent-table.ts';
import { createRateLimit } from './rate-limit.ts';
import {
  type Agent,
  createTracker,
  defaultHeartbeatSettings,
  type HeartbeatSettings,
  type Tracked,
  type WatchedMachine,
} from './tracker.ts';

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
  /** Read the agents that enrolled before this process started; from now on their silence counts. */
  load(): Promise<void>;
  /** The boot services listen only now: silence of machines not heard yet counts from here. */
  listening(): void;
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

const PREFIX = '/agent/v1/';
const TICK_MS = 250;
const WRITE_EVERY_MS = 1000;
/** Beats of one machine, and enrolments from one address, far above what an agent does. */
const beatLimit = { burst: 10, perSecond: 10, mostKeys: 100_000 };
const enrolLimit = { burst: 10, perSecond: 1, mostKeys: 10_000 };

function everyByTimer(milliseconds: number, work: () => void): () => void {
  const timer = setInterval(work, milliseconds);
  return () => clearInterval(timer);
}

export function createHeartbeats(options: HeartbeatsOptions): Heartbeats {
  const { store, macOf, now, monotonic, onError, every = everyByTimer } = options;
  const settings = { ...defaultHeartbeatSettings, ...options.settings };
  const tracker = createTracker({ monotonic, settings, tickMs: TICK_MS });
  const beats = createRateLimit({ ...beatLimit, monotonic });
  const enrolments = createRateLimit({ ...enrolLimit, monotonic });
  const listeners = new Set<(machineId: string) => void>();
  const timers: (() => void)[] = [];
  let unwritten = new Set<Agent>();
  let writing: Promise<void> | undefined;
  let changes: Promise<unknown> = Promise.resolve();

  /** One change of who is enrolled after another, so that memory and table follow the same order. */
  function inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = changes.then(change);
    changes = done.catch(() => undefined);
    return done;
  }

  function tellHeard(machineId: string): void {
    for (const listener of listeners)
      try {
        listener(machineId);
      } catch (error) {
        onError(asAthanorError(error), 'telling of a heartbeat');
      }
  }

  async function writeUnwritten(): Promise<void> {
    const agents = unwritten;
    unwritten = new Set();
    try {
      await writeHeard(store, [...agents]);
    } catch (error) {
      for (const agent of agents) unwritten.add(agent);
      onError(asAthanorError(error), 'writing down who was heard');
    }
  }

  /** One at a time; a slow database is not asked again before it answered. */
  function write(): Promise<void> {
    if (writing === undefined && unwritten.size > 0)
      writing = writeUnwritten().finally(() => {
        writing = undefined;
      });
    return writing ?? Promise.resolve();
  }

  async function enrol(request: BootHttpRequest): Promise<BootHttpResponse> {
    const { bootId, version } = parseBody(enrolRequest, request);
    const address = request.remoteAddress;
    const mac = await macOf(address);
    if (mac === undefined)
      throw new AthanorError('not-found', `no machine is known at ${address}`, {
        remedy: "Let the machine take its address from this server's DHCP, or speak from the provisioning network.",
      });
    const { intervalMs } = settings;
    return await inTurn(async () => {
      const { token, agent } = await enrolAgent(store, { mac, address, bootId, version, intervalMs, now: now() });
      tracker.add(agent, true);
      tellHeard(agent.machineId);
      return answer(200, { token, intervalMs });
    });
  }

  /** Whose token is this? Throws `unauthorised`. */
  function authenticate(request: BootHttpRequest): Tracked {
    const token = bearer(request);
    const tracked = token === undefined ? undefined : tracker.ofToken(hashToken(token));
    if (tracked === undefined || tracked.agent.address !== request.remoteAddress)
      throw new AthanorError('unauthorised', 'this token is not known for this address', {
        remedy: 'Enrol again; the agent does so by itself.',
      });
    return tracked;
  }

  async function heartbeat(request: BootHttpRequest): Promise<BootHttpResponse> {
    const tracked = authenticate(request);
    const { agent } = tracked;
    if (!beats.allows(agent.machineId)) return tooMany();
    const { sequence, uptimeMs, intervalMs, stopping = false } = parseBody(heartbeatRequest, request);
    if (sequence <= agent.sequence)
      throw new AthanorError('conflict', `heartbeat ${sequence} came after heartbeat ${agent.sequence}`, {
        field: 'sequence',
        value: String(sequence),
        remedy: 'Enrol again; the agent does so by itself.',
      });
    tracker.hear(tracked);
    tracked.uptimeMs = uptimeMs;
    agent.sequence = sequence;
    agent.lastHeardAt = now();
    // A shorter interval holds once the agent is known to keep it: the answer that tells it may be lost.
    agent.intervalMs = Math.max(settings.intervalMs, intervalMs ?? tracked.toldIntervalMs);
    tracked.toldIntervalMs = settings.intervalMs;
    // Once for each enrolment: a token must not fill the history.
    const farewell = stopping && !tracked.saidFarewell;
    tracked.saidFarewell ||= stopping;
    agent.stoppingAt = stopping ? (agent.stoppingAt ?? agent.lastHeardAt) : null;
    unwritten.add(agent);
    if (farewell) await inTurn(() => recordStopping(store, agent));
    tellHeard(agent.machineId);
    return answer(200, { intervalMs: settings.intervalMs });
  }

  function tooMany(): BootHttpResponse {
    return problem(new AthanorError('too-many-requests', 'the agent asks too often'));
  }

  return {
    service: async (request) => {
      if (!request.path.startsWith(PREFIX)) return undefined;
      const endpoint = `${request.method} ${request.path.slice(PREFIX.length)}`;
      try {
        if (endpoint === 'POST heartbeat') return await heartbeat(request);
        if (endpoint === 'POST enrol')
          return enrolments.allows(request.remoteAddress) ? await enrol(request) : tooMany();
        return undefined;
      } catch (thrown) {
        const error = asAthanorError(thrown);
        onError(error, request.path);
        return problem(error);
      }
    },
    load: () =>
      inTurn(async () => {
        for (const agent of await readAgents(store))
          if (tracker.of(agent.machineId) === undefined) tracker.add(agent, false);
        tracker.restart();
        timers.push(every(TICK_MS, () => tracker.tick()));
        timers.push(every(WRITE_EVERY_MS, () => void write()));
      }),
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
      return Promise.resolve({
        bootId,
        address,
        enrolledAt,
        lastHeardAt,
        sequence,
        intervalMs,
        uptimeMs,
        stoppingAt,
      });
    },
    forget: (machineId) => {
      tracker.remove(machineId);
      return inTurn(async () => {
        tracker.remove(machineId);
        await deleteAgent(store, machineId);
      });
    },
    stop: async () => {
      for (const end of timers.splice(0)) end();
      await write();
      await write();
      await changes;
    },
  };
}
