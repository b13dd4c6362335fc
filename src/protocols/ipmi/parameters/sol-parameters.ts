/** Serial over LAN configuration parameters (IPMI v2.0 §26.3, table 26-5). */
import { bits, byteAt, choice, flag, parameter, wordAt } from './fields.ts';
import { bitRates, privilegeNames, setInProgress } from './shared-parameters.ts';

export const solParameters = {
  setInProgress,
  enable: parameter(1, 'SOL Enable', 'read-write', { enabled: flag(0, 0) }),
  authentication: parameter(2, 'SOL Authentication', 'read-write', {
    forceEncryption: flag(0, 7),
    forceAuthentication: flag(0, 6),
    privilege: choice(0, 0, 4, privilegeNames),
  }),
  /** Both count from one: an interval in steps of 5 ms, a number of characters. */
  accumulate: parameter(3, 'Character Accumulate Interval & Character Send Threshold', 'read-write', {
    intervalMs: byteAt(0, 5),
    sendThreshold: byteAt(1),
  }),
  retry: parameter(4, 'SOL Retry', 'read-write', { count: bits(0, 0, 3), intervalMs: byteAt(1, 10) }),
  nonVolatileBitRate: parameter(5, 'SOL non-volatile bit rate', 'read-write', { rate: choice(0, 0, 4, bitRates) }),
  volatileBitRate: parameter(6, 'SOL volatile bit rate', 'read-write', { rate: choice(0, 0, 4, bitRates) }),
  payloadChannel: parameter(7, 'SOL Payload Channel', 'read-only', { channel: bits(0, 0, 4) }),
  payloadPort: parameter(8, 'SOL Payload Port Number', 'read-write', { port: wordAt(0) }),
} as const;
