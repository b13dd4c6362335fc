/** How far behind the highest seen number a packet may still be new (IPMI v2.0 §6.12.13 asks for at least 8). */
const windowSize = 32;
const modulus = 2 ** 32;

/**
 * The sliding window over the session sequence numbers of received packets (§6.12.12): tells a packet seen before, or
 * too old to know, from a new one. Numbers start at 1 and wrap round past 0, which is never used inside a session.
 */
export class SequenceWindow {
  #highest: number | undefined;
  #seen = new Set<number>();

  /** True when the number is new; it counts as seen from then on. */
  accept(sequence: number): boolean {
    if (sequence === 0) return false;
    // Some BMCs do not begin at 1, so the first authentic number is taken as it comes.
    this.#highest ??= (sequence - 1 + modulus) % modulus;
    const ahead = (sequence - this.#highest + modulus) % modulus;
    if (ahead !== 0 && ahead < modulus / 2) {
      this.#highest = sequence;
      this.#seen.add(sequence);
      for (const old of this.#seen) if (this.#behind(old) >= windowSize) this.#seen.delete(old);
      return true;
    }
    if (this.#behind(sequence) >= windowSize || this.#seen.has(sequence)) return false;
    this.#seen.add(sequence);
    return true;
  }

  #behind(sequence: number): number {
    return ((this.#highest ?? 0) - sequence + modulus) % modulus;
  }
}
