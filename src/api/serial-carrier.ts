/** Carries a serial console over a connection, in the frames of console-frames.ts, until one of the two ends. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { closeSerialConsole, type SerialConsole, type SerialNotice } from '../bmc/index.ts';
import { AthanorError } from '../errors/index.ts';
import {
  type ConsoleFrame,
  ConsoleProtocolError,
  consoleDataFrames,
  consoleTypingWindow,
  createConsoleFrameReader,
  encodeConsoleFrame,
} from './console-frames.ts';
import type { Problem } from './schemas.ts';

export interface CarriedConsole {
  connection: Socket;
  console: SerialConsole;
  /** The server stops; its reason is what the client is told. */
  stopping: AbortSignal;
  problemOf(error: unknown): Problem;
}

type Ending = { how: 'let go' } | { how: 'gone' } | { how: 'failed'; error: unknown };

/** What one may ask for that was not done yet. */
const maximumBreaks = 16;
/** What may wait for a client that does not read, beside characters: of those there is a window. */
const longestUnread = 1024 * 1024;
/** How long the last words may take to reach the client. */
const lastWordsMs = 5_000;

/** Resolves when the console is closed, and the connection ended or given up. */
export async function carryConsole(parts: CarriedConsole): Promise<void> {
  const { connection, console, stopping, problemOf } = parts;
  const { promise: ending, resolve: end } = Promise.withResolvers<Ending>();
  const fail = (error: unknown): void => end({ how: 'failed', error });
  const gone = (): void => end({ how: 'gone' });
  const stop = (): void => fail(stopping.reason);

  const send = (frame: Buffer): boolean => {
    if (!connection.writable) return true;
    const more = connection.write(frame);
    if (connection.writableLength > longestUnread) gone();
    return more;
  };
  const obey = createObedience(console, (frame) => void send(encodeConsoleFrame(frame)), end);
  const read = createConsoleFrameReader();
  const onTyped = (chunk: Buffer): void => {
    try {
      for (const frame of read(chunk)) obey(frame);
    } catch (error) {
      fail(error instanceof ConsoleProtocolError ? new AthanorError('invalid-input', error.message) : error);
    }
  };
  const resume = (): void => void console.resume();
  const onPrinted = (characters: Buffer): void => {
    const more = consoleDataFrames(characters).map(send);
    if (!more.includes(false)) return;
    // A slow client slows the machine down, not our memory up.
    console.pause();
    connection.once('drain', resume);
  };
  const onNotice = (notice: SerialNotice): void => void send(encodeConsoleFrame({ type: 'notice', notice }));
  const onClosed = (): void =>
    fail(new AthanorError('aborted', 'The serial console was closed.', { remedy: 'Open it again.' }));

  console.on('data', onPrinted).on('notice', onNotice).once('error', fail).once('close', onClosed);
  connection.on('data', onTyped).once('end', gone).once('close', gone);
  stopping.addEventListener('abort', stop, { once: true });
  if (stopping.aborted) stop();
  if (console.destroyed) fail(console.errored ?? new AthanorError('aborted', 'The serial console was closed.'));
  if (connection.destroyed) gone();

  const ended = await ending;
  stopping.removeEventListener('abort', stop);
  connection.off('data', onTyped).off('drain', resume).resume();
  console.off('data', onPrinted).off('notice', onNotice);
  if (ended.how === 'failed') send(encodeConsoleFrame({ type: 'error', problem: problemOf(ended.error) }));
  await closeSerialConsole(console);
  if (ended.how === 'let go') send(encodeConsoleFrame({ type: 'close' }));
  await hungUp(connection, ended.how === 'gone');
}

/** What the client's frames make the console do. Throws ConsoleProtocolError where they break the protocol. */
function createObedience(
  console: SerialConsole,
  send: (frame: ConsoleFrame) => void,
  end: (ending: Ending) => void,
): (frame: ConsoleFrame) => void {
  let untaken = 0;
  let breaks = 0;
  let finished = false;
  return (frame) => {
    switch (frame.type) {
      case 'data': {
        const count = frame.bytes.length;
        untaken += count;
        if (finished) throw new ConsoleProtocolError('After the end no more can be typed.');
        if (untaken > consoleTypingWindow) {
          throw new ConsoleProtocolError(`More than ${consoleTypingWindow} characters wait to be taken.`);
        }
        console.write(frame.bytes, (error) => {
          if (error) return;
          untaken -= count;
          send({ type: 'taken', count });
        });
        return;
      }
      case 'break':
        breaks += 1;
        if (breaks > maximumBreaks)
          throw new ConsoleProtocolError(`More than ${maximumBreaks} breaks wait to be sent.`);
        // It is refused only when the console ends, of which the client hears.
        console.sendBreak().then(
          () => {
            breaks -= 1;
            send({ type: 'break' });
          },
          () => undefined,
        );
        return;
      case 'end':
        if (finished) throw new ConsoleProtocolError('The end can come once.');
        finished = true;
        console.end(() => send({ type: 'end' }));
        return;
      case 'close':
        end({ how: 'let go' });
        return;
      default:
        throw new ConsoleProtocolError(`A client sends no ${frame.type}.`);
    }
  };
}

async function hungUp(connection: Socket, atOnce: boolean): Promise<void> {
  if (connection.destroyed || atOnce) {
    connection.destroy();
    return;
  }
  connection.end();
  await once(connection, 'close', { signal: AbortSignal.timeout(lastWordsMs) }).catch(() => connection.destroy());
}
