import { createCipheriv } from 'node:crypto';

/** The bits of a byte in opposite order: VNC's DES key has them so (RFC 6143 §7.2.2). */
function mirrored(byte: number): number {
  let result = 0;
  for (let bit = 0; bit < 8; bit += 1) if (byte & (1 << bit)) result |= 0x80 >> bit;
  return result;
}

/**
 * The answer to VNC authentication's challenge of 16 bytes (RFC 6143 §7.2.2): DES of both halves with the password, cut or
 * padded with zeros to 8 bytes, as the key. OpenSSL 3 has no single DES any more; triple DES with the same key three times
 * is the same.
 */
export function answerVncChallenge(password: string, challenge: Uint8Array): Buffer {
  const key = Buffer.alloc(8);
  Buffer.from(password, 'utf8').copy(key);
  const desKey = key.map(mirrored);
  const cipher = createCipheriv('des-ede3-ecb', Buffer.concat([desKey, desKey, desKey]), null);
  cipher.setAutoPadding(false);
  return Buffer.concat([cipher.update(challenge), cipher.final()]);
}
