/**
 * The server's side of the agent's protocol, plain HTTP on the provisioning network (docs/reference/agent-protocol.md).
 *
 * | request                  | body                                        | answer            |
 * | ------------------------ | ------------------------------------------- | ----------------- |
 * | POST /agent/v1/enrol     | bootId, version                             | token, intervalMs |
 * | POST /agent/v1/heartbeat | sequence, uptimeMs, intervalMs?, stopping?  | intervalMs        |
 *
 * `heartbeat` needs `Authorization: Bearer` with the token of the machine's newest enrolment, from the address that
 * enrolled. A beat touches memory alone.
 */
import { asAthanorError, AthanorError } from '../../errors/index.ts';
import { bearerToken, jsonAnswer, parseBody, problemAnswer } from '../../install/index.ts';
import type { BootHttpRequest, BootHttpResponse } from '../../site/index.ts';
import { hashToken, type Store } from '../../store/index.ts';
import { enrolRequest, heartbeatRequest, LONGEST_BODY_BYTES } from './agent-messages.ts';
import { enrolAgent, recordStopping } from './agent-table.ts';
import type { HeardWriter } from './heard-writer.ts';
import { createRateLimit } from './rate-limit.ts';
import type { HeartbeatSettings, Tracked, Tracker } from './tracker.ts';

export interface AgentServiceOptions {
  store: Store;
  tracker: Tracker;
  writer: HeardWriter;
  settings: HeartbeatSettings;
  macOf(address: string): string | undefined | Promise<string | undefined>;
  now(): number;
  monotonic(): number;
  /** One change of who is enrolled after another, so that memory and table follow the same order. */
  inTurn<T>(change: () => Promise<T>): Promise<T>;
  heard(machineId: string): void;
  onError(error: AthanorError, what: string): void;
}

const PREFIX = '/agent/v1/';
/** Beats of one machine, and enrolments from one address: far above what an agent does. */
const beatLimit = { burst: 10, perSecond: 10, mostKeys: 100_000 };
const enrolLimit = { burst: 10, perSecond: 1, mostKeys: 10_000 };

/** Answers requests under `/agent/v1/`; undefined for any other path. */
export function createAgentService(
  options: AgentServiceOptions,
): (request: BootHttpRequest) => Promise<BootHttpResponse | undefined> {
  const { store, tracker, writer, settings, macOf, now, monotonic, inTurn, heard, onError } = options;
  const beats = createRateLimit({ ...beatLimit, monotonic });
  const enrolments = createRateLimit({ ...enrolLimit, monotonic });

  const tooMany = (): BootHttpResponse =>
    problemAnswer(new AthanorError('too-many-requests', 'the agent asks too often; it does so less by itself'));

  async function enrol(request: BootHttpRequest): Promise<BootHttpResponse> {
    const { bootId, version } = parseBody(enrolRequest, request, LONGEST_BODY_BYTES);
    const address = request.remoteAddress;
    const mac = await macOf(address);
    if (mac === undefined)
      throw new AthanorError('not-found', `no machine is known at ${address}`, {
        remedy: "Let the machine take its address from this server's DHCP, or speak from the provisioning network.",
      });
    const { intervalMs } = settings;
    return await inTurn(async () => {
      const { token, agent } = await enrolAgent(store, { mac, address, bootId, version, intervalMs, now: now() });
      tracker.add(agent, { heard: true });
      heard(agent.machineId);
      return jsonAnswer(200, { token, intervalMs });
    });
  }

  /** Whose token is this? Throws `unauthorised`. */
  function authenticate(request: BootHttpRequest): Tracked {
    const token = bearerToken(request);
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
    const {
      sequence,
      uptimeMs,
      intervalMs,
      stopping = false,
    } = parseBody(heartbeatRequest, request, LONGEST_BODY_BYTES);
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
    agent.stoppingAt = stopping ? (agent.stoppingAt ?? agent.lastHeardAt) : null;
    writer.add(agent);
    heard(agent.machineId);
    if (farewell) {
      await inTurn(() => recordStopping(store, agent));
      tracked.saidFarewell = true;
    }
    return jsonAnswer(200, { intervalMs: settings.intervalMs });
  }

  return async (request) => {
    if (!request.path.startsWith(PREFIX)) return undefined;
    const endpoint = `${request.method} ${request.path.slice(PREFIX.length)}`;
    try {
      if (endpoint === 'POST heartbeat') return await heartbeat(request);
      if (endpoint === 'POST enrol') return enrolments.allows(request.remoteAddress) ? await enrol(request) : tooMany();
      return undefined;
    } catch (thrown) {
      const error = asAthanorError(thrown);
      onError(error, request.path);
      return problemAnswer(error);
    }
  };
}
