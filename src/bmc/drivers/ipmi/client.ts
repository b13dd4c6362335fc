/**
 * Commands to one BMC over its lane and its one session. An idempotent request is retried; any other is sent once and never
 * again after it may have run.
 */
import { AthanorError } from '../../../errors/index.ts';
import type { BridgedResponse, CipherSuite, IpmiCommand, IpmiTarget } from '../../../protocols/ipmi/index.ts';
import {
  completionCode,
  completionCodeText,
  getDeviceId,
  IpmiDecodeError,
  maximumHops,
  noData,
  sendMessage,
} from '../../../protocols/ipmi/session/index.ts';
import type { Lane } from '../../lane.ts';
import type { Clock, RandomBytes, UdpTransport } from '../../ports.ts';
import { jittered, sleep } from '../../ports.ts';
import type { Quirks } from '../../quirks/index.ts';
import { createQuirks } from '../../quirks/index.ts';
import type { SessionSetup } from './session-setup.ts';
import type { OpenSession, Reply } from './session-keeper.ts';
import { closedError, createSessionKeeper } from './session-keeper.ts';
import type { IpmiSession } from './session.ts';
import type { Peer } from './session-errors.ts';
import { silenceError, silentControllerError } from './session-errors.ts';
import { timing } from './timing.ts';
import { runsAtUserLevel } from './user-level-commands.ts';

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
  /** Told of every Get Device ID of the BMC itself. */
  quirks?: Quirks;
}

/** The BMC's answer: a value, or the completion code by which it refused. */
export type CommandAnswer<Response> = { value: Response } | { refused: Refusal };

export interface Refusal {
  completionCode: number;
  text: string;
  /** What came with the code: some commands answer a code of their own together with data. */
  data?: Uint8Array;
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
  /** As `ask`, with a refusal as an error: see `refusedError`. */
  run<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal?: AbortSignal,
    target?: IpmiTarget,
  ): Promise<Response>;
  /** The session that is open now, for those who tell about it. */
  readonly session: Pick<IpmiSession, 'suite' | 'managedSystemSessionId' | 'role' | 'privilege'> | undefined;
  /** Keeps the session alive, instead of closing it when idle, until the returned function is called. */
  hold(): () => void;
  close(): Promise<void>;
}

/** Answers after which the same request may do: the BMC did not run it. */
const busyCodes: ReadonlySet<number> = new Set([completionCode.nodeBusy, completionCode.initializationInProgress]);
/** Answers that do not tell whether it ran: timeout, response not available, duplicate of one that ran. */
const unclearCodes: ReadonlySet<number> = new Set([completionCode.timeout, 0xce, 0xcf]);

export function createIpmiClient(settings: IpmiClientSettings, dependencies: IpmiClientDependencies): IpmiClient {
  const { lane, clock, randomBytes } = dependencies;
  const { peer, credential } = settings;
  const quirks = dependencies.quirks ?? createQuirks(peer.name);
  const keeper = createSessionKeeper({ ...settings, ...dependencies, quirks });
  let cancelIdle: (() => void) | undefined;
  let running = 0;
  let holders = 0;
  let closed = false;

  /** A session at the level that the command needs. */
  async function ready(
    command: { name: string; networkFunction: number; command: number },
    signal: AbortSignal | undefined,
    target: IpmiTarget | undefined,
  ): Promise<OpenSession> {
    const needsMore = target !== undefined || !runsAtUserLevel(command);
    const open = await keeper.take(signal);
    if (!needsMore) return open;
    const reply = await keeper.raise(open, signal);
    if (reply === 'raised') return open;
    keeper.drop(open.session);
    const fresh = open.old ? await keeper.take(signal) : undefined;
    const again = fresh === undefined ? reply : await keeper.raise(fresh, signal);
    if (fresh !== undefined && again === 'raised') return fresh;
    if (fresh !== undefined) keeper.drop(fresh.session);
    throw silenceError(
      peer,
      command.name,
      again === 'raised' ? { malformed: undefined, socketError: undefined } : again.silence,
    );
  }

  async function exchange<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal: AbortSignal | undefined,
    target: IpmiTarget | undefined,
  ): Promise<BridgedResponse> {
    await lane.checkCredential(credential);
    const open = await ready(command, signal, target);
    const answer = await exchangeOn(open, command, request, signal, target);
    // Refused for its level only, so it did not run: once more, higher.
    const tooLow = answer.response.completionCode === completionCode.insufficientPrivilege && !answer.refusedOnTheWay;
    const current = keeper.current;
    if (!tooLow || current === undefined || current.privilege >= current.role) return answer;
    const before = current.privilege;
    const again = await keeper.take(signal);
    if ((await keeper.raise(again, signal)) !== 'raised' || again.session.privilege <= before) return answer;
    return exchangeOn(again, command, request, signal, target);
  }

  async function exchangeOn<Request, Response>(
    open: OpenSession,
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal: AbortSignal | undefined,
    target: IpmiTarget | undefined,
  ): Promise<BridgedResponse> {
    if (!command.idempotent) return exchangeOnce(open, command, request, signal, target);
    const tries = open.old ? timing.triesOnOldSession : timing.tries;
    const reply = await keeper.send(open, command, request, { tries, signal, target });
    if ('answer' in reply) return reply.answer;
    // Of a session given up for the silence of another controller the BMC would know nothing, and keep its place.
    const behind = target?.through?.at(-1);
    if (behind !== undefined) {
      const alive = await keeper.send(open, getDeviceId, noData, { tries: timing.triesOnOldSession, signal });
      if ('answer' in alive) throw silentControllerError(peer, behind, command.name);
    }
    keeper.drop(open.session);
    if (!open.old) throw silenceError(peer, command.name, reply.silence);
    const renewed = await ready(command, signal, target);
    const again = await keeper.send(renewed, command, request, { tries: timing.tries, signal, target });
    if ('answer' in again) return again.answer;
    keeper.drop(renewed.session);
    throw silenceError(peer, command.name, again.silence);
  }

  async function exchangeOnce<Request, Response>(
    open: OpenSession,
    command: IpmiCommand<Request, Response>,
    request: Request,
    signal: AbortSignal | undefined,
    target: IpmiTarget | undefined,
  ): Promise<BridgedResponse> {
    let reply: Reply;
    try {
      reply = await keeper.send(open, command, request, { tries: 1, signal, target });
    } catch (error) {
      throw mayHaveRun(command.name, 'the wait for its answer was broken off', error);
    }
    if ('answer' in reply) return reply.answer;
    throw mayHaveRun(command.name, 'no answer came', silenceError(peer, command.name, reply.silence));
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
      const { response, refusedOnTheWay } = await inTurn(() => exchange(command, request, signal, target), signal);
      const code = response.completionCode;
      if (code === completionCode.ok) return { value: decode(command, response.data, target) };
      const text = refusedOnTheWay
        ? `${sendMessage.name}: ${completionCodeText(code, sendMessage.completionCodes)}`
        : completionCodeText(code, command.completionCodes);
      if (unclearCodes.has(code) && !command.idempotent)
        throw mayHaveRun(command.name, `it answered ${text}`, undefined);
      const mayPass = busyCodes.has(code) || (unclearCodes.has(code) && command.idempotent);
      if (!mayPass || attempt >= timing.busyTries)
        return { refused: { completionCode: code, text, data: response.data } };
      await sleep(clock, jittered(timing.busyPauseMs, timing.jitter, randomBytes), signal);
    }
  }

  async function inTurn<Value>(task: () => Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
    if (closed) throw closedError(peer);
    cancelIdle?.();
    running += 1;
    try {
      return await lane.exchange(task, signal);
    } finally {
      running -= 1;
      cancelIdle?.();
      cancelIdle = running > 0 ? undefined : clock.after(timing.idleMs, onIdle);
    }
  }

  function decode<Request, Response>(
    command: IpmiCommand<Request, Response>,
    data: Uint8Array,
    target: IpmiTarget | undefined,
  ): Response {
    try {
      // Whoever asks for the device id, the quirks learn of it.
      if (isDeviceId(command) && target === undefined) quirks.learn(getDeviceId.decodeResponse(data));
      return command.decodeResponse(data);
    } catch (error) {
      if (!(error instanceof IpmiDecodeError)) throw error;
      throw new AthanorError('bmc-protocol', `BMC ${peer.name}: ${error.message}`, { cause: error });
    }
  }

  function onIdle(): void {
    // Nobody waits for this, and it cannot fail.
    void (holders > 0 ? ask(getDeviceId, noData) : endSession()).catch(() => undefined);
  }

  async function endSession(): Promise<void> {
    await lane.exchange(() => (running > 0 ? Promise.resolve() : keeper.end())).catch(() => undefined);
  }

  return {
    ask,
    async run(command, request, signal, target) {
      const answer = await ask(command, request, signal, target);
      if ('value' in answer) return answer.value;
      throw refusedError(peer, command.name, answer.refused);
    },
    get session() {
      return keeper.current;
    },
    hold() {
      holders += 1;
      let held = true;
      return () => {
        if (held) holders -= 1;
        held = false;
      };
    },
    async close() {
      if (closed) return;
      closed = true;
      cancelIdle?.();
      await endSession();
      cancelIdle?.();
      // Still open only if the lane let nothing through.
      keeper.closeLink();
    },
  };
}

function isDeviceId(command: { networkFunction: number; command: number }): boolean {
  return command.networkFunction === getDeviceId.networkFunction && command.command === getDeviceId.command;
}

/** The codes by which a BMC says that it cannot just now (Table 5-2). */
const laterCodes: ReadonlySet<number> = new Set([
  completionCode.nodeBusy,
  0xd0,
  0xd1,
  completionCode.initializationInProgress,
]);

/** `unsupported` for an unknown command, `bmc-privilege`, `bmc-busy`, else `bmc-refused`. */
export function refusedError(peer: Peer, commandName: string, refusal: Refusal): AthanorError {
  const code = refusal.completionCode;
  const hex = `0x${code.toString(16).padStart(2, '0')}`;
  const message = `BMC ${peer.name} refused ${commandName}: ${refusal.text} (${hex})`;
  if (code === completionCode.invalidCommand || code === completionCode.invalidCommandForLun) {
    return new AthanorError('unsupported', message);
  }
  if (code === completionCode.insufficientPrivilege) {
    const remedy = `Have the BMC give credential ${peer.credentialName} a higher privilege level.`;
    return new AthanorError('bmc-privilege', message, { remedy });
  }
  return new AthanorError(laterCodes.has(code) ? 'bmc-busy' : 'bmc-refused', message);
}
