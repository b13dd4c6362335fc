import type { Socket } from 'node:dgram';

/** Where the boot services log. A pino logger fits. */
export interface BootLogger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Time for the boot services: a test may give one it turns by hand. */
export interface BootClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once after `milliseconds`; the function returned calls it off. */
  after(milliseconds: number, callback: () => void): () => void;
}

/** The clock of the operating system. */
export const systemBootClock: BootClock = {
  now: () => Date.now(),
  after: (milliseconds, callback) => {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
};

/**
 * Opens a bound IPv4 datagram socket. With `interface` it hears and answers on that interface alone
 * (SO_BINDTODEVICE); port 0 is any free port.
 */
export type OpenDatagramSocket = (where: { address: string; port: number; interface?: string }) => Promise<Socket>;
