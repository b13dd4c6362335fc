/** One open RFB session: pictures and keys, one call after another. */
import { setTimeout as wait } from 'node:timers/promises';
import { AthanorError } from '../../errors/index.ts';
import {
  createServerStream,
  encodeKeyEvent,
  encodeSetEncodings,
  encodeSetPixelFormat,
  encoding,
  type ServerInit,
  trueColour32,
} from '../../protocols/rfb/index.ts';
import { attempt, type Connection } from './connection.ts';
import type { ConsoleSession, ConsoleTimings } from './console.ts';
import { shiftKeysym, type Stroke, strokesOfKeys, strokesOfText } from './keyboard.ts';
import { askForChange, awaitAnswer, awaitChange, takeFrame } from './take-frame.ts';

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
  const key = (keysym: number, down: boolean): void => connection.send(encodeKeyEvent(keysym, down));
  let broken: AthanorError | undefined;
  let lastTurn: Promise<unknown> = Promise.resolve();
  let wasLookedAt = false;
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

  const within = <Value>(
    doing: string,
    signal: AbortSignal | undefined,
    task: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Value> => attempt({ name, doing, deadlineMs: timings.frameMs, ...(signal && { signal }) }, task);

  const look: ConsoleSession['frame'] = (signal) => {
    // QEMU looks at a quiet screen ever more rarely, at last every three seconds, whatever is asked for; only a key event
    // makes it look at once. Releasing a key that nobody holds changes nothing anywhere.
    if (wasLookedAt) key(shiftKeysym, false);
    wasLookedAt = true;
    return within('a picture', signal, (aborted) => takeFrame(connection, stream, aborted));
  };

  /**
   * Each key is released again before an abort is heard: a key left down would go on repeating. A PC's keyboard holds sixteen
   * bytes, four to eight keys, and loses what a busy guest does not fetch in time; so the next key waits for an echo.
   */
  const strike = async (strokes: readonly Stroke[], signal: AbortSignal | undefined): Promise<void> => {
    for (const { keysym, shift } of strokes) {
      if (signal?.aborted) throw new AthanorError('aborted', `Typing at the console of ${name} was aborted`);
      askForChange(connection, stream);
      if (shift) key(shiftKeysym, true);
      key(keysym, true);
      await wait(timings.holdMs);
      key(keysym, false);
      if (shift) key(shiftKeysym, false);
      await wait(timings.pauseMs);
      await within('typing', signal, (aborted) => awaitChange(connection, stream, timings.echoMs, aborted));
    }
    await within('taking in the keys', signal, (aborted) => awaitAnswer(connection, stream, aborted));
  };

  return {
    frame: (signal) => inTurn(() => look(signal)),
    press: (keys, signal) => inTurn(() => strike(strokesOfKeys(keys), signal)),
    type: async (text, signal) => {
      const strokes = strokesOfText(text);
      await inTurn(() => strike(strokes, signal));
    },
    close: () => {
      broken ??= new AthanorError('console-unreachable', `The session with the console of ${name} is closed`);
      connection.close();
    },
  };
}
