/**
 * ZRLE (RFC 6143 §7.7.6): a length (4 bytes) and so many bytes of a zlib stream that goes on over the whole session. Inflated
 * they are tiles of 64×64 pixels, left to right and top to bottom, each led by a byte:
 *
 * | byte    | tile                                                                                              |
 * | ------- | ------------------------------------------------------------------------------------------------- |
 * | 0       | raw: a CPIXEL for each pixel                                                                      |
 * | 1       | solid: one CPIXEL                                                                                 |
 * | 2–16    | packed palette: so many CPIXELs, then indexes of 1, 2 or 4 bits, each row filled up to whole bytes |
 * | 128     | plain RLE: CPIXEL, run length, again and again                                                     |
 * | 130–255 | palette RLE: (byte − 128) CPIXELs, then index (top bit set: a run length follows), again and again |
 *
 * A run length is 1 plus the sum of bytes up to and with the first that is not 255.
 */
import { RfbDecodeError } from './decode-error.ts';
import { type Area, fillRun, type Framebuffer } from './framebuffer.ts';
import type { PixelReader } from './pixel-format.ts';

const tileSide = 64;

/** The most bytes that the tiles of an area can take. */
export function mostTileBytes(area: Area): number {
  const tiles = Math.ceil(area.width / tileSide) * Math.ceil(area.height / tileSide);
  // A pixel in a run of its own: four bytes of colour and one of length. A palette: 127 colours.
  return tiles * (1 + 127 * 4) + area.width * area.height * 5;
}

/** The most bytes that those can take deflated: stored blocks and flushes add little. */
export function mostDeflatedBytes(area: Area): number {
  return Math.ceil(mostTileBytes(area) * 1.01) + 1024;
}

/** Paints the tiles. The area must lie inside the framebuffer. */
export function paintTiles(framebuffer: Framebuffer, area: Area, inflated: Buffer, cpixel: PixelReader): void {
  const cursor: Cursor = { bytes: inflated, at: 0 };
  for (let y = 0; y < area.height; y += tileSide) {
    for (let x = 0; x < area.width; x += tileSide) {
      const tile = {
        x: area.x + x,
        y: area.y + y,
        width: Math.min(tileSide, area.width - x),
        height: Math.min(tileSide, area.height - y),
      };
      paintTile(framebuffer, tile, cursor, cpixel);
    }
  }
  if (cursor.at !== inflated.length) fail(`${inflated.length - cursor.at} bytes are left over`);
}

interface Cursor {
  bytes: Buffer;
  at: number;
}

function fail(problem: string): never {
  throw new RfbDecodeError('ZRLE', problem);
}

/** Moves on by `length` bytes and says where they begin. */
function take(cursor: Cursor, length: number): number {
  const start = cursor.at;
  if (start + length > cursor.bytes.length) fail('cut short');
  cursor.at = start + length;
  return start;
}

function takeByte(cursor: Cursor): number {
  return cursor.bytes[take(cursor, 1)] ?? 0;
}

function takePixel(cursor: Cursor, cpixel: PixelReader): number {
  return cpixel.read(cursor.bytes, take(cursor, cpixel.size));
}

function takePalette(cursor: Cursor, cpixel: PixelReader, count: number): number[] {
  return Array.from({ length: count }, () => takePixel(cursor, cpixel));
}

function takeRunLength(cursor: Cursor): number {
  for (let length = 1; ; ) {
    const byte = takeByte(cursor);
    length += byte;
    if (byte !== 255) return length;
  }
}

function paintTile(framebuffer: Framebuffer, tile: Area, cursor: Cursor, cpixel: PixelReader): void {
  const kind = takeByte(cursor);
  if (kind === 0) return paintRaw(framebuffer, tile, cursor, cpixel);
  if (kind === 1) return paintSolid(framebuffer, tile, takePixel(cursor, cpixel));
  if (kind <= 16) return paintPacked(framebuffer, tile, cursor, takePalette(cursor, cpixel, kind));
  if (kind === 128) {
    return paintRuns(framebuffer, tile, () => ({
      colour: takePixel(cursor, cpixel),
      length: takeRunLength(cursor),
    }));
  }
  if (kind < 130) return fail(`unknown tile ${kind}`);
  const palette = takePalette(cursor, cpixel, kind - 128);
  return paintRuns(framebuffer, tile, () => {
    const index = takeByte(cursor);
    return { colour: colourAt(palette, index & 127), length: index >= 128 ? takeRunLength(cursor) : 1 };
  });
}

function colourAt(palette: readonly number[], index: number): number {
  return palette[index] ?? fail(`colour ${index} of a palette of ${palette.length}`);
}

function paintSolid(framebuffer: Framebuffer, tile: Area, colour: number): void {
  for (let row = 0; row < tile.height; row += 1) fillRun(framebuffer, tile.x, tile.y + row, tile.width, colour);
}

function paintRaw(framebuffer: Framebuffer, tile: Area, cursor: Cursor, cpixel: PixelReader): void {
  let at = take(cursor, tile.width * tile.height * cpixel.size);
  for (let row = 0; row < tile.height; row += 1) {
    const start = (tile.y + row) * framebuffer.width + tile.x;
    for (let column = 0; column < tile.width; column += 1, at += cpixel.size) {
      framebuffer.pixels[start + column] = cpixel.read(cursor.bytes, at);
    }
  }
}

function paintPacked(framebuffer: Framebuffer, tile: Area, cursor: Cursor, palette: readonly number[]): void {
  const bits = palette.length === 2 ? 1 : palette.length <= 4 ? 2 : 4;
  const rowBytes = Math.ceil((tile.width * bits) / 8);
  for (let row = 0; row < tile.height; row += 1) {
    const from = take(cursor, rowBytes);
    const start = (tile.y + row) * framebuffer.width + tile.x;
    for (let column = 0; column < tile.width; column += 1) {
      const bit = column * bits;
      const byte = cursor.bytes[from + (bit >> 3)] ?? 0;
      const index = (byte >> (8 - bits - (bit & 7))) & ((1 << bits) - 1);
      framebuffer.pixels[start + column] = colourAt(palette, index);
    }
  }
}

/** Paints run after run until the tile is full; a run goes on from the end of one row to the start of the next. */
function paintRuns(framebuffer: Framebuffer, tile: Area, next: () => { colour: number; length: number }): void {
  const total = tile.width * tile.height;
  for (let painted = 0; painted < total; ) {
    const { colour, length } = next();
    const end = painted + length;
    if (end > total) fail('a run is longer than its tile');
    while (painted < end) {
      const column = painted % tile.width;
      const piece = Math.min(tile.width - column, end - painted);
      fillRun(framebuffer, tile.x + column, tile.y + Math.floor(painted / tile.width), piece, colour);
      painted += piece;
    }
  }
}
