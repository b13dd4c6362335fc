/**
 * Keeps one session to a BMC: opens it when it is needed, raises its privilege level when a command needs that, closes it
 * when it is idle, or keeps it alive for whoever holds it.
 */
import type { BridgedResponse, CipherSuite, IpmiCommand, IpmiTarget } from '../../../protocols/ipmi/index.ts';
import {
  closeSession,
  completionCode,
  privilegeLevel,
  setSessionPrivilegeLevel,
} from '../../../protocols/ipmi/session/index.ts';
import { AthanorError } from '../../../errors/index.ts';
import type { Lane } from '../../lane.ts';
import type { Clock, RandomBytes, UdpTransport } from '../../ports.ts';
import { jittered, sleep } from '../../ports.ts';
import type { Quirks } from '../../quirks/index.ts';
import type { SessionSetup } from './session-setup.ts';
import { establishSession } from './establish-session.ts';
import type { Link, Silence } from './link.ts';
import { openLink } from './link.ts';
import type { IpmiSession } from './session.ts';
import type { Peer } from './session-errors.ts';
import { sharedOpening } from './shared-opening.ts';
import { silenceError } from './session-errors.ts';
import { timing } from './timing.ts';

export interface SessionKeeperParts {
  peer: Peer;
  credential: SessionSetup['credential'];
  suites: readonly CipherSuite[];
  quirks: Quirks;
  lane: Lane;
  udp: UdpTransport;
  clock: Clock;
  randomBytes: RandomBytes;
}

export interface OpenSession {
  session: IpmiSession;
  link: Link;
  /** It was open before this call: the BMC may have forgotten it. */
  old: boolean;
}

export type Reply = { answer: BridgedResponse } | { silence: Silence };

export interface SessionKeeper {
  /** The session to use; opened here when there is none. */
  take(signal?: AbortSignal): Promise<OpenSession>;
  /** Sends one request up to `tries` times on this session. */
  send<Request, Response>(
    on: OpenSession,
    command: IpmiCommand<Request, Response>,
    request: Request,
    options: { tries: number; signal?: AbortSignal | undefined; target?: IpmiTarget | undefined },
  ): Promise<Reply>;
  /** Raises the session to the highest level the BMC grants this user, once per session. */
  raise(on: OpenSession, signal?: AbortSignal): Promise<'raised' | { silence: Silence }>;
  /** The BMC has forgotten this session. */
  drop(session: IpmiSession): void;
  /** The session that is open now. */
  readonly current: IpmiSession | undefined;
  /** Best effort: some BMCs never answer Close Session, and all of them forget a session by themselves. */
  end(): Promise<void>;
  /** Closes the socket whatever is under way. */
  closeLink(): void;
}

export function createSessionKeeper(parts: SessionKeeperParts): SessionKeeper {
  const { peer, credential, quirks, lane, udp, clock, randomBytes } = parts;
  let link: Link | undefined;
  let session: IpmiSession | undefined;
  let suites = parts.suites;
  let spokeIpmi20 = false;
  const raised = new WeakSet<IpmiSession>();
  /** How many requests wait on a link; one that was left is closed after the last. */
  const waiting = new WeakMap<Link, number>();
  const left = new Set<Link>();
  // Whoever comes while another opens waits for the same session.
  const opened = sharedOpening(open);

  function take(signal?: AbortSignal): Promise<OpenSession> {
    if (session !== undefined && link !== undefined) return Promise.resolve({ session, link, old: true });
    return opened(signal);
  }

  /** The next session gets a socket of its own: the address of the BMC, or the way to it, may have changed. */
  function leaveLink(): void {
    if (link === undefined) return;
    left.add(link);
    closeIfLeft(link);
    link = undefined;
  }

  function closeIfLeft(one: Link): void {
    if ((waiting.get(one) ?? 0) > 0 || !left.delete(one)) return;
    one.close();
  }

  async function open(signal: AbortSignal): Promise<OpenSession> {
    link ??= await openLink({ address: peer.address, port: peer.port }, udp, lane, clock).catch((error: unknown) => {
      throw silenceError(peer, 'at all', { malformed: undefined, socketError: asError(error) });
    });
    const through = link;
    const fresh = await establishSession({
      peer,
      link: through,
      lane,
      clock,
      randomBytes,
      credential,
      suites,
      askCapabilities: !spokeIpmi20,
      quirks,
      signal,
    }).catch((error: unknown) => {
      if (link === through) leaveLink();
      throw error;
    });
    spokeIpmi20 = true;
    suites = [fresh.suite, ...parts.suites.filter(({ id }) => id !== fresh.suite.id)];
    session = fresh;
    return { session: fresh, link: through, old: false };
  }

  async function send<Request, Response>(
    { session: on, link: through }: OpenSession,
    command: IpmiCommand<Request, Response>,
    request: Request,
    options: { tries: number; signal?: AbortSignal | undefined; target?: IpmiTarget | undefined },
  ): Promise<Reply> {
    const { tries, signal, target } = options;
    const data = command.encodeRequest(request);
    const sequence = on.nextRequestSequence();
    const numbered = {
      networkFunction: command.networkFunction,
      command: command.command,
      sequence,
      data,
      ...(target !== undefined && { target }),
    };
    let silence: Silence = { malformed: undefined, socketError: undefined };
    let timeoutMs: number = tries === 1 ? timing.singleTryTimeoutMs : timing.firstTimeoutMs;
    let socketErrors = 0;
    waiting.set(through, (waiting.get(through) ?? 0) + 1);
    try {
      for (let attempt = 0; attempt < tries && socketErrors < timing.socketErrorTries; attempt += 1) {
        const wait = jittered(timeoutMs, timing.jitter, randomBytes);
        const accept = (packet: Uint8Array): BridgedResponse | undefined => on.open(packet, numbered);
        // The one packet of a request that is not sent again may have arrived, whatever the network says of others.
        const reply = await through.ask(on.seal(numbered), accept, wait, signal, { endOnSocketError: tries > 1 });
        if ('answer' in reply) return reply;
        silence = reply.silence;
        if (silence.socketError === undefined) timeoutMs *= timing.backOffFactor;
        else {
          socketErrors += 1;
          await sleep(clock, jittered(timing.socketErrorPauseMs, timing.jitter, randomBytes), signal);
        }
      }
      return { silence };
    } finally {
      on.releaseRequestSequence(sequence);
      waiting.set(through, (waiting.get(through) ?? 1) - 1);
      closeIfLeft(through);
    }
  }

  async function raise(on: OpenSession, signal?: AbortSignal): Promise<'raised' | { silence: Silence }> {
    if (raised.has(on.session)) return 'raised';
    for (let level = on.session.role; level > privilegeLevel.user; level -= 1) {
      const tries = on.old ? timing.triesOnOldSession : timing.tries;
      const reply = await send(on, setSessionPrivilegeLevel, { privilege: level }, { tries, signal });
      if ('silence' in reply) return reply;
      if (reply.answer.response.completionCode !== completionCode.ok) continue;
      on.session.privilege = level;
      break;
    }
    raised.add(on.session);
    return 'raised';
  }

  async function end(): Promise<void> {
    const ending = session;
    const through = link;
    session = undefined;
    link = undefined;
    if (through === undefined) return;
    try {
      if (ending === undefined) return;
      const { command, networkFunction } = closeSession;
      const data = closeSession.encodeRequest({ sessionId: ending.managedSystemSessionId });
      const request = { command, networkFunction, data, sequence: ending.nextRequestSequence() };
      const accept = (packet: Uint8Array): BridgedResponse | undefined => ending.open(packet, request);
      const options = { endOnSocketError: true };
      await through.ask(ending.seal(request), accept, timing.closeTimeoutMs, undefined, options);
    } finally {
      through.close();
    }
  }

  return {
    take,
    send,
    raise,
    drop(dropped) {
      if (session !== dropped) return;
      session = undefined;
      leaveLink();
    },
    get current() {
      return session;
    },
    end,
    closeLink() {
      for (const one of [link, ...left]) one?.close();
      left.clear();
      link = undefined;
    },
  };
}

export function closedError(peer: Peer): AthanorError {
  return new AthanorError('aborted', `BMC ${peer.name} was closed`);
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
