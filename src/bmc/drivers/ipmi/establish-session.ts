/**
 * Opens an RMCP+ session: Get Channel Authentication Capabilities, Open Session, RAKP messages 1 to 4 (IPMI v2.0
 * §13.15). An answer that is lost begins the whole exchange anew with fresh ids, for RAKP messages are not retried; a
 * credential that is refused ends it at once, so that it is presented exactly once.
 */
import type { CipherSuite, RakpExchange } from '../../../protocols/ipmi/index.ts';
import {
  bmcAddress,
  completionCodeText,
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
  encodeSessionless,
  encodeSessionSetup,
  getChannelAuthenticationCapabilities,
  payloadType,
  privilegeLevel,
  rakp2AuthenticationCode,
  rakp3AuthenticationCode,
  rakp4IntegrityCheck,
  remoteConsoleAddress,
  sameCode,
  sessionStatus,
  thisChannel,
  userKey,
} from '../../../protocols/ipmi/index.ts';
import { AthanorError } from '../../../errors/index.ts';
import type { CredentialReference, Lane } from '../../lane.ts';
import type { Clock, RandomBytes } from '../../ports.ts';
import { jittered, sleep } from '../../ports.ts';
import type { Link, LinkAnswer, Silence } from './link.ts';
import type { IpmiSession } from './session.ts';
import { createSession } from './session.ts';
import type { Peer } from './session-errors.ts';
import {
  insecureError,
  isCredentialRefusal,
  isOutOfResources,
  isRoleRefusal,
  isSuiteRefusal,
  refusedCredentialError,
  setupRefusedError,
  silenceError,
} from './session-errors.ts';
import { timing } from './timing.ts';

export interface SessionSetup {
  peer: Peer;
  link: Link;
  lane: Lane;
  clock: Clock;
  randomBytes: RandomBytes;
  credential: CredentialReference & { username: string; password: string };
  /** In the order of preference. */
  suites: readonly CipherSuite[];
  /** False once a session of this BMC has been open: it is known to speak IPMI 2.0. */
  askCapabilities: boolean;
  signal?: AbortSignal;
}

/** One attempt's end: a session, or what to do next. */
type Attempt =
  | { session: IpmiSession }
  | { next: 'anew'; silence: Silence; asked: string }
  | { next: 'anew later'; error: AthanorError }
  | { next: 'lower role'; error: AthanorError }
  | { next: 'next suite'; status: number };

const openSession = 'Open Session';

export async function establishSession(setup: SessionSetup): Promise<IpmiSession> {
  if (setup.askCapabilities) await demandIpmi20(setup);
  const deadline = setup.clock.monotonic() + timing.setupDeadlineMs;
  const roles = [privilegeLevel.administrator, privilegeLevel.operator, privilegeLevel.user];
  const suites = [...setup.suites];
  let lastError: AthanorError | undefined;
  let unansweredOpenings = 0;
  for (let attempt = 0; attempt < timing.setupAttempts && setup.clock.monotonic() < deadline; attempt += 1) {
    const [suite] = suites;
    const [role] = roles;
    if (suite === undefined) {
      throw insecureError(
        setup.peer,
        `offers none of the cipher suites ${setup.suites.map(({ id }) => id).join(', ')}`,
      );
    }
    if (role === undefined) break;
    const end = await attemptSession(setup, suite, role, attempt, unansweredOpenings);
    if ('session' in end) return end.session;
    const deaf = end.next === 'anew' && end.asked === openSession;
    unansweredOpenings = deaf ? unansweredOpenings + 1 : 0;
    if (deaf && unansweredOpenings >= timing.tries) throw silenceError(setup.peer, end.asked, end.silence);
    if (end.next === 'next suite') {
      suites.shift();
    } else if (end.next === 'lower role') {
      roles.shift();
      lastError = end.error;
    } else {
      lastError = end.next === 'anew' ? silenceError(setup.peer, end.asked, end.silence) : end.error;
      const pause = end.next === 'anew' ? 100 : timing.busyPauseMs;
      await sleep(setup.clock, jittered(pause * (1 + attempt / 2), 0.5, setup.randomBytes), setup.signal);
    }
  }
  throw lastError ?? silenceError(setup.peer, openSession, { malformed: undefined, socketError: undefined });
}

/** Refuses a BMC that speaks only IPMI 1.5, whose sessions neither encrypt nor authenticate well. */
async function demandIpmi20(setup: SessionSetup): Promise<void> {
  const { peer, link } = setup;
  const command = getChannelAuthenticationCapabilities;
  let silence: Silence = { malformed: undefined, socketError: undefined };
  let timeoutMs: number = timing.firstTimeoutMs;
  for (let attempt = 0; attempt < timing.tries; attempt += 1) {
    const sequence = attempt + 1;
    const data = command.encodeRequest({
      channel: thisChannel,
      privilege: privilegeLevel.administrator,
      askForIpmi20: true,
    });
    const message = encodeLanRequest({
      responderAddress: bmcAddress,
      responderLun: 0,
      requesterAddress: remoteConsoleAddress,
      requesterLun: 0,
      networkFunction: command.networkFunction,
      command: command.command,
      sequence,
      data,
    });
    const accept = (packet: Uint8Array) => {
      const received = decodeSessionPacket(packet);
      if (received.format !== 'ipmi-1.5') return undefined;
      const response = decodeLanResponse(received.payload);
      // Every try asks the same, so an answer to an earlier one is as good.
      return response.command === command.command && response.sequence <= sequence ? response : undefined;
    };
    const wait = jittered(timeoutMs, timing.jitter, setup.randomBytes);
    const reply = await link.ask(encodeSessionless(message), accept, wait, setup.signal);
    if ('silence' in reply) {
      silence = reply.silence;
      timeoutMs *= timing.backOffFactor;
      continue;
    }
    const { completionCode, data: answer } = reply.answer;
    // 0xCC is how IPMI 1.5 BMCs answer the bit that asks for 2.0.
    if (completionCode === 0xcc) throw insecureError(peer, 'speaks only IPMI 1.5, which is refused');
    if (completionCode !== 0) {
      throw new AthanorError('bmc-refused', `BMC ${peer.name}: ${command.name}: ${completionCodeText(completionCode)}`);
    }
    if (!command.decodeResponse(answer).supportsIpmi20) {
      throw insecureError(peer, 'speaks only IPMI 1.5, which is refused');
    }
    return;
  }
  throw silenceError(peer, command.name, silence);
}

async function attemptSession(
  setup: SessionSetup,
  suite: CipherSuite,
  role: number,
  attempt: number,
  unansweredOpenings: number,
): Promise<Attempt> {
  const { peer, randomBytes } = setup;
  const tag = (attempt * 3) & 0xff;
  const consoleSessionId = randomSessionId(randomBytes);
  const algorithms = {
    authentication: suite.authentication.code,
    integrity: suite.integrity.code,
    confidentiality: suite.confidentiality.code,
  };

  const opened = await ask(setup, payloadType.openSessionRequest, {
    payload: encodeOpenSessionRequest({ tag, maximumPrivilege: 0, consoleSessionId, algorithms }),
    decode: (bytes) => ours(decodeOpenSessionResponse(bytes), tag, consoleSessionId),
    timeoutMs: timing.firstTimeoutMs * timing.backOffFactor ** unansweredOpenings,
  });
  if ('silence' in opened) return { next: 'anew', silence: opened.silence, asked: openSession };
  const open = opened.answer;
  if (!('algorithms' in open)) return refusal(setup, openSession, open.status);
  if (JSON.stringify(open.algorithms) !== JSON.stringify(algorithms)) {
    throw insecureError(peer, `was asked for cipher suite ${suite.id} and chose other algorithms by itself`);
  }

  const username = Buffer.from(setup.credential.username, 'utf8');
  // Bit 4: look the user up by name alone, for some BMCs hold one name at several levels and find only the first.
  const roleByte = 0x10 | role;
  const consoleRandom = randomBytes(16);
  const { managedSystemSessionId } = open;
  const first = await ask(setup, payloadType.rakpMessage1, {
    payload: encodeRakpMessage1({ tag: tag + 1, managedSystemSessionId, consoleRandom, roleByte, username }),
    decode: (bytes) => ours(decodeRakpMessage2(bytes, suite.authentication.digestLength), tag + 1, consoleSessionId),
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
  const key = userKey(Buffer.from(setup.credential.password, 'utf8'));
  if (!sameCode(rakp2AuthenticationCode(suite, key, exchange), rakp2.keyExchangeCode)) {
    return refuseCredential(setup, 'the password is not the one the BMC has for this user');
  }
  const keys = deriveSessionKeys(suite, key, exchange);

  const third = await ask(setup, payloadType.rakpMessage3, {
    payload: encodeRakpMessage3({
      tag: tag + 2,
      status: sessionStatus.noErrors,
      managedSystemSessionId,
      keyExchangeCode: rakp3AuthenticationCode(suite, key, exchange),
    }),
    decode: (bytes) =>
      ours(decodeRakpMessage4(bytes, suite.authentication.integrityCheckLength), tag + 2, consoleSessionId),
  });
  if ('silence' in third) return { next: 'anew', silence: third.silence, asked: 'RAKP Message 3' };
  const rakp4 = third.answer;
  if (!('integrityCheckValue' in rakp4)) return refusal(setup, 'RAKP Message 3', rakp4.status);
  if (!sameCode(rakp4IntegrityCheck(suite, keys, exchange), rakp4.integrityCheckValue)) {
    return refuseCredential(setup, 'the session key does not agree; a K_g key may be set on the BMC');
  }
  return { session: createSession({ suite, keys, consoleSessionId, managedSystemSessionId, role, randomBytes }) };
}

function ask<Answer>(
  setup: SessionSetup,
  type: number,
  question: { payload: Uint8Array; decode: (bytes: Uint8Array) => Answer | undefined; timeoutMs?: number },
): Promise<LinkAnswer<Answer>> {
  const accept = (packet: Uint8Array): Answer | undefined => {
    const received = decodeSessionPacket(packet);
    // Each answer's payload type is the question's plus one (§13.27.3).
    if (received.format !== 'rmcp+' || received.payloadType !== type + 1) return undefined;
    return question.decode(received.payload);
  };
  const wait = jittered(question.timeoutMs ?? timing.rakpTimeoutMs, timing.jitter, setup.randomBytes);
  return setup.link.ask(encodeSessionSetup(type, question.payload), accept, wait, setup.signal);
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
    const what = status === sessionStatus.invalidIntegrityCheckValue ? 'wrong password' : 'no such user';
    return refuseCredential(setup, `${what} (${step} answered with status 0x${status.toString(16).padStart(2, '0')})`);
  }
  const error = setupRefusedError(setup.peer, step, status);
  if (isRoleRefusal(status)) return { next: 'lower role', error };
  if (isOutOfResources(status)) return { next: 'anew later', error };
  if (step === openSession && isSuiteRefusal(status)) return { next: 'next suite', status };
  // The BMC dropped the half-open session, as it may when an answer of ours was slow.
  if (status === sessionStatus.invalidSessionId || status === sessionStatus.inactiveSessionId) {
    return { next: 'anew later', error };
  }
  throw error;
}

async function refuseCredential(setup: SessionSetup, why: string): Promise<never> {
  await setup.lane.credentialRefused(setup.credential);
  throw refusedCredentialError(setup.peer, why);
}

/** Never 0, which means "no session". */
function randomSessionId(randomBytes: RandomBytes): number {
  return Buffer.from(randomBytes(4)).readUInt32LE() || 1;
}
