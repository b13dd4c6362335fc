/**
 * What a client says after the handshake (RFC 6143 §7.5).
 *
 * | message                  | type | then                                                        |
 * | ------------------------ | ---- | ----------------------------------------------------------- |
 * | SetPixelFormat           | 0    | padding (3), pixel format (16)                              |
 * | SetEncodings             | 2    | padding (1), count (2), encodings (4 each, signed)          |
 * | FramebufferUpdateRequest | 3    | incremental (1), x (2), y (2), width (2), height (2)        |
 * | KeyEvent                 | 4    | down (1), padding (2), keysym (4)                           |
 */
import type { Area } from './framebuffer.ts';
import { encodePixelFormat, type PixelFormat } from './pixel-format.ts';

export function encodeSetPixelFormat(format: PixelFormat): Buffer {
  return Buffer.concat([Buffer.alloc(4), encodePixelFormat(format)]);
}

/** The encodings in order of preference. */
export function encodeSetEncodings(encodings: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + encodings.length * 4);
  bytes[0] = 2;
  bytes.writeUInt16BE(encodings.length, 2);
  encodings.forEach((encoding, index) => bytes.writeInt32BE(encoding, 4 + index * 4));
  return bytes;
}

/** With `incremental` the server answers once something changes; without, at once and with the whole area. */
export function encodeUpdateRequest(area: Area, incremental: boolean): Buffer {
  const bytes = Buffer.alloc(10);
  bytes[0] = 3;
  bytes[1] = incremental ? 1 : 0;
  bytes.writeUInt16BE(area.x, 2);
  bytes.writeUInt16BE(area.y, 4);
  bytes.writeUInt16BE(area.width, 6);
  bytes.writeUInt16BE(area.height, 8);
  return bytes;
}

export function encodeKeyEvent(keysym: number, down: boolean): Buffer {
  const bytes = Buffer.alloc(8);
  bytes[0] = 4;
  bytes[1] = down ? 1 : 0;
  bytes.writeUInt32BE(keysym, 4);
  return bytes;
}
