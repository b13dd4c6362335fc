/** Options inside an option (43 and 175): code, length, value; 0 pads and 255 ends (RFC 2132, section 8.4). */
import { option } from './options.ts';

/** Read encapsulated options; a cut-off one is dropped. */
export function decodeEncapsulated(bytes: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  let at = 0;
  while (at < bytes.length) {
    const code = bytes[at] ?? option.end;
    if (code === option.end) break;
    if (code === option.pad) {
      at += 1;
      continue;
    }
    const length = bytes[at + 1];
    if (length === undefined || at + 2 + length > bytes.length) break;
    found.set(code, Uint8Array.from(bytes.subarray(at + 2, at + 2 + length)));
    at += 2 + length;
  }
  return found;
}

/** Write encapsulated options, ended by 255: PXE clients look for it. Values are at most 255 bytes. */
export function encodeEncapsulated(options: Map<number, Uint8Array>): Uint8Array {
  const bytes: number[] = [];
  for (const [code, value] of options) {
    if (value.length > 255) throw new RangeError(`encapsulated option ${code} has ${value.length} bytes`);
    bytes.push(code, value.length, ...value);
  }
  bytes.push(option.end);
  return Uint8Array.from(bytes);
}
