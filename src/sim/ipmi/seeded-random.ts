/** Reproducible choices: the same seed makes the same ones in the same order. */
export interface SeededRandom {
  /** At least 0, less than 1. */
  next(): number;
  /** True for this share of the calls. A share of 0 takes nothing from the sequence. */
  chance(share: number): boolean;
}

export function createSeededRandom(seed: number): SeededRandom {
  // A state of 0 would stay 0 for ever.
  let state = (Math.imul(seed, 0x9e37_79b1) ^ 0x85eb_ca6b) >>> 0 || 1;
  const next = (): number => {
    // xorshift32
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
  return { next, chance: (share) => share > 0 && next() < share };
}
