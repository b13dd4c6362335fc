import type { BmcResult, CallOptions } from '../result.ts';
import type { BmcRole } from './users.ts';

/** `serial`: as the serial port itself is set. */
export type BitRate = 'serial' | '9600' | '19200' | '38400' | '57600' | '115200';

export const bitRateNames: readonly BitRate[] = ['serial', '9600', '19200', '38400', '57600', '115200'];

/** How the serial console is carried over the network; what the BMC does not tell is undefined. */
export interface ConsoleSettings {
  channel: number;
  setInProgress: string | undefined;
  enabled: boolean | undefined;
  forceEncryption: boolean | undefined;
  forceAuthentication: boolean | undefined;
  /** The least role that may open it. */
  role: BmcRole | 'reserved' | undefined;
  accumulateIntervalMs: number | undefined;
  sendThreshold: number | undefined;
  retryCount: number | undefined;
  retryIntervalMs: number | undefined;
  /** What a restart brings back, and what is in force. */
  storedBitRate: BitRate | 'reserved' | undefined;
  activeBitRate: BitRate | 'reserved' | undefined;
  payloadChannel: number | undefined;
  payloadPort: number | undefined;
}

export interface ConsoleChange {
  enabled?: boolean;
  forceEncryption?: boolean;
  forceAuthentication?: boolean;
  role?: Exclude<BmcRole, 'none' | 'callback'>;
  accumulateIntervalMs?: number;
  sendThreshold?: number;
  retryCount?: number;
  retryIntervalMs?: number;
  storedBitRate?: BitRate;
  activeBitRate?: BitRate;
  payloadPort?: number;
}

/** A serial port on which the BMC itself can be spoken to; what it does not tell is undefined. */
export interface SerialSettings {
  channel: number;
  setInProgress: string | undefined;
  connection: 'modem' | 'direct' | undefined;
  basicMode: boolean | undefined;
  pppMode: boolean | undefined;
  terminalMode: boolean | undefined;
  inactivityTimeoutSeconds: number | undefined;
  endOnInactivity: boolean | undefined;
  endOnCarrierLoss: boolean | undefined;
  flowControl: 'none' | 'hardware' | 'software' | 'reserved' | undefined;
  hangUpByDtr: boolean | undefined;
  bitRate: BitRate | 'reserved' | undefined;
  lineEditing: boolean | undefined;
  deleteSends: 'delete' | 'backspace-space-backspace' | 'reserved' | undefined;
  echo: boolean | undefined;
  handshake: boolean | undefined;
  outputNewline: string | undefined;
  inputNewline: string | undefined;
}

export interface SerialChange {
  connection?: 'modem' | 'direct';
  basicMode?: boolean;
  pppMode?: boolean;
  terminalMode?: boolean;
  inactivityTimeoutSeconds?: number;
  endOnInactivity?: boolean;
  endOnCarrierLoss?: boolean;
  flowControl?: 'none' | 'hardware' | 'software';
  hangUpByDtr?: boolean;
  bitRate?: Exclude<BitRate, 'serial'>;
  lineEditing?: boolean;
  deleteSends?: 'delete' | 'backspace-space-backspace';
  echo?: boolean;
  handshake?: boolean;
  outputNewline?: 'none' | 'cr-lf' | 'null' | 'cr' | 'lf-cr' | 'lf';
  inputNewline?: 'cr' | 'null';
}

export interface SerialOptions extends CallOptions {
  /** For the console the channel that is asked through, for serial settings the first serial channel, when left out. */
  channel?: number;
  /** Also when another client seems to be in the midst of a change. */
  force?: boolean;
}

export interface SerialPortCapability {
  getConsole(options?: SerialOptions): Promise<BmcResult<ConsoleSettings>>;
  setConsole(change: ConsoleChange, options?: SerialOptions): Promise<BmcResult<ConsoleSettings>>;
  getSerial(options?: SerialOptions): Promise<BmcResult<SerialSettings>>;
  setSerial(change: SerialChange, options?: SerialOptions): Promise<BmcResult<SerialSettings>>;
}
