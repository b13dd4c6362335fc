/** A console made of codecs alone, in front of a controller without a socket: every packet is there to be looked at. */
import type { CipherSuite, LanResponse, RakpExchange, SessionKeys } from '../../../protocols/ipmi/index.ts';
import {
  bmcAddress,
  decodeLanResponse,
  decodeOpenSessionResponse,
  decodeRakpMessage2,
  decodeRakpMessage4,
  decodeSessionPacket,
  deriveSessionKeys,
  encodeLanRequest,
  encodeOpenSessionRequest,
  encodeRakpMessage1,
  encodeRakpMessage3,
  encodeSessionSetup,
  findCipherSuite,
  openPacket,
  payloadType,
  rakp3AuthenticationCode,
  remoteConsoleAddress,
  sealPacket,
  userKey,
} from '../../../protocols/ipmi/index.ts';
import type { Faults } from '../faults.ts';
import { noFaults } from '../faults.ts';
import type { ManagementController } from '../management-controller.ts';
import { createManagementController } from '../management-controller.ts';
import { usualSatellites } from '../satellites.ts';
import { createSeededRandom } from '../seeded-random.ts';
import { userTable } from '../users.ts';
import type { TestClock } from './test-clock.ts';
import { createTestClock } from './test-clock.ts';

export interface Bench {
  controller: ManagementController;
  clock: TestClock;
  faults: Faults;
  server: { powerOn: boolean; onPower: Set<(on: boolean) => void> };
  /** Everything the controller sent since the last call. */
  sent(): Uint8Array[];
  errors: unknown[];
  receive(packet: Uint8Array): void;
  random(length: number): Uint8Array;
}

export const consolePeer = { address: '127.0.0.1', port: 50_000 };

export function createBench(given: { faults?: Partial<Faults>; maximumSessions?: number } = {}): Bench {
  const clock = createTestClock();
  const faults = { ...noFaults(), ...given.faults };
  const chances = createSeededRandom(5);
  const random = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(chances.next() * 256)));
  const server = { powerOn: false, onPower: new Set<(on: boolean) => void>() };
  const errors: unknown[] = [];
  let packets: Uint8Array[] = [];
  const controller = createManagementController({
    clock,
    random,
    chances,
    faults,
    server,
    users: userTable([
      { name: 'admin', password: 'secret' },
      { name: 'guest', password: 'guest', privilege: 2 },
    ]),
    guid: Buffer.alloc(16, 7),
    suites: [3, 17],
    kg: undefined,
    maximumSessions: given.maximumSessions ?? 8,
    satellites: usualSatellites,
    send: (packet) => void packets.push(packet),
    onError: (error) => void errors.push(error),
  });
  return {
    controller,
    clock,
    faults,
    server,
    errors,
    random,
    receive: (packet) => controller.receive(packet, consolePeer),
    sent() {
      const taken = packets;
      packets = [];
      return taken;
    },
  };
}

export interface TestSession {
  id: number;
  /** A request of its own, sealed. */
  seal(network: number, command: number, data?: readonly number[]): Uint8Array;
  /** Sends it, and opens what came back. */
  ask(network: number, command: number, data?: readonly number[]): (LanResponse & { sessionSequence: number })[];
  open(packet: Uint8Array): LanResponse & { sessionSequence: number };
}

interface LoginOptions {
  username?: string;
  password?: string;
  suite?: number;
  role?: number;
  /** Hears RAKP message 3 before it is sent. */
  onRakp3?: (packet: Uint8Array) => void;
}

/** A session, or the status with which it was refused; undefined where no answer came. */
export function login(bench: Bench, options: LoginOptions = {}): TestSession | number | undefined {
  const suite = findCipherSuite(options.suite ?? 17);
  if (suite === undefined) throw new Error('no such suite');
  const consoleSessionId = 0x1234_5678;
  const opening = { tag: 1, maximumPrivilege: 0, consoleSessionId, algorithms: algorithmsOf(suite) };
  const opened = setUp(bench, payloadType.openSessionRequest, encodeOpenSessionRequest(opening));
  if (opened === undefined) return undefined;
  const accepted = decodeOpenSessionResponse(opened);
  if (!('managedSystemSessionId' in accepted)) return accepted.status;
  const { managedSystemSessionId } = accepted;
  const consoleRandom = bench.random(16);
  const roleByte = 0x10 | (options.role ?? 0);
  const username = Buffer.from(options.username ?? 'admin');
  const first = encodeRakpMessage1({ tag: 2, managedSystemSessionId, consoleRandom, roleByte, username });
  const second = setUp(bench, payloadType.rakpMessage1, first);
  if (second === undefined) return undefined;
  const rakp2 = decodeRakpMessage2(second, suite.authentication.digestLength);
  if (!('keyExchangeCode' in rakp2)) return rakp2.status;
  const { managedSystemRandom, managedSystemGuid } = rakp2;
  const exchange: RakpExchange = {
    consoleSessionId,
    managedSystemSessionId,
    consoleRandom,
    managedSystemRandom,
    managedSystemGuid,
    roleByte,
    username,
  };
  const key = userKey(Buffer.from(options.password ?? 'secret'));
  const keyExchangeCode = rakp3AuthenticationCode(suite, key, exchange);
  const third = encodeRakpMessage3({ tag: 3, status: 0, managedSystemSessionId, keyExchangeCode });
  options.onRakp3?.(encodeSessionSetup(payloadType.rakpMessage3, third));
  const fourth = setUp(bench, payloadType.rakpMessage3, third);
  if (fourth === undefined) return undefined;
  const rakp4 = decodeRakpMessage4(fourth, suite.authentication.integrityCheckLength);
  if (!('integrityCheckValue' in rakp4)) return rakp4.status;
  return sessionOf(bench, suite, deriveSessionKeys(suite, key, exchange), managedSystemSessionId);
}

/** As `login`, where nothing but a session will do; raised to administrator unless told. */
export function loggedIn(bench: Bench, options: LoginOptions & { privilege?: number } = {}): TestSession {
  const session = login(bench, options);
  if (session === undefined || typeof session === 'number') throw new Error(`no session: ${session}`);
  session.ask(0x06, 0x3b, [options.privilege ?? 4]);
  return session;
}

function sessionOf(bench: Bench, suite: CipherSuite, keys: SessionKeys, id: number): TestSession {
  let sequence = 0;
  const session: TestSession = {
    id,
    seal(network, command, data = []) {
      sequence += 1;
      const payload = encodeLanRequest({
        responderAddress: bmcAddress,
        responderLun: 0,
        requesterAddress: remoteConsoleAddress,
        requesterLun: 0,
        networkFunction: network,
        command,
        sequence: sequence % 64,
        data: Buffer.from(data),
      });
      const content = { payloadType: payloadType.ipmiMessage, sessionId: id, sequence, payload };
      return sealPacket(suite, keys, content, bench.random(16));
    },
    ask(network, command, data) {
      bench.sent();
      bench.receive(session.seal(network, command, data));
      return bench.sent().map((packet) => session.open(packet));
    },
    open(packet) {
      const received = decodeSessionPacket(packet);
      if (received.format !== 'rmcp+') throw new Error('not inside a session');
      const opened = openPacket(suite, keys, received);
      return { ...decodeLanResponse(opened.payload), sessionSequence: opened.sequence };
    },
  };
  return session;
}

function setUp(bench: Bench, type: number, payload: Uint8Array): Uint8Array | undefined {
  bench.sent();
  bench.receive(encodeSessionSetup(type, payload));
  const [packet] = bench.sent();
  if (packet === undefined) return undefined;
  return decodeSessionPacket(packet).payload;
}

function algorithmsOf(suite: CipherSuite) {
  const { authentication, integrity, confidentiality } = suite;
  return { authentication: authentication.code, integrity: integrity.code, confidentiality: confidentiality.code };
}
