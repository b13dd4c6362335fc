/** One attempt at opening a session with one cipher suite and role: Open Session, RAKP messages 1 to 4. */
import type { CipherSuite, RakpExchange } from '../../../protocols/ipmi/index.ts';
import {
  decodeOpenSessionResponse,
  decodeRakpMessage2,
  decodeRakpMessage4,
  decodeSessionPacket,
  deriveSessionKeys,
  encodeOpenSessionRequest,
  encodeRakpMessage1,
  encodeRakpMessage3,
  encodeSessionSetup,
  maximumUsernameLength,
  payloadType,
  rakp2AuthenticationCode,
  rakp3AuthenticationCode,
  rakp4IntegrityCheck,
  sameCode,
  sessionStatus,
  userKey,
} from '../../../protocols/ipmi/session/index.ts';
import type { AthanorError } from '../../../errors/index.ts';
import type { RandomBytes } from '../../ports.ts';
import { jittered } from '../../ports.ts';
import type { SessionSetup } from './session-setup.ts';
import type { LinkAnswer, Silence } from './link.ts';
import type { IpmiSession } from './session.ts';
import { createSession } from './session.ts';
import {
  insecureError,
  isCredentialRefusal,
  isOutOfResources,
  isRoleRefusal,
  isSuiteRefusal,
  refusedCredentialError,
  setupRefusedError,
} from './session-errors.ts';
import { timing } from './timing.ts';

/** One attempt's end: a session, or what to do next. */
export type Attempt =
  | { session: IpmiSession }
  | { next: 'anew'; silence: Silence; asked: string }
  | { next: 'anew later'; error: AthanorError }
  | { next: 'lower role'; error: AthanorError }
  | { next: 'next suite'; status: number };

export const openSession = 'Open Session';

/** Bit 4 of the role byte: look the user up by name alone, not by name and level. */
const nameOnlyLookup = 0x10;
const truncatedKeyLength = 16;

export async function attemptSession(
  setup: SessionSetup,
  suite: CipherSuite,
  role: number,
  attempt: number,
  unansweredOpenings: number,
): Promise<Attempt> {
  const { peer, randomBytes, quirks } = setup;
  const tag = (attempt * 3) & 0xff;
  const consoleSessionId = randomSessionId(randomBytes);
  const algorithms = {
    authentication: suite.authentication.code,
    integrity: suite.integrity.code,
    confidentiality: suite.confidentiality.code,
  };
  // 0 asks for the highest level that the algorithms allow.
  const maximumPrivilege = quirks?.has('opensesspriv') === true ? role : 0;

  const rakpTimeoutMs = timing.rakpTimeoutMs * timing.rakpBackOffFactor ** attempt;

  const opened = await ask(setup, payloadType.openSessionRequest, {
    payload: encodeOpenSessionRequest({ tag, maximumPrivilege, consoleSessionId, algorithms }),
    decode: (bytes) => ours(decodeOpenSessionResponse(bytes), tag, consoleSessionId),
    timeoutMs: timing.firstTimeoutMs * timing.backOffFactor ** unansweredOpenings,
  });
  if ('silence' in opened) return { next: 'anew', silence: opened.silence, asked: openSession };
  const open = opened.answer;
  if (!('algorithms' in open)) return refusal(setup, openSession, open.status);
  if (JSON.stringify(open.algorithms) !== JSON.stringify(algorithms)) {
    throw insecureError(peer, `was asked for cipher suite ${suite.id} and chose other algorithms by itself`);
  }

  const username = usernameOf(setup);
  // Some BMCs hold one name at several levels and find only the first: hence the lookup by name alone.
  const roleByte = (quirks?.has('intel20') === true ? 0 : nameOnlyLookup) | role;
  const consoleRandom = randomBytes(16);
  const { managedSystemSessionId } = open;
  const first = await ask(setup, payloadType.rakpMessage1, {
    payload: encodeRakpMessage1({ tag: tag + 1, managedSystemSessionId, consoleRandom, roleByte, username }),
    decode: (bytes) => ours(decodeRakpMessage2(bytes, suite.authentication.digestLength), tag + 1, consoleSessionId),
    timeoutMs: rakpTimeoutMs,
  });
  if ('silence' in first) return { next: 'anew', silence: first.silence, asked: 'RAKP Message 1' };
  const rakp2 = first.answer;
  if (!('keyExchangeCode' in rakp2)) return refusal(setup, 'RAKP Message 1', rakp2.status);

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
  const key = passwordKey(setup, suite);
  if (!sameCode(rakp2AuthenticationCode(suite, key, exchange), rakp2.keyExchangeCode)) {
    return refuseCredential(setup, 'the password is not the one the BMC has for this user');
  }
  const keys = deriveSessionKeys(suite, key, exchange, setup.credential.systemKey);

  const third = await ask(setup, payloadType.rakpMessage3, {
    payload: encodeRakpMessage3({
      tag: tag + 2,
      status: sessionStatus.noErrors,
      managedSystemSessionId,
      keyExchangeCode: rakp3AuthenticationCode(suite, key, exchange),
    }),
    decode: (bytes) =>
      ours(decodeRakpMessage4(bytes, suite.authentication.integrityCheckLength), tag + 2, consoleSessionId),
    timeoutMs: rakpTimeoutMs,
  });
  if ('silence' in third) return { next: 'anew', silence: third.silence, asked: 'RAKP Message 3' };
  const rakp4 = third.answer;
  if (!('integrityCheckValue' in rakp4)) return refusal(setup, 'RAKP Message 3', rakp4.status);
  if (!sameCode(rakp4IntegrityCheck(suite, keys, exchange), rakp4.integrityCheckValue)) {
    return refuseCredential(
      setup,
      setup.credential.systemKey === undefined
        ? 'the password is right, but the session key does not agree: the BMC has a K_g key'
        : 'the password is right, but the K_g key is not the one the BMC has',
      'bmc-authentication',
      "Set the credential's K_g key as it is on the BMC, or clear it there.",
    );
  }
  const decoding = { ignoreChecksums: quirks?.has('nochecksumcheck') === true };
  return {
    session: createSession({ suite, keys, consoleSessionId, managedSystemSessionId, role, randomBytes, decoding }),
  };
}

function usernameOf({ credential, quirks }: SessionSetup): Buffer {
  const username = Buffer.from(credential.username, 'utf8');
  const pads = quirks?.has('intel20') === true || quirks?.has('i82571spt') === true;
  return pads ? Buffer.concat([username, Buffer.alloc(maximumUsernameLength - username.length)]) : username;
}

function passwordKey({ credential, quirks }: SessionSetup, suite: CipherSuite): Buffer {
  const password = Buffer.from(credential.password, 'utf8');
  const truncates = quirks?.has('intel20') === true && suite.authentication.hash === 'md5';
  return userKey(truncates ? password.subarray(0, truncatedKeyLength) : password);
}

function ask<Answer>(
  setup: SessionSetup,
  type: number,
  question: { payload: Uint8Array; decode: (bytes: Uint8Array) => Answer | undefined; timeoutMs: number },
): Promise<LinkAnswer<Answer>> {
  const accept = (packet: Uint8Array): Answer | undefined => {
    const received = decodeSessionPacket(packet);
    // Each answer's payload type is the question's plus one (§13.27.3).
    if (received.format !== 'rmcp+' || received.payloadType !== type + 1) return undefined;
    return question.decode(received.payload);
  };
  const wait = jittered(question.timeoutMs, timing.jitter, setup.randomBytes);
  const packet = encodeSessionSetup(type, question.payload);
  return setup.link.ask(packet, accept, wait, setup.signal, { endOnSocketError: true });
}

/** The message when it answers this attempt; a stale one is dropped. An error status may come without a session id. */
function ours<Message extends { tag: number; status: number; consoleSessionId: number | undefined }>(
  message: Message,
  tag: number,
  consoleSessionId: number,
): Message | undefined {
  if (message.tag !== (tag & 0xff)) return undefined;
  if (message.status === sessionStatus.noErrors && message.consoleSessionId !== consoleSessionId) return undefined;
  return message;
}

async function refusal(setup: SessionSetup, step: string, status: number): Promise<Attempt> {
  if (isCredentialRefusal(status) && step !== openSession) {
    const said = `(${step} answered with status 0x${status.toString(16).padStart(2, '0')})`;
    return status === sessionStatus.invalidIntegrityCheckValue
      ? refuseCredential(setup, `wrong password ${said}`)
      : refuseCredential(setup, `no such user, or none that may log in over LAN ${said}`, 'bmc-unknown-user');
  }
  const error = setupRefusedError(setup.peer, step, status);
  // No level was asked for yet: some BMCs answer so for a cipher suite that is disabled.
  const isSuite = isSuiteRefusal(status) || (isRoleRefusal(status) && setup.quirks?.has('opensesspriv') !== true);
  if (step === openSession && isSuite) return { next: 'next suite', status };
  if (isRoleRefusal(status)) return { next: 'lower role', error };
  if (isOutOfResources(status)) return { next: 'anew later', error };
  // The BMC dropped the half-open session, as it may when an answer of ours was slow.
  if (status === sessionStatus.invalidSessionId || status === sessionStatus.inactiveSessionId) {
    return { next: 'anew later', error };
  }
  throw error;
}

async function refuseCredential(
  setup: SessionSetup,
  why: string,
  code: 'bmc-authentication' | 'bmc-unknown-user' = 'bmc-authentication',
  remedy?: string,
): Promise<never> {
  await setup.lane.credentialRefused(setup.credential);
  throw refusedCredentialError(setup.peer, why, code, remedy);
}

/** Never 0, which means "no session". */
function randomSessionId(randomBytes: RandomBytes): number {
  return Buffer.from(randomBytes(4)).readUInt32LE() || 1;
}
