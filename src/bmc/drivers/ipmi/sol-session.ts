/**
 * A session of its own for serial over LAN: one socket over which the payload's packets come and go as they like, with
 * commands in between. Its set-up and its commands take their turn on the BMC's lane; the payload's packets do not.
 */
import type { IpmiCommand, SecuredPayload } from '../../../protocols/ipmi/index.ts';
import {
  closeSession,
  completionCode,
  completionCodeText,
  decodeLanResponse,
  IpmiDecodeError,
  payloadType,
  privilegeLevel,
  setSessionPrivilegeLevel,
} from '../../../protocols/ipmi/index.ts';
import { AthanorError } from '../../../errors/index.ts';
import type { Lane } from '../../lane.ts';
import type { Clock, RandomBytes, UdpChannel, UdpTransport } from '../../ports.ts';
import { abortedError, jittered } from '../../ports.ts';
import type { Quirks } from '../../quirks/index.ts';
import type { IpmiClientSettings, Refusal } from './client.ts';
import { establishSession } from './establish-session.ts';
import { openLink } from './link.ts';
import type { IpmiSession } from './session.ts';
import type { Peer } from './session-errors.ts';
import { silenceError } from './session-errors.ts';
import { timing } from './timing.ts';

export interface SolSessionParts extends IpmiClientSettings {
  lane: Lane;
  udp: UdpTransport;
  clock: Clock;
  randomBytes: RandomBytes;
  quirks?: Pick<Quirks, 'has'>;
}

export type SolAnswer<Response> = { value: Response } | { refused: Refusal } | { silence: true };

type PayloadListener = (payload: Uint8Array, sessionSequence: number) => void;

export interface SolSession {
  readonly peer: Peer;
  readonly managedSystemSessionId: number;
  /** Where the payload's packets go from now on, and the first few that came before. */
  listen(listener: PayloadListener): void;
  /** Sends a packet of the payload; that it is lost shows by its not being answered. */
  sendPayload(payload: Uint8Array): void;
  /** One command in its turn on the lane; `tries` of 1 for what must not be sent twice. Silence is no error here. */
  ask<Request, Response>(
    command: IpmiCommand<Request, Response>,
    request: Request,
    options?: { tries?: number; signal?: AbortSignal | undefined },
  ): Promise<SolAnswer<Response>>;
  /** Best effort, and never rejects. */
  close(): Promise<void>;
}

const solTries = 5;
/** Packets of the payload that came before somebody listens: the BMC may be faster than its own answer. */
const earlyPackets = 16;

export async function openSolSession(parts: SolSessionParts, signal?: AbortSignal): Promise<SolSession> {
  const { lane, clock, randomBytes, peer, credential, suites } = parts;
  let channel: UdpChannel | undefined;
  let onPacket: ((packet: Uint8Array) => void) | undefined;
  // The link asks its questions over the very socket that carries the payload afterwards.
  const tapped: UdpTransport = {
    async open(endpoint, handlers) {
      const onMessage = (packet: Uint8Array): void => (onPacket ?? handlers.onMessage)(packet);
      channel = await parts.udp.open(endpoint, { ...handlers, onMessage });
      return channel;
    },
  };

  const session = await lane.exchange(async () => {
    await lane.checkCredential(credential);
    const endpoint = { address: peer.address, port: peer.port };
    const link = await openLink(endpoint, tapped, lane, clock).catch((thrown: unknown) => {
      const socketError = thrown instanceof Error ? thrown : new Error(String(thrown));
      throw silenceError(peer, 'at all', { malformed: undefined, socketError });
    });
    const setup = {
      peer,
      link,
      lane,
      clock,
      randomBytes,
      credential,
      suites,
      askCapabilities: true,
      ...(parts.quirks && { quirks: parts.quirks }),
    };
    try {
      return await establishSession({ ...setup, ...(signal !== undefined && { signal }) });
    } catch (error) {
      link.close();
      throw error;
    }
  }, signal);

  const traffic = overSession(session, parts, (packet) => {
    // An error of the socket is as if the packet was lost.
    channel?.send(packet).catch(() => undefined);
  });
  onPacket = traffic.onPacket;
  const { managedSystemSessionId } = session;
  const opened: SolSession = {
    peer,
    managedSystemSessionId,
    listen: traffic.listen,
    sendPayload: traffic.sendPayload,
    ask: traffic.ask,
    async close() {
      const request = { sessionId: managedSystemSessionId };
      await traffic.ask(closeSession, request, { tries: 2 }).catch(() => undefined);
      channel?.close();
    },
  };
  try {
    await raisePrivilege(opened, session.role, signal);
  } catch (error) {
    await opened.close();
    throw error;
  }
  return opened;
}

/** A session begins at user level (§22.18); serial over LAN may ask for more. */
async function raisePrivilege(session: SolSession, role: number, signal?: AbortSignal): Promise<void> {
  for (let privilege = role; privilege > privilegeLevel.user; privilege -= 1) {
    const answer = await session.ask(setSessionPrivilegeLevel, { privilege }, { signal });
    if ('silence' in answer) throw silent(session.peer, setSessionPrivilegeLevel.name);
    if ('value' in answer) return;
  }
}

export function silent(peer: Peer, asked: string): AthanorError {
  return silenceError(peer, asked, { malformed: undefined, socketError: undefined });
}

/** Commands and payload packets over an open session. */
function overSession(session: IpmiSession, parts: SolSessionParts, send: (packet: Uint8Array) => void) {
  const { lane, clock, randomBytes, peer } = parts;
  const early: [Uint8Array, number][] = [];
  let onPayload: PayloadListener = (payload, sequence) => {
    if (early.length < earlyPackets) early.push([payload, sequence]);
  };
  let onResponse: ((payload: Uint8Array) => void) | undefined;

  function open(packet: Uint8Array): SecuredPayload | undefined {
    try {
      return session.openPayload(packet);
    } catch (error) {
      // Garbage or a forgery.
      if (error instanceof IpmiDecodeError) return undefined;
      throw error;
    }
  }

  function onPacket(packet: Uint8Array): void {
    const opened = open(packet);
    if (opened === undefined) return;
    lane.heard();
    if (opened.payloadType === payloadType.serialOverLan) onPayload(opened.payload, opened.sequence);
    if (opened.payloadType === payloadType.ipmiMessage) onResponse?.(opened.payload);
  }

  /** Sends the request once; its response, or undefined after `waitMs`. */
  function askOnce<Request, Response>(
    command: IpmiCommand<Request, Response>,
    data: Uint8Array,
    sequence: number,
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<SolAnswer<Response> | undefined> {
    const { networkFunction, command: number } = command;
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        onResponse = undefined;
        cancel();
        signal?.removeEventListener('abort', onAbort);
      };
      const onAbort = (): void => {
        finish();
        reject(abortedError(signal));
      };
      const cancel = clock.after(waitMs, () => {
        finish();
        resolve(undefined);
      });
      onResponse = (payload) => {
        const read = readResponse(command, payload, sequence);
        if (read === undefined) return;
        finish();
        if ('unreadable' in read) reject(unreadable(read.unreadable));
        else resolve(read);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      if (signal?.aborted) onAbort();
      else send(session.seal({ networkFunction, command: number, sequence, data }));
    });
  }

  return {
    onPacket,
    listen(listener: PayloadListener) {
      onPayload = listener;
      for (const [payload, sequence] of early.splice(0)) listener(payload, sequence);
    },
    sendPayload: (payload: Uint8Array) => send(session.sealPayload(payloadType.serialOverLan, payload)),
    ask<Request, Response>(
      command: IpmiCommand<Request, Response>,
      request: Request,
      { tries = solTries, signal }: { tries?: number; signal?: AbortSignal | undefined } = {},
    ): Promise<SolAnswer<Response>> {
      const data = command.encodeRequest(request);
      return lane.exchange(async () => {
        const sequence = session.nextRequestSequence();
        let waitMs: number = tries === 1 ? timing.singleTryTimeoutMs : timing.firstTimeoutMs;
        for (let attempt = 0; attempt < tries; attempt += 1) {
          await lane.beforeSending(signal);
          const wait = jittered(waitMs, timing.jitter, randomBytes);
          const answer = await askOnce(command, data, sequence, wait, signal);
          if (answer !== undefined) return answer;
          waitMs *= timing.backOffFactor;
        }
        return { silence: true } as const;
      }, signal);
    },
  };

  function unreadable(cause: IpmiDecodeError): AthanorError {
    return new AthanorError('bmc-protocol', `BMC ${peer.name}: ${cause.message}`, { cause });
  }
}

/** The answer to this request, or undefined when the message is something else. */
function readResponse<Request, Response>(
  command: IpmiCommand<Request, Response>,
  payload: Uint8Array,
  sequence: number,
): Exclude<SolAnswer<Response>, { silence: true }> | { unreadable: IpmiDecodeError } | undefined {
  try {
    const response = decodeLanResponse(payload);
    const { networkFunction, command: number, completionCodes } = command;
    if (response.networkFunction !== networkFunction || response.command !== number) return undefined;
    if (response.sequence !== sequence) return undefined;
    if (response.completionCode === completionCode.ok) return { value: command.decodeResponse(response.data) };
    const text = completionCodeText(response.completionCode, completionCodes);
    return { refused: { completionCode: response.completionCode, text } };
  } catch (error) {
    if (!(error instanceof IpmiDecodeError)) throw error;
    return { unreadable: error };
  }
}
