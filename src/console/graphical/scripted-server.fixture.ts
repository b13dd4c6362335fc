/** An RFB server that does what a test says, on a unix socket. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { type ConnectStream, connectByNet } from './connect-by-net.ts';

export type ClientMessage =
  | { type: 'pixel-format' }
  | { type: 'encodings'; encodings: number[] }
  | { type: 'request'; incremental: boolean; x: number; y: number; width: number; height: number }
  | { type: 'key'; keysym: number; down: boolean };

export interface ServerSide {
  send(...bytes: (Buffer | number[])[]): void;
  /** The next bytes of the client; rejects when it has gone. */
  read(length: number): Promise<Buffer>;
  /** The next message of the client. */
  message(): Promise<ClientMessage>;
  /** The next message that is a request for an update. */
  request(): Promise<Extract<ClientMessage, { type: 'request' }>>;
  /** RFB 3.8 without authentication up to ServerInit. */
  greet(width: number, height: number): Promise<void>;
  /** Resolves when the client has let go. */
  gone(): Promise<void>;
  end(): void;
}

export interface ScriptedServer {
  connect: ConnectStream;
  /** How many connections there were. */
  connections(): number;
  /** Resolves when every script has come to its end, and rejects when one failed. */
  finished(): Promise<void>;
}

export function scriptedServer(script: (server: ServerSide) => Promise<void>): ScriptedServer {
  const runs: Promise<void>[] = [];
  return {
    connect: async (_, signal) => {
      const directory = await mkdtemp(path.join(tmpdir(), 'rfb-'));
      const listener = createServer();
      const arrival = once(listener, 'connection');
      listener.listen(path.join(directory, 'socket'));
      const stream = await connectByNet({ path: path.join(directory, 'socket') }, signal);
      const [socket]: Socket[] = await arrival;
      listener.close();
      await rm(directory, { recursive: true });
      if (socket === undefined) throw new Error('no connection');
      const run = script(serverSide(socket)).finally(() => socket.destroy());
      run.catch(() => {});
      runs.push(run);
      return stream;
    },
    connections: () => runs.length,
    finished: async () => void (await Promise.all(runs)),
  };
}

function serverSide(stream: Duplex): ServerSide {
  // A client that lets go with bytes unread is an error here, and an end like any other.
  const ended = new Promise<void>((resolve) => stream.once('close', resolve));
  stream.on('error', () => {});
  stream.on('end', () => stream.destroy());
  const read = async (length: number): Promise<Buffer> => {
    for (;;) {
      const bytes: unknown = stream.read(length);
      if (Buffer.isBuffer(bytes) && bytes.length === length) return bytes;
      if (stream.destroyed || stream.readableEnded) throw new Error('the client has gone');
      await Promise.race([once(stream, 'readable'), ended]);
    }
  };
  const message = async (): Promise<ClientMessage> => {
    const type = (await read(1)).readUInt8();
    if (type === 0) {
      await read(19);
      return { type: 'pixel-format' };
    }
    if (type === 2) {
      const count = (await read(3)).readUInt16BE(1);
      const bytes = await read(count * 4);
      return {
        type: 'encodings',
        encodings: Array.from({ length: count }, (_, index) => bytes.readInt32BE(index * 4)),
      };
    }
    if (type === 3) {
      const bytes = await read(9);
      const [x, y, width, height] = [1, 3, 5, 7].map((at) => bytes.readUInt16BE(at));
      return {
        type: 'request',
        incremental: bytes[0] === 1,
        x: x ?? 0,
        y: y ?? 0,
        width: width ?? 0,
        height: height ?? 0,
      };
    }
    if (type !== 4) throw new Error(`an unknown message ${type}`);
    const bytes = await read(7);
    return { type: 'key', keysym: bytes.readUInt32BE(3), down: bytes[0] === 1 };
  };
  const send = (...bytes: (Buffer | number[])[]): void => {
    for (const part of bytes) if (!stream.destroyed) stream.write(Buffer.from(part));
  };
  return {
    send,
    read,
    message,
    request: async () => {
      for (;;) {
        const next = await message();
        if (next.type === 'request') return next;
      }
    },
    greet: async (width, height) => {
      send(Buffer.from('RFB 003.008\n'));
      await read(12);
      send([1, 1]);
      await read(1);
      send([0, 0, 0, 0]);
      await read(1);
      // Size, the pixel format 8:8:8 in 32 bits, and an empty name.
      send([width >> 8, width & 255, height >> 8, height & 255]);
      send([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0], [0, 0, 0, 0]);
    },
    gone: async () => {
      stream.resume();
      await ended;
    },
    end: () => stream.destroy(),
  };
}

/** A screen of 2×2 pixels, wholly of another colour in each answer to a whole request: blue 1, 2, 3, … */
export async function answerAll(
  server: ServerSide,
  onKey: (message: Extract<ClientMessage, { type: 'key' }>) => void = () => {},
): Promise<void> {
  await server.greet(2, 2);
  for (let answer = 1; ; ) {
    const next = await server.message().catch(() => undefined);
    if (next === undefined) return;
    if (next.type === 'key') onKey(next);
    if (next.type === 'request' && !next.incremental) {
      const pixel = [answer, 0, 0, 0];
      server.send([0, 0, 0, 1], [0, 0, 0, 0, 0, 2, 0, 2, 0, 0, 0, 0], [pixel, pixel, pixel, pixel].flat());
      answer += 1;
    }
  }
}
