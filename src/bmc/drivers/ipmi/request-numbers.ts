/**
 * The request sequence numbers (rqSeq, 0–63) of a session. A number that may still be answered late, because its request
 * went out more often than it was answered, is not given to another request for a while: the late answer to an old request
 * must not be taken for the answer to a new one of the same command.
 */
const numbers = 64;
/** How often such a number is passed over: some thousand requests. */
const rounds = 16;

export interface RequestNumbers {
  next(): number;
  /** A packet with this number went out. */
  sent(sequence: number): void;
  /** An answer to this number came, in time or late. */
  answered(sequence: number): void;
  /** Nobody waits for this number's answer any more. */
  done(sequence: number): void;
}

export function createRequestNumbers(): RequestNumbers {
  /** Packets that went out and were not answered. */
  const outstanding = new Map<number, number>();
  /** Numbers not to be given out, and how many more times they are passed over. */
  const taboo = new Map<number, number>();
  const inUse = new Set<number>();
  let last = 0;

  function next(): number {
    let best: number | undefined;
    for (let step = 1; step <= numbers; step += 1) {
      const candidate = (last + step) % numbers;
      if (inUse.has(candidate)) continue;
      const left = taboo.get(candidate) ?? 0;
      if (left === 0) return take(candidate);
      taboo.set(candidate, left - 1);
      if (best === undefined || left < (taboo.get(best) ?? 0)) best = candidate;
    }
    // All are taboo: the one that has waited longest. All in use cannot be, for the lane lets in far fewer.
    return take(best ?? (last + 1) % numbers);
  }

  function take(sequence: number): number {
    last = sequence;
    taboo.delete(sequence);
    outstanding.delete(sequence);
    inUse.add(sequence);
    return sequence;
  }

  return {
    next,
    sent: (sequence) => void outstanding.set(sequence, (outstanding.get(sequence) ?? 0) + 1),
    answered(sequence) {
      const left = (outstanding.get(sequence) ?? 0) - 1;
      if (left > 0) outstanding.set(sequence, left);
      else {
        outstanding.delete(sequence);
        taboo.delete(sequence);
      }
    },
    done(sequence) {
      inUse.delete(sequence);
      if (outstanding.has(sequence)) taboo.set(sequence, rounds);
    },
  };
}
