import type { Duplex } from 'node:stream';
import type { BmcResult, CallOptions } from '../result.ts';

/** Where the picture of the machine can be had; the console room speaks the protocol. */
export interface GraphicalConsoleEndpoint {
  protocol: 'rfb' | 'html5' | 'vendor';
  /** `host:port` for rfb, a URL otherwise. Never holds a secret. */
  location: string;
  /** How many may watch at once; undefined when the BMC does not say. */
  maximumSessions: number | undefined;
}

/**
 * Something beside the characters: some were lost on the way from the machine, the machine sent a break, it cannot take
 * or send characters (powered off, in reset), or it can again.
 */
export type SerialNotice = 'overrun' | 'break' | 'unavailable' | 'available';

/**
 * The machine's serial port through the BMC: bytes both ways, with backpressure both ways. Ending it waits until
 * everything written has arrived; destroying it ends it at once; `close` comes when the BMC has let it go. Emits
 * `notice` with a SerialNotice.
 */
export interface SerialConsole extends Duplex {
  /** A break after everything written so far; resolves when the BMC has taken it. */
  sendBreak(): Promise<void>;
}

export interface SerialSessionStatus {
  active: boolean;
  activeSessions: number;
  maximumSessions: number;
}

export interface ConsoleCapability {
  /** Only one can be open per BMC; `takeOver` ends another's session first. */
  openSerial(takeOver?: boolean, options?: CallOptions): Promise<BmcResult<SerialConsole>>;
  /** Whether anybody has the serial console open now. */
  serialStatus(options?: CallOptions): Promise<BmcResult<SerialSessionStatus>>;
  /** Ends whatever serial session the BMC holds, ours or a stale one. */
  closeSerial(options?: CallOptions): Promise<BmcResult<'closed'>>;
  /** Empty when the BMC has none. */
  graphicalEndpoints(options?: CallOptions): Promise<BmcResult<GraphicalConsoleEndpoint[]>>;
}

/** Ends it, and resolves when the BMC has let it go. Whoever wants to know why it failed listens for `error`. */
export async function closeSerialConsole(console: SerialConsole): Promise<void> {
  if (console.closed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  console.once('close', resolve);
  console.on('error', () => undefined);
  console.destroy();
  await promise;
}
