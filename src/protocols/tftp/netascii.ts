/** Text as `netascii` travels (RFC 1350 §1 after RFC 764): line feed becomes CR LF, a bare carriage return CR NUL. */
export function encodeNetascii(text: Uint8Array): Buffer {
  let extra = 0;
  for (const byte of text) if (byte === 0x0a || byte === 0x0d) extra += 1;
  const encoded = Buffer.allocUnsafe(text.length + extra);
  let at = 0;
  for (const byte of text) {
    if (byte === 0x0a) {
      encoded[at++] = 0x0d;
      encoded[at++] = 0x0a;
    } else if (byte === 0x0d) {
      encoded[at++] = 0x0d;
      encoded[at++] = 0x00;
    } else {
      encoded[at++] = byte;
    }
  }
  return encoded;
}
