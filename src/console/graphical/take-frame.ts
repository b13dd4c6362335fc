/** How one whole and present picture is got from an RFB server. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  encodeUpdateRequest,
  encoding,
  limits,
  readServerMessage,
  type Rectangle,
  RfbDecodeError,
  rgbOf,
  type ServerStream,
} from '../../protocols/rfb/index.ts';
import type { Frame } from '../frame.ts';
import type { Connection } from './connection.ts';
import { type Coverage, createCoverage } from './coverage.ts';

/** A server that needs more updates than this for one picture is not showing one. */
const mostUpdates = 10_000;

/**
 * Asks for the whole picture, anew whenever its size changes meanwhile, and waits until every pixel of it has come, in
 * however many updates.
 */
export async function takeFrame(connection: Connection, stream: ServerStream, signal: AbortSignal): Promise<Frame> {
  await catchUp(connection, stream, signal);
  let coverage = askForWhole(connection, stream);
  for (let updates = 0; updates < mostUpdates; updates += 1) {
    const rectangles = await nextUpdate(connection, stream, signal);
    const { width, height } = stream.framebuffer;
    if (rectangles.some((rectangle) => rectangle.encoding === encoding.desktopSize)) {
      coverage = askForWhole(connection, stream);
      continue;
    }
    for (const rectangle of rectangles) if (rectangle.encoding !== encoding.cursor) coverage.add(rectangle);
    if (coverage.complete) return { width, height, rgb: rgbOf(stream.framebuffer) };
    connection.send(encodeUpdateRequest({ x: 0, y: 0, width, height }, true));
  }
  throw new RfbDecodeError('FramebufferUpdate', 'so many updates never make a picture');
}

function askForWhole(connection: Connection, { framebuffer: { width, height } }: ServerStream): Coverage {
  if (width * height === 0) throw new RfbDecodeError('framebuffer', 'there is no picture');
  connection.send(encodeUpdateRequest({ x: 0, y: 0, width, height }, false));
  return createCoverage(width, height);
}

/** A server handles messages in order: once it answers a request for one pixel it has taken in everything before. */
export async function awaitAnswer(connection: Connection, stream: ServerStream, signal: AbortSignal): Promise<void> {
  await catchUp(connection, stream, signal);
  connection.send(encodeUpdateRequest({ x: 0, y: 0, width: 1, height: 1 }, false));
  await nextUpdate(connection, stream, signal);
}

/** Asks to be told when anything on the screen changes. */
export function askForChange(connection: Connection, { framebuffer: { width, height } }: ServerStream): void {
  connection.send(encodeUpdateRequest({ x: 0, y: 0, width, height }, true));
}

/** Waits until a change that was asked for comes, at most `ms`, and reads it. */
export async function awaitChange(
  connection: Connection,
  stream: ServerStream,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  await connection.awaitBytes(ms, signal);
  await catchUp(connection, stream, signal);
}

/**
 * Reads what has come already. A server may owe more answers than were waited for: when the size changes, some answer both
 * the request from before and the one from after. Such a late answer shows the past and must not pass for a new one.
 */
async function catchUp(connection: Connection, stream: ServerStream, signal: AbortSignal): Promise<void> {
  stream.allowance = 4 * limits.framebufferPixels;
  await nextTurn();
  while (connection.hasBytes()) {
    await connection.run(readServerMessage(stream), signal);
    await nextTurn();
  }
}

async function nextUpdate(connection: Connection, stream: ServerStream, signal: AbortSignal): Promise<Rectangle[]> {
  for (;;) {
    const message = await connection.run(readServerMessage(stream), signal);
    if (message.kind === 'update') return message.rectangles;
  }
}
