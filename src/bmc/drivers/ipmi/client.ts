/**
 * Commands to one BMC over its lane: keeps one session, opens it when needed, closes it when idle, and opens it anew
 * when the BMC has forgotten it. An idempotent request is retried; any other is sent once and never again.
 */
import { AthanorError } from '../../../errors/index.ts';
import type {
  BridgedResponse,
  CipherSuite,
  IpmiCommand,
  IpmiTarget,
  LanResponse,
} from '../../../protocols/ipmi/index.ts';
import {
  closeSession,
  completionCode,
  completionCodeText,
  IpmiDecodeError,
  maximumHops,
  privilegeLevel,
  sendMessage,
  setSessionPrivilegeLevel,
} from '../../../protocols/ipmi/index.ts';
import type { Lane } from '../../lane.ts';
import type { Clock, RandomBytes, UdpTransport } from '../../ports.ts';
import { jittered, sleep } from '../../ports.ts';
import type { SessionSetup } from './establish-session.ts';
import { establishSession } from './establish-session.ts';
import type { Link, Silence } from './link.ts';
import { openLink } from './link.ts';
import type { IpmiSession } from './session.ts';
import type { Peer } from './session-errors.ts';
import { silenceError } from './session-errors.ts';
import { timing } from './timing.ts';

export interface IpmiClientSettings {
  peer: Peer;
  credential: SessionSetup['credential'];
  suites: readonly CipherSuite[];
}

export interface IpmiClientDependencies {
  lane: Lane;
  udp: UdpTransport;
  clock: Clock;
  randomBytes: RandomBytes;
}

/** The BMC's answer: a value, or the completion code by which it refused. */
export type CommandAnswer<Response> = { value: Response } | { refused: Refusal };

export interface Refusal {
  completionCode: number;
  text: string;
}

export interface IpmiClient {
  /**
   * Rejects with `outcome-unknown` where a request that is not idempotent may have run. `target` is a
   * controller behind the BMC, or another LUN.
   */
  ask<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal?: AbortSignal,
    target?: IpmiTarget,
  ): Promise<CommandAnswer<Response>>;
  /** As `ask`, with a refusal as an error: `unsupported` for an unknown command, else `bmc-refused`. */
  run<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal?: AbortSignal,
    target?: IpmiTarget,
  ): Promise<Response>;
  close(): Promise<void>;
}

/** Answers after which the same request may do: the BMC did not run it. */
const busyCodes: ReadonlySet<number> = new Set([completionCode.nodeBusy, completionCode.initializationInProgress]);
/** Answers that do not tell whether it ran: timeout, response not available, duplicate of one that ran. */
const unclearCodes: ReadonlySet<number> = new Set([completionCode.timeout, 0xce, 0xcf]);

export function createIpmiClient(settings: IpmiClientSettings, dependencies: IpmiClientDependencies): IpmiClient {
  const { lane, udp, clock, randomBytes } = dependencies;
  const { peer, credential } = settings;
  let link: Link | undefined;
  let session: IpmiSession | undefined;
  let suites = settings.suites;
  let spokeIpmi20 = false;
  let cancelIdle: (() => void) | undefined;
  let closed = false;

  /** The session to use, and whether it was open before this call. */
  async function takeSession(signal?: AbortSignal): Promise<{ session: IpmiSession; link: Link; old: boolean }> {
    link ??= await openLink({ address: peer.address, port: peer.port }, udp, lane, clock).catch((error: unknown) => {
      throw silenceError(peer, 'at all', { malformed: undefined, socketError: asError(error) });
    });
    if (session !== undefined) return { session, link, old: true };
    const fresh = await establishSession({
      peer,
      link,
      lane,
      clock,
      randomBytes,
      credential,
      suites,
      askCapabilities: !spokeIpmi20,
      ...(signal !== undefined && { signal }),
    });
    spokeIpmi20 = true;
    suites = [fresh.suite, ...settings.suites.filter(({ id }) => id !== fresh.suite.id)];
    await raisePrivilege(fresh, link, signal);
    session = fresh;
    return { session, link, old: false };
  }

  /** A session begins at user level (§13.17); it rises to the highest level the BMC grants this user. */
  async function raisePrivilege(fresh: IpmiSession, through: Link, signal?: AbortSignal): Promise<void> {
    for (let level = fresh.role; level > privilegeLevel.user; level -= 1) {
      const reply = await send(fresh, through, setSessionPrivilegeLevel, { privilege: level }, timing.tries, signal);
      if ('silence' in reply) throw silenceError(peer, setSessionPrivilegeLevel.name, reply.silence);
      if (reply.answer.response.completionCode === completionCode.ok) return;
    }
  }

  /** Sends one request up to `tries` times on this session. */
  async function send<Request, Response>(
    on: IpmiSession,
    through: Link,
    command: IpmiCommand<Request, Response>,
    request: Request,
    tries: number,
    signal?: AbortSignal,
    target?: IpmiTarget,
  ): Promise<{ answer: BridgedResponse } | { silence: Silence }> {
    const numbered = {
      networkFunction: command.networkFunction,
      command: command.command,
      sequence: on.nextRequestSequence(),
      data: command.encodeRequest(request),
      ...(target !== undefined && { target }),
    };
    let silence: Silence = { malformed: undefined, socketError: undefined };
    let timeoutMs: number = tries === 1 ? timing.singleTryTimeoutMs : timing.firstTimeoutMs;
    for (let attempt = 0; attempt < tries; attempt += 1) {
      const wait = jittered(timeoutMs, timing.jitter, randomBytes);
      const reply = await through.ask(on.seal(numbered), (packet) => on.open(packet, numbered), wait, signal);
      if ('answer' in reply) return reply;
      silence = reply.silence;
      timeoutMs *= timing.backOffFactor;
    }
    return { silence };
  }

  async function exchange<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal?: AbortSignal,
    target?: IpmiTarget,
  ): Promise<BridgedResponse> {
    await lane.checkCredential(credential);
    const { session: on, link: through, old } = await takeSession(signal);
    if (!command.idempotent) {
      const reply = await send(on, through, command, request, 1, signal, target).catch((error: unknown) => {
        throw mayHaveRun(command.name, 'the wait for its answer was broken off', error);
      });
      if ('answer' in reply) return reply.answer;
      throw mayHaveRun(command.name, 'no answer came', silenceError(peer, command.name, reply.silence));
    }
    const tries = old ? timing.triesOnOldSession : timing.tries;
    const reply = await send(on, through, command, request, tries, signal, target);
    if ('answer' in reply) return reply.answer;
    session = undefined;
    if (!old) throw silenceError(peer, command.name, reply.silence);
    const renewed = await takeSession(signal);
    const again = await send(renewed.session, renewed.link, command, request, timing.tries, signal, target);
    if ('answer' in again) return again.answer;
    session = undefined;
    throw silenceError(peer, command.name, again.silence);
  }

  function mayHaveRun(name: string, why: string, cause: unknown): AthanorError {
    return new AthanorError('outcome-unknown', `${name} was sent to BMC ${peer.name}, and ${why}`, { cause });
  }

  async function ask<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal?: AbortSignal,
    target?: IpmiTarget,
  ): Promise<CommandAnswer<Response>> {
    if ((target?.through?.length ?? 0) > maximumHops) {
      throw new AthanorError('invalid-input', 'A command can be passed on by two controllers at most');
    }
    for (let attempt = 1; ; attempt += 1) {
      if (closed) throw new AthanorError('aborted', `BMC ${peer.name} was closed`);
      cancelIdle?.();
      const { response, refusedOnTheWay } = await lane
        .exchange(() => exchange(command, request, signal, target), signal)
        .finally(() => {
          cancelIdle?.();
          cancelIdle = link === undefined ? undefined : clock.after(timing.idleMs, endIdleSession);
        });
      const code = response.completionCode;
      if (code === completionCode.ok) return { value: decode(command, response) };
      const text = refusedOnTheWay
        ? `${sendMessage.name}: ${completionCodeText(code, sendMessage.completionCodes)}`
        : completionCodeText(code, command.completionCodes);
      if (unclearCodes.has(code) && !command.idempotent)
        throw mayHaveRun(command.name, `it answered ${text}`, undefined);
      const mayPass = busyCodes.has(code) || (unclearCodes.has(code) && command.idempotent);
      if (!mayPass || attempt >= timing.busyTries) return { refused: { completionCode: code, text } };
      await sleep(clock, jittered(timing.busyPauseMs, timing.jitter, randomBytes), signal);
    }
  }

  function decode<Request, Response>(command: IpmiCommand<Request, Response>, response: LanResponse): Response {
    try {
      return command.decodeResponse(response.data);
    } catch (error) {
      if (!(error instanceof IpmiDecodeError)) throw error;
      throw new AthanorError('bmc-protocol', `BMC ${peer.name}: ${error.message}`, { cause: error });
    }
  }

  function endIdleSession(): void {
    // Nobody waits for this, and it cannot fail: see endSession.
    void endSession();
  }

  /** Best effort: some BMCs never answer Close Session, and all of them forget a session by themselves. */
  async function endSession(): Promise<void> {
    await lane
      .exchange(async () => {
        const ending = session;
        const through = link;
        session = undefined;
        link = undefined;
        if (ending === undefined || through === undefined) {
          through?.close();
          return;
        }
        const { command, networkFunction } = closeSession;
        const data = closeSession.encodeRequest({ sessionId: ending.managedSystemSessionId });
        const request = { command, networkFunction, data, sequence: ending.nextRequestSequence() };
        const accept = (packet: Uint8Array) => ending.open(packet, request);
        await through.ask(ending.seal(request), accept, timing.closeTimeoutMs).finally(() => through.close());
      })
      .catch(() => undefined);
  }

  return {
    ask,
    async run(command, request, signal, target) {
      const answer = await ask(command, request, signal, target);
      if ('value' in answer) return answer.value;
      throw refusedError(peer, command.name, answer.refused);
    },
    async close() {
      if (closed) return;
      closed = true;
      cancelIdle?.();
      await endSession();
      // Still open only if the lane let nothing through.
      link?.close();
      link = undefined;
    },
  };
}

export function refusedError(peer: Peer, commandName: string, refusal: Refusal): AthanorError {
  const code = refusal.completionCode;
  const hex = `0x${code.toString(16).padStart(2, '0')}`;
  const message = `BMC ${peer.name} refused ${commandName}: ${refusal.text} (${hex})`;
  if (code === completionCode.invalidCommand || code === completionCode.invalidCommandForLun) {
    return new AthanorError('unsupported', message);
  }
  if (code === completionCode.insufficientPrivilege) {
    const remedy = `Give the user of credential ${peer.credentialName} a higher privilege level on the BMC.`;
    return new AthanorError('bmc-refused', message, { remedy });
  }
  return new AthanorError('bmc-refused', message);
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
