/** A serial console that a server holds open, as the same stream that a BMC gives without one. */
import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import {
  type ConsoleFrame,
  consoleDataFrames,
  consoleTypingWindow,
  createConsoleFrameReader,
  encodeConsoleFrame,
  longestConsolePayload,
} from '../api/index.ts';
import type { SerialConsole } from '../bmc/index.ts';
import { AthanorError } from '../errors/index.ts';
import { problemError } from './client.ts';

interface Typed {
  characters: Uint8Array;
  done: () => void;
}

interface Break {
  resolve: () => void;
  reject: (error: Error) => void;
}

/** The server waits for the BMC, which may be gone. */
const closingMs = 15_000;

/** @param connection speaks the console's protocol from now on; @param server is named in errors */
export function createRemoteConsole(connection: Socket, server: string): SerialConsole {
  const typed: (Typed | Break)[] = [];
  const breaks: Break[] = [];
  let untaken = 0;
  let finalDone: (() => void) | undefined;
  let endSent = false;
  /** The server ended it, and closes it at the BMC by itself. */
  let over = false;

  const send = (frame: ConsoleFrame): void => {
    if (connection.writable) connection.write(encodeConsoleFrame(frame));
  };

  const stream = new Duplex({
    decodeStrings: true,
    read: () => void connection.resume(),
    write(characters: Uint8Array, _encoding, done) {
      typed.push({ characters, done });
      pump();
    },
    final(done) {
      finalDone = done;
      pump();
    },
    destroy(error, done) {
      const why = error ?? new AthanorError('aborted', 'The serial console was closed.');
      for (const waiting of [...breaks.splice(0), ...typed.splice(0)]) if ('reject' in waiting) waiting.reject(why);
      hangUp().then(() => done(error), done);
    },
  });

  /** Sends what the window has room for, in the order in which it was typed. */
  function pump(): void {
    for (let first = typed[0]; first !== undefined; first = typed[0]) {
      if ('reject' in first) {
        typed.shift();
        breaks.push(first);
        send({ type: 'break' });
        continue;
      }
      const part = first.characters.subarray(0, Math.min(consoleTypingWindow - untaken, longestConsolePayload));
      if (part.length === 0 && first.characters.length > 0) return;
      untaken += part.length;
      for (const frame of consoleDataFrames(part)) if (connection.writable) connection.write(frame);
      first.characters = first.characters.subarray(part.length);
      if (first.characters.length > 0) continue;
      typed.shift();
      first.done();
    }
    if (finalDone === undefined || endSent) return;
    endSent = true;
    send({ type: 'end' });
  }

  function obey(frame: ConsoleFrame): void {
    switch (frame.type) {
      case 'data':
        if (!stream.push(frame.bytes)) connection.pause();
        return;
      case 'taken':
        untaken -= frame.count;
        if (untaken < 0) throw new Error('more was taken than was typed');
        pump();
        return;
      case 'break':
        breaks.shift()?.resolve();
        return;
      case 'notice':
        stream.emit('notice', frame.notice);
        return;
      case 'end':
        finalDone?.();
        finalDone = undefined;
        return;
      case 'error':
        over = true;
        stream.destroy(problemError(frame.problem.status, frame.problem));
        return;
      case 'close':
        connection.end();
    }
  }

  const read = createConsoleFrameReader();
  connection.on('data', (chunk: Buffer) => {
    try {
      for (const frame of read(chunk)) {
        if (!stream.destroyed || frame.type === 'close') obey(frame);
      }
    } catch (cause) {
      stream.destroy(
        new AthanorError('internal', 'The server answered something this command does not understand.', {
          remedy: 'Use the command line of the same version as the server.',
          cause,
        }),
      );
    }
  });
  const broke = (cause?: Error): void => {
    if (!stream.destroyed)
      stream.destroy(new AthanorError('unreachable', `The connection to ${server} broke.`, { cause }));
  };
  connection.on('error', broke);
  connection.once('end', () => broke());
  connection.once('close', () => broke());

  /** Asks for the end, and waits until the BMC has let the console go. */
  async function hangUp(): Promise<void> {
    if (over) connection.destroy();
    if (connection.destroyed) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    connection.once('close', resolve);
    const late = setTimeout(() => connection.destroy(), closingMs);
    send({ type: 'close' });
    connection.resume();
    await promise;
    clearTimeout(late);
  }

  return Object.assign(stream, {
    sendBreak: () =>
      new Promise<void>((resolve, reject) => {
        if (stream.destroyed) {
          reject(new AthanorError('aborted', 'The serial console is closed.'));
          return;
        }
        typed.push({ resolve, reject });
        pump();
      }),
  });
}
