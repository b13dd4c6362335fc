/**
 * The one error every decoder of this folder throws. Bytes from the network are untrusted: whatever they hold, a decoder
 * returns a value or throws this, never anything else.
 */
export class IpmiDecodeError extends Error {
  override readonly name = 'IpmiDecodeError';
  /** What was being decoded, e.g. `RAKP Message 2`. */
  readonly what: string;

  constructor(what: string, problem: string) {
    super(`${what}: ${problem}`);
    this.what = what;
  }
}
