/**
 * Decodes the legacy LZ4 frame that Linux kernel images carry (lz4/doc/lz4_Frame_format.md, "Legacy frame"):
 *
 * | bytes | meaning                                            |
 * | ----- | -------------------------------------------------- |
 * | 4     | magic 0x184c2102                                   |
 * | 4 + n | a block: its length n, then n bytes; repeated      |
 *
 * Every block but the last unpacks to 8 MiB. All numbers are little endian.
 */
const magic = 0x184c2102;
const blockLimit = 8 * 2 ** 20;

/** Unpacks one block after `offset` of `output`; answers the offset after it. */
function decodeBlock(block: Buffer, output: Buffer, offset: number): number {
  const end = Math.min(output.length, offset + blockLimit);
  let at = 0;
  let to = offset;
  const lengthOf = (nibble: number): number => {
    let length = nibble;
    if (nibble < 15) return length;
    for (;;) {
      const more = block.readUInt8(at); // throws at the block's end, which bounds the loop
      at += 1;
      length += more;
      if (more < 255) return length;
    }
  };
  while (at < block.length) {
    const token = block.readUInt8(at);
    at += 1;
    const literals = lengthOf(token >> 4);
    if (at + literals > block.length || to + literals > end) throw new Error('LZ4: literals leave the block');
    block.copy(output, to, at, at + literals);
    at += literals;
    to += literals;
    if (at === block.length) break; // the last sequence has literals only
    const distance = block.readUInt16LE(at);
    at += 2;
    const matched = lengthOf(token & 15) + 4;
    if (distance === 0 || to - distance < offset || to + matched > end)
      throw new Error('LZ4: a match leaves the block');
    // Byte by byte where it overlaps itself: a match may repeat what it has just written.
    if (distance >= matched) output.copy(output, to, to - distance, to - distance + matched);
    else for (let i = 0; i < matched; i += 1) output.writeUInt8(output.readUInt8(to - distance + i), to + i);
    to += matched;
  }
  return to;
}

/** The unpacked content; refuses more than `limit` bytes of it. What follows the last whole block is left alone. */
export function decodeLz4Legacy(packed: Buffer, limit: number): Buffer {
  if (packed.length < 4 || packed.readUInt32LE(0) !== magic) throw new Error('not a legacy LZ4 frame');
  const output = Buffer.alloc(limit);
  let at = 4;
  let to = 0;
  while (at + 4 <= packed.length) {
    const length = packed.readUInt32LE(at);
    // The kernel's build appends the unpacked size, which no block of that length follows.
    if (length === 0 || at + 4 + length > packed.length) break;
    to = decodeBlock(packed.subarray(at + 4, at + 4 + length), output, to);
    at += 4 + length;
  }
  return output.subarray(0, to);
}
