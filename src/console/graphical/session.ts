/** One open RFB session: pictures and keys, one call after another. */
import { setTimeout as wait } from 'node:timers/promises';
import { AthanorError } from '../../errors/index.ts';
import {
  createServerStream,
  encodeKeyEvent,
  encodeSetEncodings,
  encodeSetPixelFormat,
  encodeUpdateRequest,
  encoding,
  limits,
  readServerMessage,
  rgbOf,
  type Rectangle,
  type ServerInit,
  type ServerStream,
  trueColour32,
} from '../../protocols/rfb/index.ts';
import type { Frame } from '../frame.ts';
import { attempt, type Connection } from './connection.ts';
import type { ConsoleSession, ConsoleTimings } from './console.ts';
import { createCoverage } from './coverage.ts';
import { shiftKeysym, type Stroke, strokesOfKeys, strokesOfText } from './keyboard.ts';

export interface SessionOptions {
  name: string;
  timings: ConsoleTimings;
  /** RFB encodings in order of preference, beside DesktopSize. */
  encodings: readonly number[];
}

/** Sets up a session on a connection whose handshake is done. */
export function createSession(connection: Connection, init: ServerInit, options: SessionOptions): ConsoleSession {
  const { name, timings } = options;
  const stream = createServerStream(trueColour32, init);
  let broken: AthanorError | undefined;
  let lastTurn: Promise<unknown> = Promise.resolve();
  connection.send(encodeSetPixelFormat(trueColour32));
  connection.send(encodeSetEncodings([...options.encodings, encoding.desktopSize]));

  /** One call at a time. What fails leaves the connection in the middle of a message, so it is the end of the session. */
  const inTurn = <Value>(task: () => Promise<Value>): Promise<Value> => {
    const turn = lastTurn.then(async () => {
      if (broken !== undefined) throw broken;
      try {
        return await task();
      } catch (error) {
        if (error instanceof AthanorError) broken = error;
        connection.close();
        throw error;
      }
    });
    lastTurn = turn.catch(() => {});
    return turn;
  };

  const typeStrokes = async (strokes: readonly Stroke[], signal: AbortSignal | undefined): Promise<void> => {
    for (const { keysym, shift } of strokes) {
      if (signal?.aborted) throw new AthanorError('aborted', `Typing at the console of ${name} was aborted`);
      if (shift) connection.send(encodeKeyEvent(shiftKeysym, true));
      connection.send(encodeKeyEvent(keysym, true));
      await wait(timings.holdMs);
      connection.send(encodeKeyEvent(keysym, false));
      if (shift) connection.send(encodeKeyEvent(shiftKeysym, false));
      await wait(timings.pauseMs);
    }
    await attempt(
      { name, doing: 'taking in the keys', deadlineMs: timings.frameMs, ...(signal && { signal }) },
      (within) => awaitAnswer(connection, stream, within),
    );
  };

  return {
    frame: (signal) =>
      inTurn(() =>
        attempt({ name, doing: 'a picture', deadlineMs: timings.frameMs, ...(signal && { signal }) }, (within) =>
          takeFrame(connection, stream, name, within),
        ),
      ),
    press: (keys, signal) => inTurn(() => typeStrokes(strokesOfKeys(keys), signal)),
    type: async (text, signal) => {
      const strokes = strokesOfText(text);
      await inTurn(() => typeStrokes(strokes, signal));
    },
    close: () => {
      broken ??= new AthanorError('console-unreachable', `The session with the console of ${name} is closed`);
      connection.close();
    },
  };
}

/** Asks for the whole picture, again whenever its size changes meanwhile, and waits until every pixel of it has come. */
async function takeFrame(
  connection: Connection,
  stream: ServerStream,
  name: string,
  signal: AbortSignal,
): Promise<Frame> {
  stream.allowance = 4 * limits.framebufferPixels;
  for (;;) {
    const { width, height } = stream.framebuffer;
    if (width * height === 0) throw new AthanorError('console-protocol', `The console of ${name} has no picture`);
    connection.send(encodeUpdateRequest({ x: 0, y: 0, width, height }, false));
    if (await whole(connection, stream, signal)) return { width, height, rgb: rgbOf(stream.framebuffer) };
  }
}

/** True when every pixel has come; false when the size has changed and the picture must be asked for anew. */
async function whole(connection: Connection, stream: ServerStream, signal: AbortSignal): Promise<boolean> {
  const { width, height } = stream.framebuffer;
  const coverage = createCoverage(width, height);
  for (;;) {
    const rectangles = await nextUpdate(connection, stream, signal);
    if (rectangles.some((rectangle) => rectangle.encoding === encoding.desktopSize)) return false;
    for (const rectangle of rectangles) coverage.add(rectangle);
    if (coverage.complete) return true;
    connection.send(encodeUpdateRequest({ x: 0, y: 0, width, height }, true));
  }
}

async function nextUpdate(connection: Connection, stream: ServerStream, signal: AbortSignal): Promise<Rectangle[]> {
  for (;;) {
    const message = await connection.run(readServerMessage(stream), signal);
    if (message.kind === 'update') return message.rectangles;
  }
}

/** A server handles messages in order: once it answers a request for one pixel it has taken in everything before. */
async function awaitAnswer(connection: Connection, stream: ServerStream, signal: AbortSignal): Promise<void> {
  stream.allowance = 4 * limits.framebufferPixels;
  connection.send(encodeUpdateRequest({ x: 0, y: 0, width: 1, height: 1 }, false));
  await nextUpdate(connection, stream, signal);
}
