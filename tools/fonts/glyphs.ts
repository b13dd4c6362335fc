/** Finds the 8x16 fonts inside firmware and kernels, and writes them as console fonts (PSF2). */
import { decodeLz4Legacy } from './lz4-legacy.ts';

const glyphCount = 256;
const glyphHeight = 16;
/** The letter A as IBM's VGA font and Linux's `font_8x16` both draw it. */
const letterA = Buffer.from('000010386cc6c6fec6c6c6c600000000', 'hex');
/** The full block, code 0xdb: proves that what begins 65 glyphs before an A is a whole font in code page 437's order. */
const fullBlock = Buffer.alloc(glyphHeight, 0xff);
const unpackedKernelLimit = 256 * 2 ** 20;

/** The 256 glyphs of 16 bytes each that surround the letter A; the first place that holds a whole font. */
export function findFont(content: Buffer): Buffer {
  for (let at = content.indexOf(letterA); at >= 0; at = content.indexOf(letterA, at + 1)) {
    const start = at - 65 * glyphHeight;
    const font = content.subarray(Math.max(0, start), start + glyphCount * glyphHeight);
    const isWhole = start >= 0 && font.length === glyphCount * glyphHeight;
    const blank = font.subarray(0x20 * glyphHeight, 0x21 * glyphHeight);
    const block = font.subarray(0xdb * glyphHeight, 0xdc * glyphHeight);
    if (isWhole && blank.every((byte) => byte === 0) && block.equals(fullBlock)) return font;
  }
  throw new Error('it holds no 8x16 font in the order of code page 437');
}

/**
 * The kernel proper inside a bzImage. Linux's Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header":
 *
 * | offset | size | field                                                       |
 * | ------ | ---- | ----------------------------------------------------------- |
 * | 0x1f1  | 1    | setup_sects: sectors of 512 bytes before the protected part, less one |
 * | 0x202  | 4    | "HdrS"                                                      |
 * | 0x206  | 2    | version, at least 0x0208                                    |
 * | 0x248  | 4    | payload_offset, from the protected part's start             |
 * | 0x24c  | 4    | payload_length                                              |
 */
export function unpackKernel(image: Buffer): Buffer {
  if (image.toString('latin1', 0x202, 0x206) !== 'HdrS' || image.readUInt16LE(0x206) < 0x0208) {
    throw new Error('it is no bzImage of boot protocol 2.08 or later');
  }
  const setupSectors = image.readUInt8(0x1f1) === 0 ? 4 : image.readUInt8(0x1f1);
  const start = (setupSectors + 1) * 512 + image.readUInt32LE(0x248);
  return decodeLz4Legacy(image.subarray(start, start + image.readUInt32LE(0x24c)), unpackedKernelLimit);
}

/**
 * PSF version 2 without a Unicode table (kbd's `psf.h`), numbers little endian; then `count` glyphs, a byte per row:
 *
 * | offset | field                  | here       |
 * | ------ | ---------------------- | ---------- |
 * | 0      | magic                  | 0x864ab572 |
 * | 4      | version                | 0          |
 * | 8      | header size            | 32         |
 * | 12     | flags (1: has a table) | 0          |
 * | 16     | number of glyphs       | 256        |
 * | 20     | bytes of one glyph     | 16         |
 * | 24     | height, width          | 16, 8      |
 */
export function encodePsf2(glyphs: Buffer): Buffer {
  const header = Buffer.alloc(32);
  [0x864ab572, 0, 32, 0, glyphCount, glyphHeight, glyphHeight, 8].forEach((value, index) => {
    header.writeUInt32LE(value, index * 4);
  });
  return Buffer.concat([header, glyphs]);
}
