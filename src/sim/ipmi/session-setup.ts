/**
 * The BMC's side of opening a session (IPMI v2.0 §13.15–13.24): Open Session and RAKP messages 1 to 4. A message that
 * comes twice is answered twice alike; a console that shows a wrong password gets an error and the session is gone.
 */
import type { Algorithms, CipherSuite, RakpExchange } from '../../protocols/ipmi/index.ts';
import {
  cipherSuites,
  decodeOpenSessionRequest,
  decodeRakpMessage1,
  decodeRakpMessage3,
  deriveSessionKeys,
  encodeOpenSessionResponse,
  encodeRakpMessage2,
  encodeRakpMessage4,
  findCipherSuite,
  payloadType,
  privilegeLevel,
  rakp2AuthenticationCode,
  rakp3AuthenticationCode,
  rakp4IntegrityCheck,
  sameCode,
  sessionStatus,
  userKey,
} from '../../protocols/ipmi/index.ts';
import type { PayloadSession, SimulatedUser, SimulatorClock } from './area.ts';
import type { Faults } from './faults.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { Endpoint, HalfOpenSession, SessionTable } from './session-table.ts';
import { findUser, privilegeLimit } from './users.ts';

export interface SessionSetupSettings {
  sessions: SessionTable;
  users: readonly SimulatedUser[];
  guid: Uint8Array;
  suites: readonly number[];
  /** K[G]; the user's own key where there is none. */
  kg: Uint8Array | undefined;
  faults: Faults;
  chances: SeededRandom;
  clock: SimulatorClock;
  random(length: number): Uint8Array;
  payloadSession(id: number): PayloadSession;
}

export interface SetupAnswer {
  payloadType: number;
  payload: Uint8Array;
}

export interface SessionSetup {
  /** @throws IpmiDecodeError for a payload that cannot be read */
  answer(type: number, payload: Uint8Array, from: Endpoint): SetupAnswer | undefined;
}

/** Role byte of RAKP message 1: bits 3:0 are the level, bit 4 looks the user up by name alone. */
const levelBits = 0x0f;

export function createSessionSetup(settings: SessionSetupSettings): SessionSetup {
  const { sessions, users, faults, clock, random } = settings;
  const lockouts = createLockouts(settings);

  function openSession(payload: Uint8Array): Uint8Array {
    const { tag, consoleSessionId, maximumPrivilege, algorithms } = decodeOpenSessionRequest(payload);
    const refuse = (status: number) => encodeOpenSessionResponse({ tag, status, consoleSessionId });
    if (faults.sessionTableFull || sessions.full()) return refuse(sessionStatus.insufficientResources);
    const suite = matchingSuite(settings.suites, algorithms);
    if (suite === undefined) return refuse(suiteProblem(algorithms));
    if (maximumPrivilege > privilegeLevel.oem) return refuse(sessionStatus.invalidRole);
    const granted = maximumPrivilege === 0 ? privilegeLevel.administrator : maximumPrivilege;
    const id = freeSessionId(sessions, random);
    sessions.addHalfOpen({ id, consoleSessionId, suite, maximumPrivilege: granted, openedAt: clock.now() });
    return encodeOpenSessionResponse({
      tag,
      status: sessionStatus.noErrors,
      maximumPrivilege: granted,
      consoleSessionId,
      managedSystemSessionId: id,
      algorithms: algorithmsOf(suite),
    });
  }

  function rakp1(payload: Uint8Array): Uint8Array {
    const { tag, managedSystemSessionId, consoleRandom, roleByte, username } = decodeRakpMessage1(payload);
    const half = sessions.halfOpen.get(managedSystemSessionId);
    const consoleSessionId = half?.consoleSessionId ?? 0;
    const refuse = (status: number) => encodeRakpMessage2({ tag, status, consoleSessionId });
    if (half === undefined) return refuse(sessionStatus.invalidSessionId);
    const user = findUser(users, Buffer.from(username).toString('latin1'));
    if (user === undefined || lockouts.locked(user)) return refuse(sessionStatus.unauthorizedName);
    const limit = Math.min(privilegeLimit(user), half.maximumPrivilege);
    if ((roleByte & levelBits) > limit || limit === 0) return refuse(sessionStatus.unauthorizedRole);
    const before = half.exchange;
    const repeated = before !== undefined && Buffer.compare(before.consoleRandom, consoleRandom) === 0;
    const exchange: RakpExchange = {
      consoleSessionId,
      managedSystemSessionId,
      consoleRandom,
      managedSystemRandom: repeated ? before.managedSystemRandom : random(16),
      managedSystemGuid: settings.guid,
      roleByte,
      username,
    };
    half.exchange = exchange;
    half.user = user;
    return encodeRakpMessage2({
      tag,
      status: sessionStatus.noErrors,
      consoleSessionId,
      managedSystemRandom: exchange.managedSystemRandom,
      managedSystemGuid: settings.guid,
      keyExchangeCode: rakp2AuthenticationCode(half.suite, userKey(user.password), exchange),
    });
  }

  function rakp3(payload: Uint8Array, from: Endpoint): Uint8Array | undefined {
    const { tag, status, managedSystemSessionId, keyExchangeCode } = decodeRakpMessage3(payload);
    const half = sessions.halfOpen.get(managedSystemSessionId);
    if (half === undefined) return repeatedRakp4(tag, managedSystemSessionId, keyExchangeCode);
    const { consoleSessionId, exchange, user, suite } = half;
    const refuse = (code: number) => encodeRakpMessage4({ tag, status: code, consoleSessionId });
    if (exchange === undefined || user === undefined) return refuse(sessionStatus.inactiveSessionId);
    if (status !== sessionStatus.noErrors) {
      // §13.23: the console gave up, mostly because RAKP message 2 did not fit its password.
      sessions.drop(half.id);
      if (status === sessionStatus.invalidIntegrityCheckValue) lockouts.wrong(user);
      return undefined;
    }
    const key = userKey(user.password);
    if (!sameCode(rakp3AuthenticationCode(suite, key, exchange), keyExchangeCode)) {
      sessions.drop(half.id);
      lockouts.wrong(user);
      return refuse(sessionStatus.invalidIntegrityCheckValue);
    }
    if (!activate(half, exchange, user, from)) return refuse(sessionStatus.insufficientResources);
    lockouts.right(user);
    return rakp4(tag, managedSystemSessionId);
  }

  function activate(half: HalfOpenSession, exchange: RakpExchange, user: SimulatedUser, from: Endpoint): boolean {
    const { id, consoleSessionId, suite } = half;
    const key = userKey(user.password);
    const systemKey = settings.kg === undefined ? key : userKey(settings.kg);
    const asked = exchange.roleByte & levelBits;
    const role = asked === 0 ? Math.min(privilegeLimit(user), half.maximumPrivilege) : asked;
    const added = sessions.activate({
      id,
      consoleSessionId,
      suite,
      keys: deriveSessionKeys(suite, key, exchange, systemKey),
      exchange,
      user,
      role,
      // §13.17: a session begins at user level at most.
      privilege: Math.min(role, privilegeLevel.user),
      peer: from,
      payloadSession: settings.payloadSession(id),
    });
    return added !== undefined;
  }

  function rakp4(tag: number, id: number): Uint8Array | undefined {
    const session = sessions.active.get(id);
    if (session === undefined || settings.chances.chance(faults.rakp4Lost)) return undefined;
    const { suite, keys, exchange, consoleSessionId } = session;
    const integrityCheckValue = rakp4IntegrityCheck(suite, keys, exchange);
    return encodeRakpMessage4({ tag, status: sessionStatus.noErrors, consoleSessionId, integrityCheckValue });
  }

  /** RAKP message 3 again: message 4 was lost. Only its own console can know the code. */
  function repeatedRakp4(tag: number, id: number, keyExchangeCode: Uint8Array): Uint8Array | undefined {
    const session = sessions.active.get(id);
    if (session === undefined) {
      return encodeRakpMessage4({ tag, status: sessionStatus.invalidSessionId, consoleSessionId: 0 });
    }
    const code = rakp3AuthenticationCode(session.suite, userKey(session.user.password), session.exchange);
    return sameCode(code, keyExchangeCode) ? rakp4(tag, id) : undefined;
  }

  return {
    answer(type, payload, from) {
      const answered = (to: number, bytes: Uint8Array | undefined): SetupAnswer | undefined =>
        bytes === undefined ? undefined : { payloadType: to, payload: bytes };
      if (type === payloadType.openSessionRequest)
        return answered(payloadType.openSessionResponse, openSession(payload));
      if (type === payloadType.rakpMessage1) return answered(payloadType.rakpMessage2, rakp1(payload));
      if (type === payloadType.rakpMessage3) return answered(payloadType.rakpMessage4, rakp3(payload, from));
      return undefined;
    },
  };
}

/** Users whose password was wrong too often. */
function createLockouts({ faults, clock }: SessionSetupSettings) {
  const failures = new Map<number, { count: number; at: number }>();
  return {
    locked(user: SimulatedUser): boolean {
      const failed = failures.get(user.id);
      if (failed === undefined || faults.lockoutAfter === 0 || failed.count < faults.lockoutAfter) return false;
      if (failed.at + faults.lockoutMs > clock.now()) return true;
      failures.delete(user.id);
      return false;
    },
    wrong: (user: SimulatedUser) =>
      void failures.set(user.id, { count: (failures.get(user.id)?.count ?? 0) + 1, at: clock.now() }),
    right: (user: SimulatedUser) => void failures.delete(user.id),
  };
}

function matchingSuite(enabled: readonly number[], offered: Algorithms): CipherSuite | undefined {
  return enabled
    .map((id) => findCipherSuite(id))
    .find((suite) => {
      if (suite === undefined) return false;
      const { authentication, integrity, confidentiality } = algorithmsOf(suite);
      return (
        authentication === offered.authentication &&
        integrity === offered.integrity &&
        confidentiality === offered.confidentiality
      );
    });
}

/** Which of the three is unknown at all; else it is the combination that is not allowed. */
function suiteProblem(offered: Algorithms): number {
  const known = Object.values(cipherSuites).map(algorithmsOf);
  const has = (kind: keyof Algorithms) => known.some((algorithms) => algorithms[kind] === offered[kind]);
  if (!has('authentication')) return sessionStatus.invalidAuthenticationAlgorithm;
  if (!has('integrity')) return sessionStatus.invalidIntegrityAlgorithm;
  if (!has('confidentiality')) return sessionStatus.invalidConfidentialityAlgorithm;
  return sessionStatus.noCipherSuiteMatch;
}

function algorithmsOf(suite: CipherSuite): Algorithms {
  return {
    authentication: suite.authentication.code,
    integrity: suite.integrity.code,
    confidentiality: suite.confidentiality.code,
  };
}

function freeSessionId(sessions: SessionTable, random: SessionSetupSettings['random']): number {
  for (;;) {
    const id = Buffer.from(random(4)).readUInt32LE();
    if (id !== 0 && !sessions.halfOpen.has(id) && !sessions.active.has(id)) return id;
  }
}
