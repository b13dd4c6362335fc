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

/** The machine's serial port through the BMC: bytes both ways, and a way to send a break. Destroying it ends it. */
export interface SerialConsole extends Duplex {
  sendBreak(): Promise<void>;
}

export interface ConsoleCapability {
  /** Only one can be open per BMC; `takeOver` ends another's session first. */
  openSerial(takeOver?: boolean, options?: CallOptions): Promise<BmcResult<SerialConsole>>;
  /** Ends whatever serial session the BMC holds, ours or a stale one. */
  closeSerial(options?: CallOptions): Promise<BmcResult<'closed'>>;
  /** Empty when the BMC has none. */
  graphicalEndpoints(options?: CallOptions): Promise<BmcResult<GraphicalConsoleEndpoint[]>>;
}

export const consoleMethods: Record<keyof ConsoleCapability, true> = {
  openSerial: true,
  closeSerial: true,
  graphicalEndpoints: true,
};
