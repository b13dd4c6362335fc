import { randomBytes } from 'node:crypto';
import type { BmcDependencies } from '../driver.ts';
import { rememberRefusedInMemory } from '../ports.ts';
import { createSystemClock, createUdpTransport } from '../system-ports.ts';

/** Real sockets, real clock, and a fresh memory of refused credentials. */
export function realDependencies(): BmcDependencies {
  return {
    udp: createUdpTransport(),
    clock: createSystemClock(),
    randomBytes: (length) => randomBytes(length),
    refusedCredentials: rememberRefusedInMemory(),
  };
}
