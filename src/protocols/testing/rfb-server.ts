/** The server's side of RFB as far as tests need it: what a server would send, encoded independently of the client's code. */
import { constants, createDeflate } from 'node:zlib';

export interface TestArea {
  x: number;
  y: number;
  width: number;
  height: number;
}

const sixteen = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => bytes.writeUInt16BE(value, index * 2));
  return bytes;
};

const thirtyTwo = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value | 0);
  return bytes;
};

/** A text with its length before it. */
export function withLength(text: string): Buffer {
  return Buffer.concat([thirtyTwo(Buffer.byteLength(text)), Buffer.from(text)]);
}

/** ServerInit of a server whose own format is 32 bits, 8:8:8. */
export function serverInit(width: number, height: number, name: string): Buffer {
  const format = Buffer.of(32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0);
  return Buffer.concat([sixteen(width, height), format, withLength(name)]);
}

export function update(...rectangles: Buffer[]): Buffer {
  return Buffer.concat([sixteen(0, rectangles.length), ...rectangles]);
}

const rectangle = ({ x, y, width, height }: TestArea, encoding: number, body: Buffer): Buffer =>
  Buffer.concat([sixteen(x, y, width, height), thirtyTwo(encoding), body]);

/** Pixels (0xRRGGBB) in the format that the client asks for: blue, green, red, nothing. */
export function rawRectangle(area: TestArea, pixels: ArrayLike<number>): Buffer {
  const body = Buffer.alloc(area.width * area.height * 4);
  for (let index = 0; index < area.width * area.height; index += 1) {
    body.writeUInt32LE(pixels[index] ?? 0, index * 4);
  }
  return rectangle(area, 0, body);
}

export const copyRectangle = (area: TestArea, fromX: number, fromY: number): Buffer =>
  rectangle(area, 1, sixteen(fromX, fromY));

export const desktopSize = (width: number, height: number): Buffer =>
  rectangle({ x: 0, y: 0, width, height }, -223, Buffer.alloc(0));

export const anyRectangle = rectangle;

/** A zlib stream over the whole session, flushed after each rectangle as servers do. */
export function createZrleEncoder(): { rectangle(area: TestArea, tiles: Buffer): Promise<Buffer> } {
  const deflate = createDeflate();
  const chunks: Buffer[] = [];
  deflate.on('data', (chunk: Buffer) => chunks.push(chunk));
  return {
    rectangle: async (area, tiles) => {
      await new Promise((resolve) => {
        deflate.write(tiles);
        deflate.flush(constants.Z_SYNC_FLUSH, () => setImmediate(resolve));
      });
      const piece = Buffer.concat(chunks.splice(0));
      return rectangle(area, 16, Buffer.concat([thirtyTwo(piece.length), piece]));
    },
  };
}

export type TileKind = 'raw' | 'solid' | 'packed' | 'plain-rle' | 'palette-rle';

const cpixel = (colour: number): number[] => [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];

function runLength(length: number): number[] {
  const rest = length - 1;
  return [...Array.from({ length: Math.floor(rest / 255) }, () => 255), rest % 255];
}

function runs(pixels: readonly number[]): { colour: number; length: number }[] {
  const found: { colour: number; length: number }[] = [];
  for (const colour of pixels) {
    const last = found.at(-1);
    if (last?.colour === colour) last.length += 1;
    else found.push({ colour, length: 1 });
  }
  return found;
}

/** One ZRLE tile. The wanted kind is taken when the number of colours lets it, else raw. */
export function zrleTile(pixels: readonly number[], width: number, wanted: TileKind): Buffer {
  const palette = [...new Set(pixels)];
  const index = (colour: number): number => palette.indexOf(colour);
  if (wanted === 'solid' && palette.length === 1) return Buffer.from([1, ...cpixel(palette[0] ?? 0)]);
  if (wanted === 'packed' && palette.length >= 2 && palette.length <= 16) {
    const bits = palette.length === 2 ? 1 : palette.length <= 4 ? 2 : 4;
    const bytes = [palette.length, ...palette.flatMap(cpixel)];
    for (let row = 0; row < pixels.length; row += width) {
      const line = pixels.slice(row, row + width).map((colour) => index(colour).toString(2).padStart(bits, '0'));
      for (const byte of line.join('').match(/.{1,8}/g) ?? []) bytes.push(Number.parseInt(byte.padEnd(8, '0'), 2));
    }
    return Buffer.from(bytes);
  }
  if (wanted === 'plain-rle') {
    return Buffer.from([
      128,
      ...runs(pixels).flatMap(({ colour, length }) => [...cpixel(colour), ...runLength(length)]),
    ]);
  }
  if (wanted === 'palette-rle' && palette.length >= 2 && palette.length <= 127) {
    const body = runs(pixels).flatMap(({ colour, length }) =>
      length === 1 ? [index(colour)] : [index(colour) | 128, ...runLength(length)],
    );
    return Buffer.from([128 + palette.length, ...palette.flatMap(cpixel), ...body]);
  }
  return Buffer.from([0, ...pixels.flatMap(cpixel)]);
}

/** All tiles of a picture, each of the kind that `kindOf` names. */
export function zrleTiles(
  pixels: readonly number[],
  width: number,
  height: number,
  kindOf: (tile: number) => TileKind,
): Buffer {
  const tiles: Buffer[] = [];
  for (let y = 0; y < height; y += 64) {
    for (let x = 0; x < width; x += 64) {
      const columns = Math.min(64, width - x);
      const tile: number[] = [];
      for (let row = y; row < Math.min(y + 64, height); row += 1) {
        tile.push(...pixels.slice(row * width + x, row * width + x + columns));
      }
      tiles.push(zrleTile(tile, columns, kindOf(tiles.length)));
    }
  }
  return Buffer.concat(tiles);
}
