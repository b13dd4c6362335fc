/** Serial over LAN and serial settings. */
import { z } from 'zod';
import type { SerialOptions } from '../capabilities/serial-port.ts';
import { bitRateNames } from '../capabilities/serial-port.ts';
import { bmcRoles } from '../capabilities/users.ts';
import type { CallOptions } from '../result.ts';
import { channelNumber, withoutUndefined } from './channel.ts';
import type { BmcCommand, BmcPresentation } from './command.ts';
import { defineBmcCommand } from './command.ts';

const rate = z.enum(bitRateNames);
const role = z.enum(['user', 'operator', 'administrator', 'oem']);
const onOff = (what: string) => z.boolean().optional().describe(what);

/** `115200` is a number on a command line and in JSON alike. */
const rateGiven = z
  .union([rate, z.number()])
  .transform((given) => String(given))
  .pipe(rate);

const consoleSettings = z.object({
  channel: z.number(),
  setInProgress: z.string().optional(),
  enabled: z.boolean().optional(),
  forceEncryption: z.boolean().optional(),
  forceAuthentication: z.boolean().optional(),
  role: z
    .enum([...bmcRoles, 'reserved'])
    .optional()
    .describe('the least role that may open it'),
  accumulateIntervalMs: z.number().optional(),
  sendThreshold: z.number().optional().describe('characters'),
  retryCount: z.number().optional(),
  retryIntervalMs: z.number().optional(),
  storedBitRate: z.enum([...bitRateNames, 'reserved']).optional(),
  activeBitRate: z.enum([...bitRateNames, 'reserved']).optional(),
  payloadChannel: z.number().optional(),
  payloadPort: z.number().optional(),
});

const serialSettings = z.object({
  channel: z.number(),
  setInProgress: z.string().optional(),
  connection: z.enum(['modem', 'direct']).optional(),
  basicMode: z.boolean().optional(),
  pppMode: z.boolean().optional(),
  terminalMode: z.boolean().optional(),
  inactivityTimeoutSeconds: z.number().optional(),
  endOnInactivity: z.boolean().optional(),
  endOnCarrierLoss: z.boolean().optional(),
  flowControl: z.enum(['none', 'hardware', 'software', 'reserved']).optional(),
  hangUpByDtr: z.boolean().optional(),
  bitRate: z.enum([...bitRateNames, 'reserved']).optional(),
  lineEditing: z.boolean().optional(),
  deleteSends: z.enum(['delete', 'backspace-space-backspace', 'reserved']).optional(),
  echo: z.boolean().optional(),
  handshake: z.boolean().optional(),
  outputNewline: z.string().optional(),
  inputNewline: z.string().optional(),
});

const force = z.boolean().default(false).describe('even where another client seems to be in the midst of a change');
const lanChannel = channelNumber.optional().describe('the LAN channel; the one that is asked through when left out');
const serialChannel = channelNumber.optional().describe('the serial channel; the first one when left out');
const milliseconds = z.number().int().min(0);

export const serialCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'sol info',
    summary: 'show how the serial console is carried over the network',
    effect: 'read',
    parameters: z.object({ channel: lanChannel }),
    value: consoleSettings,
    run: (bmc, parameters, options) => bmc.serialPort.getConsole(optionsOf(parameters, options)),
    present: presentConsole,
  }),
  defineBmcCommand({
    name: 'sol set',
    summary: 'set how the serial console is carried over the network',
    effect: 'change',
    parameters: z.object({
      enabled: onOff('whether there is a serial console over the network'),
      forceEncryption: onOff('whether it must be encrypted'),
      forceAuthentication: onOff('whether its packets must be authenticated'),
      role: role.optional().describe('the least role that may open it'),
      accumulateIntervalMs: milliseconds
        .max(1275)
        .multipleOf(5)
        .optional()
        .describe('how long characters are gathered, steps of 5 ms'),
      sendThreshold: z.number().int().min(1).max(255).optional().describe('characters that are sent at once'),
      retryCount: z.number().int().min(0).max(7).optional().describe('how often a packet is sent again'),
      retryIntervalMs: milliseconds
        .max(2550)
        .multipleOf(10)
        .optional()
        .describe('the pause before that, in steps of 10 ms'),
      storedBitRate: rateGiven.optional().describe('bits per second after a restart; serial: as the port is set'),
      activeBitRate: rateGiven.optional().describe('bits per second now; serial: as the port is set'),
      payloadPort: z.number().int().min(1).max(65_535).optional().describe('the UDP port'),
      channel: lanChannel,
      force,
    }),
    value: consoleSettings,
    run: (bmc, { channel, force: forced, ...change }, options) =>
      bmc.serialPort.setConsole(withoutUndefined(change), optionsOf({ channel, force: forced }, options)),
    present: presentConsole,
  }),
  defineBmcCommand({
    name: 'serial get',
    summary: 'show how the BMC itself can be spoken to over a serial port',
    effect: 'read',
    parameters: z.object({ channel: serialChannel }),
    value: serialSettings,
    run: (bmc, parameters, options) => bmc.serialPort.getSerial(optionsOf(parameters, options)),
    present: presentSerial,
  }),
  defineBmcCommand({
    name: 'serial set',
    summary: 'set how the BMC itself can be spoken to over a serial port',
    effect: 'change',
    parameters: z.object({
      connection: z.enum(['modem', 'direct']).optional().describe('what the port leads to'),
      basicMode: onOff('whether basic mode can be used'),
      pppMode: onOff('whether PPP can be used'),
      terminalMode: onOff('whether terminal mode can be used'),
      inactivityTimeoutSeconds: z.number().int().min(0).max(450).optional().describe('in steps of 30 s; 0: never'),
      endOnInactivity: onOff('whether a silent session ends'),
      endOnCarrierLoss: onOff('whether a session ends with its carrier'),
      flowControl: z.enum(['none', 'hardware', 'software']).optional().describe('RTS/CTS, XON/XOFF or none'),
      hangUpByDtr: onOff('whether dropping DTR hangs up'),
      bitRate: rateGiven
        .pipe(rate.exclude(['serial']))
        .optional()
        .describe('bits per second'),
      lineEditing: onOff('terminal mode: whether lines can be edited'),
      deleteSends: z
        .enum(['delete', 'backspace-space-backspace'])
        .optional()
        .describe('terminal mode: what the BMC sends for a deleted character'),
      echo: onOff('terminal mode: whether the BMC echoes'),
      handshake: onOff('terminal mode: whether it says [SYS] when it is ready'),
      outputNewline: z.enum(['none', 'cr-lf', 'null', 'cr', 'lf-cr', 'lf']).optional().describe('terminal mode: sent'),
      inputNewline: z.enum(['cr', 'null']).optional().describe('terminal mode: received'),
      channel: serialChannel,
      force,
    }),
    value: serialSettings,
    run: (bmc, { channel, force: forced, ...change }, options) =>
      bmc.serialPort.setSerial(withoutUndefined(change), optionsOf({ channel, force: forced }, options)),
    present: presentSerial,
  }),
];

function presentConsole(value: z.output<typeof consoleSettings>): BmcPresentation {
  const { enabled, activeBitRate, channel } = value;
  const state = enabled === undefined ? 'not told' : enabled ? 'enabled' : 'disabled';
  return {
    line: `serial over LAN on channel ${channel}: ${state}, ${activeBitRate ?? '?'} bit/s`,
    table: tableOf(value),
  };
}

function presentSerial(value: z.output<typeof serialSettings>): BmcPresentation {
  const { connection, bitRate, channel } = value;
  return {
    line: `serial channel ${channel}: ${connection ?? 'not told'}, ${bitRate ?? '?'} bit/s`,
    table: tableOf(value),
  };
}

function tableOf(value: object) {
  return {
    columns: ['setting', 'value'],
    rows: Object.entries(withoutUndefined(value)).map(([name, shown]) => [name, String(shown)]),
  };
}

function optionsOf(asked: { channel?: number | undefined; force?: boolean }, options?: CallOptions): SerialOptions {
  const { channel, force: forced } = asked;
  return { ...options, ...(channel !== undefined && { channel }), ...(forced !== undefined && { force: forced }) };
}
