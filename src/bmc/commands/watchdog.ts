/** The watchdog timer. */
import { z } from 'zod';
import type { WatchdogReading } from '../capabilities/watchdog.ts';
import type { BmcCommand, BmcPresentation } from './command.ts';
import { defineBmcCommand } from './command.ts';

const nothing = z.object({});
const reading = z.object({
  running: z.boolean(),
  purpose: z.string(),
  action: z.string(),
  warning: z.string(),
  timeoutSeconds: z.number(),
  warningSeconds: z.number(),
  remainingSeconds: z.number(),
  log: z.boolean(),
  expired: z.array(z.string()).describe('the purposes for which it has run out'),
});

export const watchdogCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'watchdog get',
    summary: 'tell how the watchdog is set and whether it runs',
    effect: 'read',
    parameters: nothing,
    value: reading,
    run: (bmc, _parameters, options) => bmc.watchdog.get(options),
    present,
  }),
  defineBmcCommand({
    name: 'watchdog set',
    summary: 'set the watchdog without starting it; a running one is stopped',
    effect: 'change',
    parameters: z
      .object({
        timeoutSeconds: z.number().min(0).max(6553.5).describe('the countdown, in tenths of a second'),
        action: z
          .enum(['none', 'hard-reset', 'power-down', 'power-cycle'])
          .default('hard-reset')
          .describe('what is done when the time runs out'),
        purpose: z
          .enum(['bios-frb2', 'bios-post', 'os-load', 'sms-os', 'oem'])
          .default('sms-os')
          .describe('who is meant to feed it'),
        warning: z.enum(['none', 'smi', 'nmi', 'messaging']).default('none').describe('what warns the machine before'),
        warningSeconds: z.number().int().min(0).max(255).default(0).describe('how long before'),
        log: z.boolean().default(true).describe('write it to the event log when it runs out'),
      })
      .refine((set) => set.warning === 'none' || set.warningSeconds < set.timeoutSeconds, {
        path: ['warningSeconds'],
        error: 'the warning must come before the time is up',
      }),
    positional: ['timeoutSeconds'],
    value: reading,
    run: (bmc, settings, options) => bmc.watchdog.set(settings, options),
    present,
  }),
  defineBmcCommand({
    name: 'watchdog start',
    summary: 'start the countdown, or start it anew',
    effect: 'disruptive',
    parameters: nothing,
    value: reading,
    run: (bmc, _parameters, options) => bmc.watchdog.start(options),
    present,
  }),
  defineBmcCommand({
    name: 'watchdog stop',
    summary: 'stop the countdown',
    effect: 'change',
    parameters: nothing,
    value: reading,
    run: (bmc, _parameters, options) => bmc.watchdog.stop(options),
    present,
  }),
];

function present({ running, purpose, action, timeoutSeconds, remainingSeconds }: WatchdogReading): BmcPresentation {
  const left = running ? `, ${remainingSeconds} s left` : '';
  return { line: `${running ? 'running' : 'stopped'}, ${purpose}, ${action} after ${timeoutSeconds} s${left}` };
}
