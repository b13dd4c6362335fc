/**
 * Serial over LAN as a state machine (IPMI v2.0 §15.9–15.11): it is told what was typed, what arrived and what time it
 * is, and says what is to be sent and shown. Knows no sockets and no timers.
 *
 * - One packet at a time is on its way to the BMC, until it is acknowledged; what is typed meanwhile goes with the next.
 * - It is sent again, the same under the same number, when no acknowledgement came in a time learnt from earlier ones.
 * - Where the BMC took only a part, the rest goes out as a new packet under a new number, and no larger than that part.
 * - A packet of the BMC that came before is acknowledged again and not shown again; one repeated with more characters
 *   than before shows those alone. The session's own sequence number tells a repetition from a packet that the network
 *   delivered late.
 */
import type { SolFromBmc, SolToBmc } from '../../../protocols/ipmi/index.ts';
import { nextSolSequence } from '../../../protocols/ipmi/index.ts';

export interface SolTiming {
  /** How long an acknowledgement is waited for while none has been measured. */
  firstTimeoutMs: number;
  /** The least and most that a measured wait may be: an early retry confuses BMCs. */
  shortestTimeoutMs: number;
  longestTimeoutMs: number;
  /** Each further try of a packet waits longer by this. */
  backOffFactor: number;
  /** How long a packet is sent again before the BMC is taken to have dropped the console. */
  giveUpAfterMs: number;
  /** The pause after the BMC took nothing at all; it doubles up to the longest while that goes on. */
  refusedPauseMs: number;
  longestRefusedPauseMs: number;
}

export const solTiming: SolTiming = {
  firstTimeoutMs: 500,
  shortestTimeoutMs: 100,
  longestTimeoutMs: 4_000,
  backOffFactor: 1.6,
  giveUpAfterMs: 20_000,
  refusedPauseMs: 50,
  longestRefusedPauseMs: 2_000,
};

export interface SolMachineSettings {
  /** Characters per packet to the BMC, at most. */
  maximumCharacters: number;
  timing: SolTiming;
  /** For BMCs that are stuck on one number: the packet is tried once more under the next (quirk `solpacketseq`). */
  retryUnderNextSequence: boolean;
}

export type SolNotice = 'overrun' | 'break' | 'unavailable' | 'available';

export type SolEvent =
  | { kind: 'send'; packet: SolToBmc }
  | { kind: 'deliver'; characters: Uint8Array }
  | { kind: 'notice'; notice: SolNotice }
  | { kind: 'break sent' }
  | { kind: 'ended'; why: 'deactivated' | 'unanswered' };

export interface SolMachine {
  /** Characters that the BMC has not accepted yet. */
  readonly pendingCharacters: number;
  write(characters: Uint8Array): void;
  /** After what was written before, before what is written after. */
  writeBreak(): void;
  /** Asks the BMC to hold the machine's serial port, by clear to send. */
  setPaused(paused: boolean): void;
  /**
   * @param sessionSequence the number of the session packet that carried it
   * @param room false: nothing more can be taken, so characters are left unacknowledged and the BMC sends them again
   */
  receive(packet: SolFromBmc, sessionSequence: number, now: number, room: boolean): SolEvent[];
  /** Sends what is due. To be called after every other call, and at `wakeAt`. */
  step(now: number): SolEvent[];
  /** When the next `step` is due; undefined: nothing is waited for. */
  wakeAt(): number | undefined;
}

interface Outstanding {
  packet: SolToBmc;
  tries: number;
  firstSentAt: number;
  sentAt: number;
  timeoutMs: number;
  movedToNextSequence: boolean;
  /** The newest session packet heard when it was first sent: its acknowledgement is newer. */
  heard: number | undefined;
}

/** How often a bare change of the pause is sent: its loss is no reason to give the console up. */
const triesOfPause = 3;

const nothing = Buffer.alloc(0);

export function createSolMachine({
  maximumCharacters,
  timing,
  retryUnderNextSequence,
}: SolMachineSettings): SolMachine {
  const queue: (Uint8Array | 'break')[] = [];
  let queuedCharacters = 0;
  let outstanding: Outstanding | undefined;
  let sequence = 0;
  let limit = maximumCharacters;
  let notBefore = 0;
  let refusedPauseMs = timing.refusedPauseMs;
  let paused = false;
  let toldPaused = false;
  let unavailable = false;
  let ended = false;
  let heard: number | undefined;
  let lastData: { sequence: number; length: number; session: number } | undefined;
  const answerTime = createAnswerTime(timing);

  function toBmc(change: Partial<SolToBmc>): SolToBmc {
    return {
      sequence: 0,
      acknowledges: 0,
      acceptedCharacters: 0,
      negative: false,
      assertRing: false,
      generateBreak: false,
      pause: paused,
      deassertCarrier: false,
      flushToPort: false,
      flushFromPort: false,
      characters: nothing,
      ...change,
    };
  }

  function end(why: 'deactivated' | 'unanswered'): SolEvent[] {
    ended = true;
    outstanding = undefined;
    return [{ kind: 'ended', why }];
  }

  /** The BMC's answer to the packet that is on its way, if it is that. */
  function takeAcknowledgement(from: SolFromBmc, sessionSequence: number, now: number): SolEvent[] {
    const answered = outstanding;
    if (answered === undefined || from.acknowledges === 0) return [];
    if (from.acknowledges !== answered.packet.sequence || !isNewer(sessionSequence, answered.heard)) return [];
    outstanding = undefined;
    if (answered.tries === 1) answerTime.measured(now - answered.sentAt);
    toldPaused = answered.packet.pause;
    if (answered.packet.generateBreak) return [{ kind: 'break sent' }];
    const { characters } = answered.packet;
    const accepted = Math.min(from.acceptedCharacters, characters.length);
    if (accepted === characters.length) {
      limit = Math.min(limit * 2, maximumCharacters);
      refusedPauseMs = timing.refusedPauseMs;
      return [];
    }
    queue.unshift(characters.subarray(accepted));
    queuedCharacters += characters.length - accepted;
    if (accepted > 0) {
      limit = accepted;
      refusedPauseMs = timing.refusedPauseMs;
    } else {
      notBefore = now + refusedPauseMs;
      refusedPauseMs = Math.min(refusedPauseMs * 2, timing.longestRefusedPauseMs);
    }
    return [];
  }

  function takeCharacters(from: SolFromBmc, sessionSequence: number, room: boolean): SolEvent[] {
    if (from.sequence === 0 || (from.characters.length > 0 && !room)) return [];
    // Late by the network: the BMC has long gone on.
    if (lastData !== undefined && !isNewer(sessionSequence, lastData.session)) return [];
    const repeated = lastData?.sequence === from.sequence ? lastData.length : 0;
    const fresh = from.characters.subarray(repeated);
    lastData = {
      sequence: from.sequence,
      length: Math.max(repeated, from.characters.length),
      session: sessionSequence,
    };
    const answer = toBmc({ acknowledges: from.sequence, acceptedCharacters: from.characters.length });
    const acknowledge: SolEvent = { kind: 'send', packet: answer };
    return fresh.length === 0 ? [acknowledge] : [{ kind: 'deliver', characters: fresh }, acknowledge];
  }

  function noticesOf(from: SolFromBmc): SolEvent[] {
    const notices: SolNotice[] = [];
    if (from.transmitOverrun) notices.push('overrun');
    if (from.breakDetected) notices.push('break');
    if (from.transferUnavailable !== unavailable) notices.push(from.transferUnavailable ? 'unavailable' : 'available');
    unavailable = from.transferUnavailable;
    return notices.map((notice) => ({ kind: 'notice', notice }));
  }

  /** The next packet's content, or undefined when there is nothing to say. */
  function nextContent(): Partial<SolToBmc> | undefined {
    const [first] = queue;
    if (first === undefined) return paused === toldPaused ? undefined : {};
    if (first === 'break') {
      queue.shift();
      return { generateBreak: true };
    }
    return { characters: takeQueued() };
  }

  function takeQueued(): Uint8Array {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (let part = queue[0]; part !== undefined && part !== 'break' && length < limit; part = queue[0]) {
      const taken = part.subarray(0, limit - length);
      if (taken.length === part.length) queue.shift();
      else queue[0] = part.subarray(taken.length);
      parts.push(taken);
      length += taken.length;
    }
    queuedCharacters -= length;
    return Buffer.concat(parts);
  }

  function sendNext(now: number): SolEvent[] {
    if (now < notBefore) return [];
    const content = nextContent();
    if (content === undefined) return [];
    sequence = nextSolSequence(sequence);
    const packet = toBmc({ ...content, sequence });
    const timeoutMs = answerTime.timeoutMs();
    outstanding = { packet, tries: 1, firstSentAt: now, sentAt: now, timeoutMs, movedToNextSequence: false, heard };
    return [{ kind: 'send', packet }];
  }

  function sendAgain(waiting: Outstanding, now: number): SolEvent[] {
    const { packet } = waiting;
    const bare = packet.characters.length === 0 && !packet.generateBreak;
    if (bare && waiting.tries >= triesOfPause) {
      outstanding = undefined;
      toldPaused = packet.pause;
      return sendNext(now);
    }
    if (now >= waiting.firstSentAt + timing.giveUpAfterMs) {
      if (!retryUnderNextSequence || waiting.movedToNextSequence) return end('unanswered');
      waiting.movedToNextSequence = true;
      waiting.firstSentAt = now;
      sequence = nextSolSequence(sequence);
      waiting.packet = { ...packet, sequence };
    }
    waiting.tries += 1;
    waiting.sentAt = now;
    waiting.timeoutMs = Math.min(waiting.timeoutMs * timing.backOffFactor, timing.longestTimeoutMs);
    return [{ kind: 'send', packet: waiting.packet }];
  }

  return {
    get pendingCharacters() {
      return queuedCharacters + (outstanding?.packet.characters.length ?? 0);
    },
    write(characters) {
      if (characters.length === 0) return;
      queue.push(characters);
      queuedCharacters += characters.length;
    },
    writeBreak: () => void queue.push('break'),
    setPaused(wanted) {
      paused = wanted;
    },
    receive(from, sessionSequence, now, room) {
      if (ended) return [];
      const events = [
        ...takeAcknowledgement(from, sessionSequence, now),
        ...takeCharacters(from, sessionSequence, room),
        ...(isNewer(sessionSequence, heard) ? noticesOf(from) : []),
      ];
      if (isNewer(sessionSequence, heard)) heard = sessionSequence;
      return from.deactivating ? [...events, ...end('deactivated')] : events;
    },
    step(now) {
      if (ended) return [];
      if (outstanding === undefined) return sendNext(now);
      return now < outstanding.sentAt + outstanding.timeoutMs ? [] : sendAgain(outstanding, now);
    },
    wakeAt() {
      if (ended) return undefined;
      if (outstanding !== undefined) return outstanding.sentAt + outstanding.timeoutMs;
      return queue.length > 0 || paused !== toldPaused ? notBefore : undefined;
    },
  };
}

/** Session sequence numbers wrap round. */
function isNewer(sequence: number, than: number | undefined): boolean {
  return than === undefined || ((sequence - than) | 0) > 0;
}

/** How long an acknowledgement takes, smoothed as RFC 6298 does; packets sent twice do not count (Karn). */
function createAnswerTime(timing: SolTiming): { measured(ms: number): void; timeoutMs(): number } {
  let smoothed: number | undefined;
  let variation = 0;
  return {
    measured(ms) {
      if (smoothed === undefined) {
        smoothed = ms;
        variation = ms / 2;
        return;
      }
      variation += (Math.abs(smoothed - ms) - variation) / 4;
      smoothed += (ms - smoothed) / 8;
    },
    timeoutMs() {
      if (smoothed === undefined) return timing.firstTimeoutMs;
      return Math.min(Math.max(smoothed + 4 * variation, timing.shortestTimeoutMs), timing.longestTimeoutMs);
    },
  };
}
