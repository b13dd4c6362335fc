/** An open RMCP+ session: numbers, seals and matches messages. Knows no sockets and no time. */
import type {
  AddressedRequest,
  BridgedResponse,
  CipherSuite,
  LanDecoding,
  SecuredPayload,
  SessionKeys,
} from '../../../protocols/ipmi/index.ts';
import {
  decodeLanResponse,
  decodeSessionPacket,
  encodeAddressedRequest,
  IpmiDecodeError,
  openPacket,
  payloadType,
  privilegeLevel,
  readAddressedResponse,
  sealPacket,
  SequenceWindow,
} from '../../../protocols/ipmi/session/index.ts';
import type { RandomBytes } from '../../ports.ts';
import { createRequestNumbers } from './request-numbers.ts';

export interface SessionParameters {
  suite: CipherSuite;
  keys: SessionKeys;
  consoleSessionId: number;
  managedSystemSessionId: number;
  /** The role (privilege level) the session may rise to. */
  role: number;
  randomBytes: RandomBytes;
  decoding?: LanDecoding;
}

export interface IpmiSession {
  readonly suite: CipherSuite;
  readonly managedSystemSessionId: number;
  readonly role: number;
  /** The level commands run at: user at first, whatever the role (§13.17). */
  privilege: number;
  /** A new rqSeq for a new request; a retry keeps its own. */
  nextRequestSequence(): number;
  /** Nobody waits for this number's answer any more. */
  releaseRequestSequence(sequence: number): void;
  /** A sealed packet; the session sequence number goes up with every packet, retries included (§6.12.8). */
  seal(request: AddressedRequest): Uint8Array;
  /** The response to `request` if this genuine packet holds it; throws IpmiDecodeError for one that is not genuine. */
  open(packet: Uint8Array, request: AddressedRequest): BridgedResponse | undefined;
  /** As `seal`, for a payload that is no command: serial over LAN. */
  sealPayload(type: number, payload: Uint8Array): Uint8Array;
  /** As `open`, for every payload of this session, each once; undefined for a packet seen before or of another session. */
  openPayload(packet: Uint8Array): SecuredPayload | undefined;
}

export function createSession(parameters: SessionParameters): IpmiSession {
  const { suite, keys, consoleSessionId, managedSystemSessionId, role, randomBytes, decoding = {} } = parameters;
  const window = new SequenceWindow();
  const numbers = createRequestNumbers();
  let sessionSequence = 0;
  let newest: { packet: Uint8Array; opened: SecuredPayload | undefined } | undefined;

  function sealPayload(type: number, payload: Uint8Array): Uint8Array {
    sessionSequence = sessionSequence === 0xffff_ffff ? 1 : sessionSequence + 1;
    const content = { payloadType: type, sessionId: managedSystemSessionId, sequence: sessionSequence, payload };
    return sealPacket(suite, keys, content, randomBytes(suite.confidentiality.vectorLength));
  }

  function openPayload(packet: Uint8Array): SecuredPayload | undefined {
    const received = decodeSessionPacket(packet);
    if (received.format !== 'rmcp+' || received.sessionId !== consoleSessionId) return undefined;
    const opened = openPacket(suite, keys, received);
    if (!window.accept(opened.sequence)) return undefined;
    if (opened.payloadType === payloadType.ipmiMessage) countAnswer(opened.payload);
    return opened;
  }

  /** Several requests may look at one packet; it is opened, and counted, once. */
  function openOnce(packet: Uint8Array): SecuredPayload | undefined {
    if (newest?.packet !== packet) newest = { packet, opened: openPayload(packet) };
    return newest.opened;
  }

  function countAnswer(message: Uint8Array): void {
    try {
      numbers.answered(decodeLanResponse(message, decoding).sequence);
    } catch (error) {
      if (!(error instanceof IpmiDecodeError)) throw error;
    }
  }

  return {
    suite,
    managedSystemSessionId,
    role,
    privilege: Math.min(role, privilegeLevel.user),
    nextRequestSequence: () => numbers.next(),
    releaseRequestSequence: (sequence) => numbers.done(sequence),
    sealPayload,
    openPayload,
    seal(request) {
      numbers.sent(request.sequence);
      return sealPayload(payloadType.ipmiMessage, encodeAddressedRequest(request));
    },
    open(packet, request) {
      const opened = openOnce(packet);
      if (opened?.payloadType !== payloadType.ipmiMessage) return undefined;
      return readAddressedResponse(opened.payload, request, decoding);
    },
  };
}
