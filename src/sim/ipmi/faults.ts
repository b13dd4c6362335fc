/**
 * What can be wrong with a simulated BMC, or with the network before it. Each is a field that may be written at any time;
 * shares are of 1, and every choice comes from the BMC's seed.
 */
export interface Faults {
  /** Share of the packets lost, in each direction. */
  loss: number;
  /** Share of the packets that come twice, in each direction. */
  duplicate: number;
  /** Share of the packets held back until the next one has passed, in each direction. */
  reorder: number;
  /** Every packet is late by up to so long, in each direction. */
  delayMs: number;
  /** Share of the answers that carry a session sequence number used long ago. */
  wrongSessionSequence: number;
  /** Share of the answers that carry another request's sequence number (rqSeq). */
  wrongRequestSequence: number;
  /** Share of the requests answered with Node Busy (0xC0) instead of being run. */
  busy: number;
  /** So many requests to come are answered with Node Busy (0xC0). */
  busyRequests: number;
  /** New sessions are refused: Insufficient resources (0x01). */
  sessionTableFull: boolean;
  /** Chassis Control is acknowledged and not done, or the power is reported the wrong way round. */
  power: 'honest' | 'ignored' | 'reads wrong';
  /** Set System Boot Options is acknowledged and not done, or boot flags read back as another device. */
  boot: 'honest' | 'ignored' | 'reads wrong';
  /** Duties of fans are acknowledged and read back while the fans go on as before, or another duty reads back. */
  fans: 'honest' | 'ignored' | 'reads wrong';
  /** A user whose password was wrong so many times in a row is unknown for so long. 0: never. */
  lockoutAfter: number;
  lockoutMs: number;
  /** Nothing is answered. */
  deaf: boolean;
  /** Share of the answers replaced by random bytes. */
  garbage: number;
  /** Share of RAKP messages 4 lost: the BMC has a session that the console knows nothing of. */
  rakp4Lost: number;
  /** After so many more requests the BMC restarts, with the last one done and not answered. 0: never. */
  resetAfterRequests: number;
  resetSilentMs: number;
}

export function noFaults(): Faults {
  return {
    loss: 0,
    duplicate: 0,
    reorder: 0,
    delayMs: 0,
    wrongSessionSequence: 0,
    wrongRequestSequence: 0,
    busy: 0,
    busyRequests: 0,
    sessionTableFull: false,
    power: 'honest',
    boot: 'honest',
    fans: 'honest',
    lockoutAfter: 0,
    lockoutMs: 60_000,
    deaf: false,
    garbage: 0,
    rakp4Lost: 0,
    resetAfterRequests: 0,
    resetSilentMs: 5_000,
  };
}
