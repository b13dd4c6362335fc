/** The machine's power. */
import { z } from 'zod';
import type { PowerStatus, PowerVerb } from '../capabilities/power.ts';
import type { BmcCommand, BmcCommandEffect, BmcPresentation } from './command.ts';
import { defineBmcCommand } from './command.ts';

const nothing = z.object({});

const powerStatus = z.object({
  state: z.enum(['on', 'off']),
  faults: z.array(z.string()).describe('faults that the chassis reports, in words'),
});

const waiting = z.object({
  deadlineSeconds: z
    .number()
    .int()
    .min(1)
    .max(3600)
    .optional()
    .describe('how long the effect is waited for; left out: 30 s, for a soft shutdown 60 s'),
});

const verbs: readonly { verb: PowerVerb; summary: string; effect: BmcCommandEffect }[] = [
  { verb: 'on', summary: 'switch the machine on', effect: 'change' },
  { verb: 'off', summary: 'cut the power at once, without asking the operating system', effect: 'disruptive' },
  { verb: 'cycle', summary: 'switch the power off and, after a pause, on again', effect: 'disruptive' },
  { verb: 'reset', summary: 'reset the machine hard without cutting the power', effect: 'disruptive' },
  { verb: 'soft', summary: 'ask the operating system to shut down', effect: 'disruptive' },
  { verb: 'nmi', summary: 'send a diagnostic interrupt, for a crash dump', effect: 'disruptive' },
];

export const powerCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'power status',
    summary: 'tell whether the machine is on',
    effect: 'read',
    parameters: nothing,
    value: powerStatus,
    run: (bmc, _parameters, options) => bmc.power.get(options),
    present,
  }),
  ...verbs.map(({ verb, summary, effect }) =>
    defineBmcCommand({
      name: `power ${verb}`,
      summary,
      effect,
      parameters: waiting,
      value: powerStatus,
      run: (bmc, { deadlineSeconds }, options) =>
        bmc.power.set(
          verb,
          deadlineSeconds === undefined ? options : { ...options, deadlineMs: deadlineSeconds * 1000 },
        ),
      present,
    }),
  ),
];

function present({ state, faults }: PowerStatus): BmcPresentation {
  return { line: [state, ...faults].join(', ') };
}
