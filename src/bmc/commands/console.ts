/** Who has the serial console; the console itself is for a person or a program, and no command of the table. */
import { z } from 'zod';
import type { BmcCommand } from './command.ts';
import { defineBmcCommand } from './command.ts';

export const consoleCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'console status',
    summary: 'tell whether anybody has the serial console open',
    effect: 'read',
    parameters: z.object({}),
    value: z.object({
      active: z.boolean(),
      activeSessions: z.number().describe('serial consoles open now'),
      maximumSessions: z.number().describe('as many can be open at once'),
    }),
    run: (bmc, _parameters, options) => bmc.console.serialStatus(options),
    present: ({ active, activeSessions, maximumSessions }) => ({
      line: active ? `in use (${activeSessions} of ${maximumSessions})` : 'free',
    }),
  }),
  defineBmcCommand({
    name: 'console deactivate',
    summary: 'end whatever serial console session the BMC holds',
    effect: 'disruptive',
    parameters: z.object({}),
    value: z.literal('closed'),
    run: (bmc, _parameters, options) => bmc.console.closeSerial(options),
    present: () => ({ line: 'closed: nobody has the serial console open' }),
  }),
];
