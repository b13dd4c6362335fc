/** The frame of a PNG file: a signature and chunks (W3C PNG, section 5): length 4, type 4, content, CRC-32 4; big endian. */
import { crc32 } from 'node:zlib';

export const pngSignature: readonly number[] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

export function pngFile(chunks: readonly (readonly [type: string, content: Uint8Array])[]): Buffer {
  const parts: Uint8Array[] = [Uint8Array.from(pngSignature)];
  for (const [type, content] of chunks) {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(content.length, 0);
    head.write(type, 4, 'latin1');
    const tail = Buffer.alloc(4);
    tail.writeUInt32BE(crc32(content, crc32(head.subarray(4))), 0);
    parts.push(head, content, tail);
  }
  return Buffer.concat(parts);
}
