/** What must hold whatever a server sends. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { driveExchange } from '../testing/drive-exchange.ts';
import {
  anyRectangle,
  createZrleEncoder,
  rawRectangle,
  type TileKind,
  update,
  zrleTiles,
} from '../testing/rfb-server.ts';
import {
  clientHandshake,
  createServerStream,
  type Exchange,
  readServerMessage,
  RfbDecodeError,
  RfbRefusedError,
  trueColour32,
} from './index.ts';
import { decodePixelFormat, encodePixelFormat } from './pixel-format.ts';

/** Ends with a value, a wish for more bytes, or one of the two errors; anything else fails the test. */
function survives(exchange: Exchange<unknown>, bytes: Uint8Array): void {
  try {
    driveExchange(exchange, bytes);
  } catch (error) {
    if (!(error instanceof RfbDecodeError) && !(error instanceof RfbRefusedError)) throw error;
  }
}

const anyBytes = fc.uint8Array({ maxLength: 400 });

it('any bytes: the handshake ends with a value, a wish for more, or a typed error', () => {
  const opening = fc.constantFrom('', 'RFB 003.003\n', 'RFB 003.007\n', 'RFB 003.008\n', 'RFB 005.000\n');
  fc.assert(
    fc.property(opening, anyBytes, fc.option(fc.string(), { nil: undefined }), (start, bytes, password) => {
      const options = password === undefined ? {} : { password };
      survives(clientHandshake(options), Buffer.concat([Buffer.from(start), bytes]));
    }),
    { numRuns: 500 },
  );
});

it('any bytes: a message ends with a value, a wish for more, or a typed error', () => {
  const area = fc.record({ x: fc.nat(8), y: fc.nat(8), width: fc.nat(70), height: fc.nat(70) });
  const rectangles = fc.array(
    fc
      .tuple(area, fc.constantFrom(0, 1, 16, -223, -239), anyBytes)
      .map(([at, number, body]) => anyRectangle(at, number, Buffer.from(body))),
    { maxLength: 4 },
  );
  const messages = fc.oneof(
    anyBytes,
    rectangles.map((list) => update(...list)),
  );
  const colour = fc.record({ max: fc.nat(65_535), shift: fc.nat(255) });
  const format = fc.record({
    bitsPerPixel: fc.constantFrom(8 as const, 16 as const, 32 as const),
    depth: fc.nat(255),
    bigEndian: fc.boolean(),
    trueColour: fc.boolean(),
    red: colour,
    green: colour,
    blue: colour,
  });
  fc.assert(
    fc.property(fc.oneof(fc.constant(trueColour32), format), messages, (pixelFormat, bytes) => {
      survives(readServerMessage(createServerStream(pixelFormat, { width: 64, height: 48 })), bytes);
    }),
    { numRuns: 1000 },
  );
});

it('any bytes as tiles: painted or a typed error, and nothing outside the area changes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (tiles) => {
      const area = { x: 5, y: 3, width: 20, height: 10 };
      const stream = createServerStream(trueColour32, { width: 30, height: 20 });
      survives(readServerMessage(stream), update(await createZrleEncoder().rectangle(area, Buffer.from(tiles))));
      stream.framebuffer.pixels.forEach((colour, index) => {
        const x = index % 30;
        const y = Math.floor(index / 30);
        if (x < 5 || x >= 25 || y < 3 || y >= 13) expect(colour).toBe(0);
      });
    }),
    { numRuns: 300 },
  );
});

it('a pixel format is the same after encoding and decoding', () => {
  const colour = fc.record({ max: fc.nat(65_535), shift: fc.nat(255) });
  const format = fc.record({
    bitsPerPixel: fc.constantFrom(8 as const, 16 as const, 32 as const),
    depth: fc.nat(255),
    bigEndian: fc.boolean(),
    trueColour: fc.boolean(),
    red: colour,
    green: colour,
    blue: colour,
  });
  fc.assert(
    fc.property(format, (given) => {
      expect(decodePixelFormat(encodePixelFormat(given))).toEqual(given);
    }),
  );
});

/** Pictures with stretches of one colour, of few or many colours. */
const picture = fc
  .record({
    width: fc.integer({ min: 1, max: 150 }),
    height: fc.integer({ min: 1, max: 150 }),
    seed: fc.nat(),
    colours: fc.constantFrom(1, 2, 3, 4, 9, 16, 17, 100, 127, 5000),
    stretch: fc.constantFrom(1, 3, 40, 700),
  })
  .map(({ width, height, seed, colours, stretch }) => {
    let state = seed >>> 0;
    const next = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const palette = Array.from({ length: colours }, () => next(2 ** 24));
    const pixels: number[] = [];
    while (pixels.length < width * height) {
      const colour = palette[next(colours)] ?? 0;
      for (let left = 1 + next(stretch); left > 0 && pixels.length < width * height; left -= 1) pixels.push(colour);
    }
    return { width, height, pixels };
  });
const kinds: readonly TileKind[] = ['raw', 'solid', 'packed', 'plain-rle', 'palette-rle'];

it('pictures: raw and every kind of ZRLE tile paint what was encoded, update after update on one zlib stream', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(picture, { minLength: 1, maxLength: 4 }), fc.nat(4), async (pictures, first) => {
      const encoder = createZrleEncoder();
      const stream = createServerStream(trueColour32, { width: 160, height: 160 });
      for (const { width, height, pixels } of pictures) {
        const area = { x: 160 - width, y: 160 - height, width, height };
        const tiles = zrleTiles(pixels, width, height, (tile) => kinds[(tile + first) % kinds.length] ?? 'raw');
        for (const rectangle of [await encoder.rectangle(area, tiles), rawRectangle(area, pixels)]) {
          stream.framebuffer.pixels.fill(0x123456);
          const done = driveExchange(readServerMessage(stream), update(rectangle));
          expect(done?.value.kind).toBe('update');
          const painted: number[] = [];
          for (let row = area.y; row < 160; row += 1) {
            painted.push(...stream.framebuffer.pixels.subarray(row * 160 + area.x, (row + 1) * 160));
          }
          expect(painted).toEqual(pixels);
        }
      }
    }),
    { numRuns: 60 },
  );
});
