/** Sessions between other people's clients and servers, recorded. They live beside the repository. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordings } from '../../../tools/recordings.ts';
import { driveExchange } from '../testing/drive-exchange.ts';
import {
  clientHandshake,
  createServerStream,
  encoding,
  type PixelFormat,
  type ProtocolVersion,
  readServerMessage,
  RfbDecodeError,
  type ServerInit,
  type ServerMessage,
  type ServerStream,
} from './index.ts';
import { decodePixelFormat } from './pixel-format.ts';
import { createZlibStream, inflateNext } from './zlib-stream.ts';

const folder = recordings('vnc');

interface Segment {
  from: number;
  to: number;
  sequence: number;
  payload: Buffer;
}

/** TCP segments with payload of a classic little-endian pcap of Ethernet frames, in the order of their capture. */
function segments(name: string): Segment[] {
  const bytes = readFileSync(join(folder ?? '', name));
  expect(bytes.readUInt32LE(0)).toBe(0xa1b2c3d4);
  const found: Segment[] = [];
  for (let at = 24; at + 16 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 8);
    const packet = bytes.subarray(at + 16 + 14, at + 16 + length);
    at += 16 + length;
    if (packet.length < 40 || (packet[0] ?? 0) >> 4 !== 4 || packet[9] !== 6) continue;
    const tcp = packet.subarray(((packet[0] ?? 0) & 15) * 4, packet.readUInt16BE(2));
    const payload = tcp.subarray(((tcp[12] ?? 0) >> 4) * 4);
    if (payload.length === 0) continue;
    found.push({ from: tcp.readUInt16BE(0), to: tcp.readUInt16BE(2), sequence: tcp.readUInt32BE(4), payload });
  }
  return found;
}

/** What one side sent, in order and without repeats. */
function bytesOf(list: Segment[]): Buffer {
  const parts: Buffer[] = [];
  let next = list[0]?.sequence ?? 0;
  for (const { sequence, payload } of list.toSorted((left, right) => left.sequence - right.sequence)) {
    const repeated = next - sequence;
    expect(repeated).toBeGreaterThanOrEqual(0);
    if (repeated >= payload.length) continue;
    parts.push(payload.subarray(repeated));
    next = sequence + payload.length;
  }
  return Buffer.concat(parts);
}

interface Session {
  init: ServerInit;
  /** How many rectangles of each encoding. */
  counts: Record<number, number>;
  stream: ServerStream;
  /** The bytes from the first message on that holds an encoding this client never asks for. */
  rest: Buffer;
}

/** Reads what the server said, in the pixel format that the client had asked for by then. */
function replay(name: string, server: number, client: number, newest: ProtocolVersion): Session {
  const all = segments(name).filter(
    ({ from, to }) => (from === server && to === client) || (from === client && to === server),
  );
  const said = bytesOf(all.filter(({ from }) => from === server));
  const opened = driveExchange(clientHandshake({ password: 'openwall', newest }), said);
  if (opened === undefined) throw new Error('no handshake');
  const changes = formatChanges(all, server);
  let stream = createServerStream(opened.value.pixelFormat, opened.value);
  const counts: Record<number, number> = {};
  for (let at = opened.taken; ; ) {
    while (changes[0] !== undefined && changes[0].at <= at) {
      const fresh = createServerStream(changes.shift()?.format ?? opened.value.pixelFormat, opened.value);
      stream = { ...fresh, framebuffer: stream.framebuffer, zlib: stream.zlib };
    }
    const done = readOrStop(stream, said.subarray(at));
    if (done === undefined) return { init: opened.value, counts, stream, rest: said.subarray(at) };
    at += done.taken;
    for (const rectangle of done.value.kind === 'update' ? done.value.rectangles : []) {
      counts[rectangle.encoding] = (counts[rectangle.encoding] ?? 0) + 1;
    }
  }
}

function readOrStop(stream: ServerStream, bytes: Buffer): ReturnType<typeof driveExchange<ServerMessage>> {
  try {
    return driveExchange(readServerMessage(stream), bytes);
  } catch (error) {
    if (error instanceof RfbDecodeError && error.message.endsWith('was not asked for')) return undefined;
    throw error;
  }
}

/** Where the client set a pixel format, as a place in what the server had said by then: it asks between two updates. */
function formatChanges(all: Segment[], server: number): { at: number; format: PixelFormat }[] {
  const changes: { at: number; format: PixelFormat }[] = [];
  const first = all.find(({ from }) => from === server)?.sequence ?? 0;
  let said = 0;
  for (const { from, sequence, payload } of all) {
    if (from === server) said = Math.max(said, sequence + payload.length - first);
    else if (payload.length >= 20 && payload.readUInt32BE(0) === 0) {
      changes.push({ at: said, format: decodePixelFormat(payload.subarray(4)) });
    }
  }
  return changes;
}

describe.runIf(folder)('recorded sessions', () => {
  it('opens with the password and reads ZRLE of another server, until the client changes to Hextile', () => {
    const { init, counts, stream, rest } = replay('04-vnc-openwall-3.8.pcap', 5900, 58102, '3.8');
    expect(init).toMatchObject({ version: '3.8', width: 800, height: 600 });
    expect(counts).toEqual({ [encoding.zrle]: 2, [encoding.cursor]: 1 });
    expect(rest.readUInt8(0)).toBe(0);
    expect(new Set(stream.framebuffer.pixels).size).toBeGreaterThan(4);
  });

  it('reads 3.3 between a Mac and Linux, whose zlib stream is flushed as this client takes for granted', () => {
    const { init, rest } = replay('vnc-mac-to-linux.pcap', 5901, 49259, '3.3');
    expect(init).toMatchObject({
      version: '3.3',
      width: 1024,
      height: 768,
      name: "root's X desktop (martin-VirtualBox:1)",
    });
    // One update: a cursor, then rectangles of the Zlib encoding: a length, and raw pixels in one zlib stream.
    const zlib = createZlibStream();
    let at = 4;
    let pixels = 0;
    for (let index = 0; index < rest.readUInt16BE(2); index += 1) {
      const [width, height] = [rest.readUInt16BE(at + 4), rest.readUInt16BE(at + 6)];
      const number = rest.readInt32BE(at + 8);
      at += 12;
      if (number === encoding.cursor) {
        at += height * (width * 4 + Math.ceil(width / 8));
        continue;
      }
      expect(number).toBe(6);
      const length = rest.readUInt32BE(at);
      at += 4 + length;
      const inflated = inflateNext(zlib, rest.subarray(at - length, at), width * height * 4);
      expect(inflated.length).toBe(width * height * 4);
      pixels += width * height;
    }
    expect(pixels).toBe(1024 * 768);
  });

  it('hears that the server refused the password', () => {
    const all = segments('vnc-mac-to-linux.pcap').filter(({ from, to }) => from === 5901 && to === 49257);
    expect(() => driveExchange(clientHandshake({ password: 'openwall', newest: '3.3' }), bytesOf(all))).toThrow(
      /password was refused/,
    );
  });
});
