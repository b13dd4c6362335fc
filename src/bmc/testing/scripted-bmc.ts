/**
 * The managed system's side of RMCP+, in memory, as far as tests of the driver need it: what no real peer does (suite 17,
 * forged codes, chosen refusals) is scripted here.
 */
import type {
  CipherSuite,
  LanRequest,
  OpenSessionRequest,
  RakpExchange,
  SessionKeys,
} from '../../protocols/ipmi/index.ts';
import {
  decodeLanRequest,
  decodeOpenSessionRequest,
  decodeRakpMessage1,
  decodeRakpMessage3,
  decodeSessionPacket,
  deriveSessionKeys,
  encodeLanResponse,
  encodeOpenSessionResponse,
  encodeRakpMessage2,
  encodeRakpMessage4,
  encodeSessionless,
  encodeSessionSetup,
  findCipherSuite,
  getChannelAuthenticationCapabilities,
  openPacket,
  payloadType,
  rakp2AuthenticationCode,
  rakp3AuthenticationCode,
  rakp4IntegrityCheck,
  sameCode,
  sealPacket,
  userKey,
} from '../../protocols/ipmi/index.ts';
import type { UdpTransport } from '../ports.ts';

export interface Script {
  suites: number[];
  password: string;
  /** K_g, where the BMC has one. */
  systemKey: string | undefined;
  supportsIpmi20: boolean;
  /** Answers a command inside a session; undefined is silence. */
  command(request: LanRequest): { completionCode: number; data: Uint8Array } | undefined;
  /** A status for each step instead of going on; undefined goes on. */
  openSessionStatus(request: OpenSessionRequest): number | undefined;
  rakp2Status(role: number): number | undefined;
  rakp4Status(): number | undefined;
  /** What RAKP message 1 held. */
  onRakp1(message: { roleByte: number; username: Uint8Array }): void;
  /** The completion code of Set Session Privilege Level. */
  privilegeCode(level: number): number;
  /** Alters the suite that Open Session Response claims. */
  claimedSuite(asked: CipherSuite): CipherSuite;
  /** Alters a packet on its way to the console; undefined loses it. */
  answer(packet: Uint8Array): Uint8Array | undefined;
}

export interface ScriptedBmc extends UdpTransport {
  script: Script;
  /** What arrived, by name: `capabilities`, `open`, `rakp1`, `rakp3`, or `netFn/command` in hex inside a session. */
  arrived: string[];
  /** Forgets every session, as a BMC that restarts. */
  restart(): void;
}

interface Session {
  suite: CipherSuite;
  exchange: RakpExchange | undefined;
  keys: SessionKeys | undefined;
  consoleSessionId: number;
  sequence: number;
}

const random = Buffer.from('00112233445566778899aabbccddeeff', 'hex');

export function createScriptedBmc(change: Partial<Script> = {}): ScriptedBmc {
  const sessions = new Map<number, Session>();
  let lastId = 0x1000;
  const bmc: ScriptedBmc = {
    arrived: [],
    script: {
      suites: [3, 17],
      password: 'secret',
      systemKey: undefined,
      supportsIpmi20: true,
      command: () => ({ completionCode: 0, data: Buffer.alloc(0) }),
      openSessionStatus: () => undefined,
      rakp2Status: () => undefined,
      rakp4Status: () => undefined,
      onRakp1: () => undefined,
      privilegeCode: () => 0,
      claimedSuite: (asked) => asked,
      answer: (packet) => packet,
      ...change,
    },
    restart: () => sessions.clear(),
    open: (_endpoint, handlers) =>
      Promise.resolve({
        send(packet) {
          const answer = respond(packet);
          const altered = answer === undefined ? undefined : bmc.script.answer(answer);
          if (altered !== undefined) queueMicrotask(() => handlers.onMessage(altered));
          return Promise.resolve();
        },
        close: () => undefined,
      }),
  };

  function respond(bytes: Uint8Array): Uint8Array | undefined {
    const packet = decodeSessionPacket(bytes);
    if (packet.format === 'ipmi-1.5') return capabilities(packet.payload);
    if (packet.payloadType === payloadType.openSessionRequest) return openSession(packet.payload);
    if (packet.payloadType === payloadType.rakpMessage1) return rakp1(packet.payload);
    if (packet.payloadType === payloadType.rakpMessage3) return rakp3(packet.payload);
    const session = sessions.get(packet.sessionId);
    if (session?.keys === undefined) return undefined;
    const request = decodeLanRequest(openPacket(session.suite, session.keys, packet).payload);
    bmc.arrived.push(`${request.networkFunction.toString(16)}/${request.command.toString(16)}`);
    const answer = isSetPrivilege(request)
      ? { completionCode: bmc.script.privilegeCode(request.data[0] ?? 0), data: request.data }
      : bmc.script.command(request);
    if (answer === undefined) return undefined;
    session.sequence += 1;
    const content = {
      payloadType: payloadType.ipmiMessage,
      sessionId: session.consoleSessionId,
      sequence: session.sequence,
      payload: encodeLanResponse({ ...request, ...answer }),
    };
    return sealPacket(session.suite, session.keys, content, random);
  }

  function capabilities(payload: Uint8Array): Uint8Array {
    bmc.arrived.push('capabilities');
    const request = decodeLanRequest(payload);
    const data = getChannelAuthenticationCapabilities.encodeResponse({
      channel: 1,
      authenticationTypes: 0x14,
      extended: bmc.script.supportsIpmi20,
      systemKeySet: false,
      perMessageAuthenticationDisabled: false,
      userLevelAuthenticationDisabled: false,
      nonNullUsernames: true,
      nullUsernames: false,
      anonymousLogin: false,
      supportsIpmi15: true,
      supportsIpmi20: bmc.script.supportsIpmi20,
      oemId: 0,
      oemData: 0,
    });
    return encodeSessionless(encodeLanResponse({ ...request, data, completionCode: 0 }));
  }

  function openSession(payload: Uint8Array): Uint8Array | undefined {
    // A BMC of IPMI 1.5 knows no such packet.
    if (!bmc.script.supportsIpmi20) return undefined;
    bmc.arrived.push('open');
    const request = decodeOpenSessionRequest(payload);
    const { tag, consoleSessionId, maximumPrivilege } = request;
    const suite = [3, 8, 12, 17]
      .map(findCipherSuite)
      .find(
        (known) =>
          known?.authentication.code === request.algorithms.authentication &&
          known.integrity.code === request.algorithms.integrity,
      );
    const status = bmc.script.openSessionStatus(request);
    if (status !== undefined || suite === undefined || !bmc.script.suites.includes(suite.id)) {
      const refusal = encodeOpenSessionResponse({ tag, status: status ?? 0x04, consoleSessionId });
      return encodeSessionSetup(payloadType.openSessionResponse, refusal);
    }
    lastId += 1;
    sessions.set(lastId, { suite, exchange: undefined, keys: undefined, consoleSessionId, sequence: 0 });
    const claimed = bmc.script.claimedSuite(suite);
    const algorithms = {
      authentication: claimed.authentication.code,
      integrity: claimed.integrity.code,
      confidentiality: claimed.confidentiality.code,
    };
    const accepted = {
      tag,
      status: 0,
      maximumPrivilege,
      consoleSessionId,
      managedSystemSessionId: lastId,
      algorithms,
    } as const;
    return encodeSessionSetup(payloadType.openSessionResponse, encodeOpenSessionResponse(accepted));
  }

  function rakp1(payload: Uint8Array): Uint8Array | undefined {
    bmc.arrived.push('rakp1');
    const message = decodeRakpMessage1(payload);
    bmc.script.onRakp1(message);
    const session = sessions.get(message.managedSystemSessionId);
    if (session === undefined) return undefined;
    const { consoleSessionId, suite } = session;
    const status = bmc.script.rakp2Status(message.roleByte & 0x0f);
    if (status !== undefined) {
      return encodeSessionSetup(
        payloadType.rakpMessage2,
        encodeRakpMessage2({ tag: message.tag, status, consoleSessionId }),
      );
    }
    const exchange: RakpExchange = {
      ...message,
      consoleSessionId,
      managedSystemRandom: random,
      managedSystemGuid: random,
    };
    session.exchange = exchange;
    const keyExchangeCode = rakp2AuthenticationCode(suite, key(), exchange);
    const rakp2 = {
      tag: message.tag,
      status: 0,
      consoleSessionId,
      managedSystemRandom: random,
      managedSystemGuid: random,
    } as const;
    return encodeSessionSetup(payloadType.rakpMessage2, encodeRakpMessage2({ ...rakp2, keyExchangeCode }));
  }

  function rakp3(payload: Uint8Array): Uint8Array | undefined {
    bmc.arrived.push('rakp3');
    const message = decodeRakpMessage3(payload);
    const session = sessions.get(message.managedSystemSessionId);
    if (session?.exchange === undefined) return undefined;
    const { consoleSessionId, suite, exchange } = session;
    const { tag } = message;
    const genuine = sameCode(rakp3AuthenticationCode(suite, key(), exchange), message.keyExchangeCode);
    const status = bmc.script.rakp4Status() ?? (genuine ? 0 : 0x0f);
    if (status !== 0) {
      return encodeSessionSetup(payloadType.rakpMessage4, encodeRakpMessage4({ tag, status, consoleSessionId }));
    }
    const { systemKey } = bmc.script;
    session.keys = deriveSessionKeys(
      suite,
      key(),
      exchange,
      systemKey === undefined ? undefined : userKey(Buffer.from(systemKey)),
    );
    const integrityCheckValue = rakp4IntegrityCheck(suite, session.keys, exchange);
    const rakp4 = { tag, status: 0, consoleSessionId, integrityCheckValue } as const;
    return encodeSessionSetup(payloadType.rakpMessage4, encodeRakpMessage4(rakp4));
  }

  function key(): Buffer {
    return userKey(Buffer.from(bmc.script.password));
  }

  return bmc;
}

function isSetPrivilege(request: LanRequest): boolean {
  return request.networkFunction === 0x06 && request.command === 0x3b;
}
