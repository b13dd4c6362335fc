/** An open RMCP+ session: numbers, seals and matches messages. Knows no sockets and no time. */
import type {
  AddressedRequest,
  BridgedResponse,
  CipherSuite,
  SecuredPayload,
  SessionKeys,
} from '../../../protocols/ipmi/index.ts';
import {
  decodeSessionPacket,
  encodeAddressedRequest,
  openPacket,
  payloadType,
  readAddressedResponse,
  sealPacket,
  SequenceWindow,
} from '../../../protocols/ipmi/index.ts';
import type { RandomBytes } from '../../ports.ts';

export interface SessionParameters {
  suite: CipherSuite;
  keys: SessionKeys;
  consoleSessionId: number;
  managedSystemSessionId: number;
  /** The role (privilege level) the session may rise to. */
  role: number;
  randomBytes: RandomBytes;
}

export interface IpmiSession {
  readonly suite: CipherSuite;
  readonly managedSystemSessionId: number;
  readonly role: number;
  /** A new rqSeq for a new request; a retry keeps its own. */
  nextRequestSequence(): number;
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
  const { suite, keys, consoleSessionId, managedSystemSessionId, role, randomBytes } = parameters;
  const window = new SequenceWindow();
  let sessionSequence = 0;
  let requestSequence = 0;

  function sealPayload(type: number, payload: Uint8Array): Uint8Array {
    sessionSequence = sessionSequence === 0xffff_ffff ? 1 : sessionSequence + 1;
    const content = { payloadType: type, sessionId: managedSystemSessionId, sequence: sessionSequence, payload };
    return sealPacket(suite, keys, content, randomBytes(suite.confidentiality.vectorLength));
  }

  function openPayload(packet: Uint8Array): SecuredPayload | undefined {
    const received = decodeSessionPacket(packet);
    if (received.format !== 'rmcp+' || received.sessionId !== consoleSessionId) return undefined;
    const opened = openPacket(suite, keys, received);
    return window.accept(opened.sequence) ? opened : undefined;
  }

  return {
    suite,
    managedSystemSessionId,
    role,
    nextRequestSequence() {
      requestSequence = (requestSequence + 1) % 64;
      return requestSequence;
    },
    sealPayload,
    openPayload,
    seal(request) {
      const message = encodeAddressedRequest(request);
      return sealPayload(payloadType.ipmiMessage, message);
    },
    open(packet, request) {
      const opened = openPayload(packet);
      if (opened?.payloadType !== payloadType.ipmiMessage) return undefined;
      return readAddressedResponse(opened.payload, request);
    },
  };
}
