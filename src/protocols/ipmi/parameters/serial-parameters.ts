/** Serial/modem configuration parameters that serve a direct or terminal connection (IPMI v2.0 §25.2, table 25-4). */
import { bits, choice, flag, parameter } from './fields.ts';
import { authenticationTypeEnables, authenticationTypeSupport, bitRates, setInProgress } from './shared-parameters.ts';

const { serial: _overLanOnly, ...serialBitRates } = bitRates;

export const serialParameters = {
  setInProgress,
  authenticationTypeSupport,
  authenticationTypeEnables,
  connectionMode: parameter(3, 'Connection Mode', 'read-write', {
    connection: choice(0, 7, 1, { modem: 0, direct: 1 }),
    terminalMode: flag(0, 2),
    pppMode: flag(0, 1),
    basicMode: flag(0, 0),
  }),
  /** Steps of 30 s; 0: never. */
  inactivityTimeout: parameter(4, 'Session Inactivity Timeout', 'read-write', { timeoutSeconds: bits(0, 0, 4, 30) }),
  sessionTermination: parameter(6, 'Session Termination', 'read-write', {
    onInactivity: flag(0, 1),
    onCarrierLoss: flag(0, 0),
  }),
  messaging: parameter(7, 'IPMI Messaging Comm Settings', 'read-write', {
    flowControl: choice(0, 6, 2, { none: 0, hardware: 1, software: 2 }),
    hangUpByDtr: flag(0, 5),
    bitRate: choice(1, 0, 4, serialBitRates),
  }),
  terminalMode: parameter(29, 'Terminal Mode Configuration', 'read-write', {
    lineEditing: flag(0, 5),
    deleteSends: choice(0, 2, 2, { delete: 0, 'backspace-space-backspace': 1 }),
    echo: flag(0, 1),
    handshake: flag(0, 0),
    outputNewline: choice(1, 4, 4, { none: 0, 'cr-lf': 1, null: 2, cr: 3, 'lf-cr': 4, lf: 5 }),
    inputNewline: choice(1, 0, 4, { cr: 1, null: 2 }),
  }),
} as const;
