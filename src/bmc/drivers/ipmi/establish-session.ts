/**
 * Opens an RMCP+ session: Open Session, RAKP messages 1 to 4 (IPMI v2.0 §13.15). Get Channel Authentication Capabilities,
 * which the specification puts before it, is asked only where Open Session goes unanswered: to tell a BMC that speaks
 * nothing newer than IPMI 1.5. An answer that is lost begins the whole exchange anew with fresh ids, for RAKP messages are not retried; a
 * credential that is refused ends it at once, so that it is presented exactly once.
 */
import {
  completionCodeText,
  getChannelAuthenticationCapabilities,
  IpmiDecodeError,
  privilegeLevel,
  thisChannel,
} from '../../../protocols/ipmi/session/index.ts';
import { AthanorError } from '../../../errors/index.ts';
import { jittered, sleep } from '../../ports.ts';
import { attemptSession, openSession } from './session-attempt.ts';
import type { SessionSetup } from './session-setup.ts';
import type { IpmiSession } from './session.ts';
import { cipherRefusedError, insecureError, silenceError } from './session-errors.ts';
import { askSessionless } from './sessionless.ts';
import { timing } from './timing.ts';

/** Unanswered openings after which the BMC is asked what it speaks at all. */
const openingsBeforeCapabilities = 2;

export async function establishSession(setup: SessionSetup): Promise<IpmiSession> {
  const { peer, clock, randomBytes, signal } = setup;
  const deadline = clock.monotonic() + timing.setupDeadlineMs;
  const roles = [privilegeLevel.administrator, privilegeLevel.operator, privilegeLevel.user];
  const suites = [...setup.suites];
  let lastError: AthanorError | undefined;
  let unansweredOpenings = 0;
  let socketErrors = 0;
  for (let attempt = 0; attempt < timing.setupAttempts && clock.monotonic() < deadline; attempt += 1) {
    const [suite] = suites;
    const [role] = roles;
    if (suite === undefined) {
      throw cipherRefusedError(
        peer,
        setup.suites.map(({ id }) => id),
      );
    }
    if (role === undefined) break;
    const end = await attemptSession(setup, suite, role, attempt, unansweredOpenings);
    if ('session' in end) return end.session;
    const deaf = end.next === 'anew' && end.asked === openSession;
    unansweredOpenings = deaf ? unansweredOpenings + 1 : 0;
    socketErrors = end.next === 'anew' && end.silence.socketError !== undefined ? socketErrors + 1 : 0;
    if (end.next === 'anew' && (unansweredOpenings >= timing.tries || socketErrors >= timing.socketErrorTries)) {
      throw silenceError(peer, end.asked, end.silence);
    }
    if (socketErrors === 0 && unansweredOpenings === openingsBeforeCapabilities) await demandIpmi20(setup);
    if (end.next === 'next suite') {
      suites.shift();
    } else if (end.next === 'lower role') {
      roles.shift();
      lastError = end.error;
    } else {
      lastError = end.next === 'anew' ? silenceError(peer, end.asked, end.silence) : end.error;
      const pause = end.next === 'anew' ? timing.anewPauseMs : timing.busyPauseMs;
      await sleep(clock, jittered(pause * (1 + attempt / 2), 0.5, randomBytes), signal);
    }
  }
  throw lastError ?? silenceError(peer, openSession, { malformed: undefined, socketError: undefined });
}

/** Refuses a BMC that speaks only IPMI 1.5, whose sessions neither encrypt nor authenticate well. */
async function demandIpmi20(setup: SessionSetup): Promise<void> {
  if (!setup.askCapabilities || setup.quirks?.has('authcap') === true) return;
  const { peer } = setup;
  const command = getChannelAuthenticationCapabilities;
  const request = { channel: thisChannel, privilege: privilegeLevel.administrator, askForIpmi20: true };
  const reply = await askSessionless(setup, command, request, timing.capabilitiesTries);
  // As deaf as to Open Session: the caller goes on until it gives up.
  if ('silence' in reply) return;
  const { completionCode, data } = reply.answer;
  // 0xCC is how IPMI 1.5 BMCs answer the bit that asks for 2.0.
  if (completionCode === 0xcc) throw insecureError(peer, 'speaks only IPMI 1.5, which is refused');
  if (completionCode !== 0) {
    throw new AthanorError('bmc-refused', `BMC ${peer.name}: ${command.name}: ${completionCodeText(completionCode)}`);
  }
  try {
    if (command.decodeResponse(data).supportsIpmi20) return;
  } catch (error) {
    if (!(error instanceof IpmiDecodeError)) throw error;
    throw new AthanorError('bmc-protocol', `BMC ${peer.name}: ${error.message}`, { cause: error });
  }
  throw insecureError(peer, 'speaks only IPMI 1.5, which is refused');
}
