/**
 * What the decoders of this folder throw. Bytes from the network are untrusted: whatever they hold, a decoder returns a
 * value or throws one of these two, never anything else.
 */
export class RfbDecodeError extends Error {
  override readonly name = 'RfbDecodeError';
  /** What was being decoded, e.g. `ServerInit`. */
  readonly what: string;

  constructor(what: string, problem: string) {
    super(`${what}: ${problem}`);
    this.what = what;
  }
}

/** The server speaks the protocol and does not want this client (RFC 6143 §7.1.2, §7.1.3). */
export class RfbRefusedError extends Error {
  override readonly name = 'RfbRefusedError';
}
