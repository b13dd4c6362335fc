/** A machine's graphical console: look at it, and type with the look and the keys on one connection. */
import type { Frame } from '../frame.ts';
import type { Key } from './keys.ts';

/** Where a console is reached. `path` is a unix socket (QEMU). */
export type ConsoleAddress = { host: string; port: number } | { path: string };

export interface ConsoleSettings {
  /** The BMC (or host) it belongs to; for messages. */
  name: string;
  address: ConsoleAddress;
  /** For VNC authentication; never shown. */
  password?: string;
  /** Milliseconds; what is left out is `defaultTimings`. */
  timings?: Partial<ConsoleTimings>;
}

export interface ConsoleTimings {
  /** Until the stream is open. */
  connectMs: number;
  /** From the open stream to the end of the handshake. */
  handshakeMs: number;
  /** For one picture, and for the server to take in all keys. */
  frameMs: number;
  /** How long a key is held. */
  holdMs: number;
  /** From a key's release to the next one, at least. */
  pauseMs: number;
  /** How much longer the next key waits, at most, for the screen to show anything of the one before. */
  echoMs: number;
}

/**
 * One open connection. Every method rejects with an AthanorError (`console-unreachable`, `console-refused`,
 * `console-protocol`, `aborted`); after that the session is of no use any more and only rejects. Calls at the same time are
 * done one after another.
 */
export interface ConsoleSession {
  /** A whole picture as the console shows it now. */
  frame(signal?: AbortSignal): Promise<Frame>;
  /** Presses and releases each key in turn; resolves when the console has taken in all of them. */
  press(keys: readonly Key[], signal?: AbortSignal): Promise<void>;
  /** Types text as a US keyboard does. Rejects with `invalid-input` before the first key when a character has no key. */
  type(text: string, signal?: AbortSignal): Promise<void>;
  close(): void;
}

export interface GraphicalConsole {
  readonly name: string;
  /** Connects, takes one picture, and lets go. */
  frame(signal?: AbortSignal): Promise<Frame>;
  /** Runs `work` with one open connection, and closes it whatever happens. */
  withSession<T>(work: (session: ConsoleSession) => Promise<T>, signal?: AbortSignal): Promise<T>;
}
