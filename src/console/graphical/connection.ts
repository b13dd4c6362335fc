/** Runs RFB exchanges over a byte stream, each within a deadline, and says in the catalogue's words why one failed. */
import type { Duplex } from 'node:stream';
import { AthanorError } from '../../errors/index.ts';
import { type Exchange, RfbDecodeError, RfbRefusedError } from '../../protocols/rfb/index.ts';
import type { ConnectStream } from './connect-by-net.ts';
import type { ConsoleAddress } from './console.ts';

export interface Connection {
  /** Runs an exchange to its end. Rejects with the signal's reason when that aborts first. */
  run<Value>(exchange: Exchange<Value>, signal: AbortSignal): Promise<Value>;
  send(bytes: Uint8Array): void;
  /** True while bytes have come that nobody has read. */
  hasBytes(): boolean;
  /** Resolves when bytes have come, the stream has ended, or the time is over. Rejects when the signal aborts. */
  awaitBytes(ms: number, signal: AbortSignal): Promise<void>;
  /** Lets go at once, whatever has not come or gone out yet. */
  close(): void;
}

/** The stream ended or broke: how, in words. */
class StreamEnded extends Error {
  override readonly name = 'StreamEnded';
}

/** Takes over a stream that is open. */
export function createConnection(stream: Duplex): Connection {
  let ended: string | undefined;
  let wake = (): void => {};
  const end = (how: string): void => {
    ended ??= how;
    wake();
  };
  // One listener for good: a stream tells each new listener again of the bytes it already knows of, so that one who waits
  // for more than those would never let the event loop go.
  stream.on('readable', () => wake());
  stream.on('error', (error: Error) => end(`the connection broke: ${error.message}`));
  stream.on('end', () => end('it closed the connection'));
  stream.on('close', () => end('it closed the connection'));

  /** Resolves when more has come or nothing will any more; rejects when the signal aborts. */
  const awaitMore = (signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const settle = (outcome: () => void): void => {
        wake = () => {};
        signal.removeEventListener('abort', onAbort);
        outcome();
      };
      const onAbort = (): void => settle(() => reject(signal.reason));
      wake = () => settle(resolve);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  };

  /** Exactly `length` bytes. The stream itself keeps what has come and holds the server back when nobody reads. */
  const take = async (length: number, signal: AbortSignal): Promise<Uint8Array> => {
    for (;;) {
      signal.throwIfAborted();
      const bytes: unknown = stream.read(length);
      if (bytes instanceof Uint8Array && bytes.length === length) return bytes;
      // A stream that has ended hands out what is left, however little.
      if (bytes !== null || ended !== undefined) throw new StreamEnded(ended ?? 'it closed the connection');
      await awaitMore(signal);
    }
  };
  const send = (bytes: Uint8Array): void => {
    if (ended === undefined) stream.write(bytes);
  };
  return {
    run: async (exchange, signal) => {
      let step = exchange.next();
      while (!step.done) {
        if ('send' in step.value) {
          send(step.value.send);
          step = exchange.next(new Uint8Array());
        } else {
          step = exchange.next(await take(step.value.read, signal));
        }
      }
      return step.value;
    },
    send,
    hasBytes: () => stream.readableLength > 0,
    awaitBytes: async (ms, signal) => {
      if (stream.readableLength > 0 || ended !== undefined) return;
      const over = AbortSignal.timeout(ms);
      try {
        await awaitMore(AbortSignal.any([signal, over]));
      } catch (error) {
        if (signal.aborted || !over.aborted) throw error;
      }
    },
    close: () => {
      end('it was closed here');
      stream.destroy();
    },
  };
}

/** Connects within the deadline; a stream that comes too late is closed at once. */
export async function openConnection(
  connect: ConnectStream,
  address: ConsoleAddress,
  signal: AbortSignal,
): Promise<Connection> {
  signal.throwIfAborted();
  const opening = connect(address, signal);
  return await new Promise((resolve, reject) => {
    const onAbort = (): void => {
      reject(signal.reason);
      opening.then((stream) => createConnection(stream).close(), ignored);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    opening
      .then((stream) => {
        if (!signal.aborted) resolve(createConnection(stream));
      }, reject)
      .finally(() => signal.removeEventListener('abort', onAbort));
  });
}

function ignored(): void {
  // The caller was told of the deadline already.
}

export interface Attempt {
  /** The console, for messages. */
  name: string;
  /** What was being done, e.g. `the handshake`. */
  doing: string;
  deadlineMs: number;
  signal?: AbortSignal;
}

/** Runs `task` with a signal that aborts at the deadline or with the caller's; every failure becomes an AthanorError. */
export async function attempt<Value>(what: Attempt, task: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
  const deadline = AbortSignal.timeout(what.deadlineMs);
  try {
    return await task(what.signal === undefined ? deadline : AbortSignal.any([deadline, what.signal]));
  } catch (error) {
    throw explain(what, error, deadline);
  }
}

function explain({ name, doing, deadlineMs, signal }: Attempt, error: unknown, deadline: AbortSignal): AthanorError {
  if (error instanceof AthanorError) return error;
  if (signal?.aborted)
    return new AthanorError('aborted', `${doing} at the console of ${name} was aborted`, { cause: error });
  if (deadline.aborted) {
    return new AthanorError(
      'console-unreachable',
      `The console of ${name}: ${doing} took longer than ${deadlineMs} ms`,
    );
  }
  if (error instanceof RfbRefusedError) {
    return new AthanorError('console-refused', `The console of ${name}: ${error.message}`);
  }
  const problem = error instanceof Error ? error.message : String(error);
  if (error instanceof RfbDecodeError) {
    return new AthanorError('console-protocol', `The console of ${name} sent what is not valid: ${problem}`);
  }
  return new AthanorError('console-unreachable', `The console of ${name}: ${doing} failed: ${problem}`, {
    cause: error,
  });
}
