/**
 * What a server says after the handshake (RFC 6143 §7.6), and the rectangles of a FramebufferUpdate (§7.7, §7.8).
 *
 * | message             | type | then                                                                     |
 * | ------------------- | ---- | ------------------------------------------------------------------------ |
 * | FramebufferUpdate   | 0    | padding (1), count (2), rectangles                                       |
 * | SetColourMapEntries | 1    | padding (1), first (2), count (2), red, green, blue (2 each) per colour  |
 * | Bell                | 2    |                                                                          |
 * | ServerCutText       | 3    | padding (3), length (4), text                                            |
 *
 * | rectangle   | number | after x (2), y (2), width (2), height (2), number (4, signed)              |
 * | ----------- | ------ | ---------------------------------------------------------------------------|
 * | Raw         | 0      | a PIXEL for each pixel, row by row                                         |
 * | CopyRect    | 1      | x (2) and y (2) of where to copy from                                      |
 * | ZRLE        | 16     | see zrle.ts                                                                |
 * | DesktopSize | -223   | nothing: width and height are the framebuffer's new ones                   |
 * | Cursor      | -239   | pixels, and a bit for each in whole bytes per row; skipped                 |
 */
import { RfbDecodeError } from './decode-error.ts';
import { type Exchange, readBytes, skipBytes } from './exchange.ts';
import { type Area, checkInside, copyArea, createFramebuffer, type Framebuffer } from './framebuffer.ts';
import { limits } from './limits.ts';
import { compressedPixelReader, type PixelFormat, pixelReader, type PixelReader } from './pixel-format.ts';
import { createZlibStream, inflateNext, type ZlibStream } from './zlib-stream.ts';
import { mostDeflatedBytes, mostTileBytes, paintTiles } from './zrle.ts';

export const encoding = { raw: 0, copyRect: 1, zrle: 16, desktopSize: -223, cursor: -239 } as const;

/** What has to be known, and is changed, while a server's messages are read. */
export interface ServerStream {
  framebuffer: Framebuffer;
  /** Pixels that may still be painted or made room for; below zero is a decode error. Whoever reads refills it. */
  allowance: number;
  readonly colourMap: Uint32Array;
  readonly pixel: PixelReader;
  readonly compressedPixel: PixelReader;
  readonly zlib: ZlibStream;
}

export interface Rectangle extends Area {
  encoding: number;
}

export type ServerMessage =
  | { kind: 'update'; rectangles: Rectangle[] }
  | { kind: 'colour-map' }
  | { kind: 'bell' }
  | { kind: 'cut-text' };

/** `pixelFormat` is the one in force: ServerInit's, or the client's own once it has set one. */
export function createServerStream(pixelFormat: PixelFormat, size: { width: number; height: number }): ServerStream {
  const colourMap = new Uint32Array(256);
  return {
    framebuffer: createFramebuffer(size.width, size.height),
    allowance: 4 * limits.framebufferPixels,
    colourMap,
    pixel: pixelReader(pixelFormat, colourMap),
    compressedPixel: compressedPixelReader(pixelFormat, colourMap),
    zlib: createZlibStream(),
  };
}

/** Reads one message; the stream's framebuffer shows what an update paints. */
export function* readServerMessage(stream: ServerStream): Exchange<ServerMessage> {
  const type = (yield* readBytes(1)).readUInt8();
  if (type === 0) return { kind: 'update', rectangles: yield* readUpdate(stream) };
  if (type === 1) return yield* readColourMap(stream.colourMap);
  if (type === 2) return { kind: 'bell' };
  if (type !== 3) throw new RfbDecodeError('message', `unknown type ${type}`);
  const length = (yield* readBytes(7)).readUInt32BE(3);
  if (length > limits.cutText) throw new RfbDecodeError('ServerCutText', `${length} bytes`);
  yield* skipBytes(length);
  return { kind: 'cut-text' };
}

function* readColourMap(colourMap: Uint32Array): Exchange<ServerMessage> {
  const header = yield* readBytes(5);
  const first = header.readUInt16BE(1);
  const count = header.readUInt16BE(3);
  const colours = yield* readBytes(count * 6);
  for (let index = 0; index < count && first + index < colourMap.length; index += 1) {
    const [red = 0, , green = 0, , blue = 0] = colours.subarray(index * 6);
    colourMap[first + index] = (red << 16) | (green << 8) | blue;
  }
  return { kind: 'colour-map' };
}

function* readUpdate(stream: ServerStream): Exchange<Rectangle[]> {
  const count = (yield* readBytes(3)).readUInt16BE(1);
  const rectangles: Rectangle[] = [];
  for (let index = 0; index < count; index += 1) rectangles.push(yield* readRectangle(stream));
  return rectangles;
}

function* readRectangle(stream: ServerStream): Exchange<Rectangle> {
  const header = yield* readBytes(12);
  const rectangle: Rectangle = {
    x: header.readUInt16BE(0),
    y: header.readUInt16BE(2),
    width: header.readUInt16BE(4),
    height: header.readUInt16BE(6),
    encoding: header.readInt32BE(8),
  };
  stream.allowance -= rectangle.width * rectangle.height;
  if (stream.allowance < 0) throw new RfbDecodeError('FramebufferUpdate', 'far more pixels than were asked for');
  if (rectangle.encoding === encoding.desktopSize) {
    stream.framebuffer = createFramebuffer(rectangle.width, rectangle.height);
    return rectangle;
  }
  if (rectangle.encoding === encoding.cursor) {
    yield* skipBytes(rectangle.height * (rectangle.width * stream.pixel.size + Math.ceil(rectangle.width / 8)));
    return rectangle;
  }
  checkInside(stream.framebuffer, rectangle, 'rectangle');
  if (rectangle.encoding === encoding.raw) yield* paintRawRectangle(stream, rectangle);
  else if (rectangle.encoding === encoding.copyRect) yield* copyRectangle(stream, rectangle);
  else if (rectangle.encoding === encoding.zrle) yield* paintZrleRectangle(stream, rectangle);
  else throw new RfbDecodeError('rectangle', `encoding ${rectangle.encoding} was not asked for`);
  return rectangle;
}

function* paintRawRectangle({ framebuffer, pixel }: ServerStream, area: Area): Exchange<void> {
  const rowBytes = area.width * pixel.size;
  if (rowBytes === 0) return;
  // Some rows at a time: never the whole rectangle in memory twice, and not an exchange for every row.
  const rowsAtOnce = Math.max(1, Math.floor(65_536 / rowBytes));
  for (let row = 0; row < area.height; row += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, area.height - row);
    const bytes = yield* readBytes(rows * rowBytes);
    for (let index = 0, at = 0; index < rows; index += 1) {
      const start = (area.y + row + index) * framebuffer.width + area.x;
      for (let column = 0; column < area.width; column += 1, at += pixel.size) {
        framebuffer.pixels[start + column] = pixel.read(bytes, at);
      }
    }
  }
}

function* copyRectangle({ framebuffer }: ServerStream, area: Area): Exchange<void> {
  const bytes = yield* readBytes(4);
  const from = { x: bytes.readUInt16BE(0), y: bytes.readUInt16BE(2) };
  checkInside(framebuffer, { ...area, ...from }, 'CopyRect');
  copyArea(framebuffer, area, from);
}

function* paintZrleRectangle(stream: ServerStream, area: Area): Exchange<void> {
  const length = (yield* readBytes(4)).readUInt32BE();
  if (length > mostDeflatedBytes(area))
    throw new RfbDecodeError('ZRLE', `${length} bytes for ${area.width}x${area.height}`);
  const inflated = inflateNext(stream.zlib, yield* readBytes(length), mostTileBytes(area));
  paintTiles(stream.framebuffer, area, inflated, stream.compressedPixel);
}
