/**
 * An exchange with a server as a generator: it says how many bytes it wants next or what is to be sent, and is resumed with
 * exactly those bytes. So the whole protocol is pure, resumable at any byte, and knows nothing of sockets.
 */
export type ExchangeStep = { read: number } | { send: Uint8Array };

export type Exchange<Value> = Generator<ExchangeStep, Value, Uint8Array>;

/** The next `length` bytes. */
export function* readBytes(length: number): Exchange<Buffer> {
  if (length === 0) return Buffer.alloc(0);
  const bytes = yield { read: length };
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function* send(bytes: Uint8Array): Exchange<void> {
  yield { send: bytes };
}

/** Reads `length` bytes in small pieces and forgets them. */
export function* skipBytes(length: number): Exchange<void> {
  for (let left = length; left > 0; left -= 4096) yield* readBytes(Math.min(left, 4096));
}
