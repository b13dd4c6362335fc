/** Fans, where their vendor's way of running them is known. */
import { z } from 'zod';
import type { FanReading } from '../capabilities/fans.ts';
import type { BmcCommand, BmcPresentation } from './command.ts';
import { defineBmcCommand } from './command.ts';

const reading = z.object({
  mode: z.string().optional().describe('left out where it cannot be read'),
  duties: z.array(z.object({ zone: z.string(), percent: z.number() })),
  tachometers: z.array(
    z.object({
      name: z.string(),
      rpm: z.number(),
      beforeRpm: z.number().optional().describe('before the change'),
      follows: z.boolean().optional().describe('whether it moved as the change asks for'),
    }),
  ),
  modes: z.array(z.string()),
  control: z.string().describe('the way by which the fans of this BMC are run'),
});
const duty = {
  percent: z.number().int().min(0).max(100).describe('of full speed'),
  zone: z.string().optional().describe('all zones if left out'),
  force: z.boolean().default(false).describe('also less than 20 %'),
};

export const fanCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'fans get',
    summary: 'tell how the fans are run and how fast they turn',
    effect: 'read',
    parameters: z.object({}),
    value: reading,
    run: (bmc, _parameters, options) => bmc.fans.get(options),
    present,
  }),
  defineBmcCommand({
    name: 'fans set-mode',
    summary: 'have the BMC run the fans by one of its modes',
    effect: 'change',
    parameters: z.object({ mode: z.string().describe('automatic, or one of those that `fans get` lists') }),
    positional: ['mode'],
    value: reading,
    run: (bmc, { mode }, options) => bmc.fans.setMode(mode, options),
    present,
  }),
  defineBmcCommand({
    name: 'fans set-duty',
    summary: 'run the fans at a fixed speed until the mode is set again',
    effect: 'disruptive',
    parameters: z.object(duty),
    positional: ['percent'],
    value: reading,
    run: (bmc, parameters, options) => bmc.fans.setDuty(parameters, options),
    present,
  }),
  defineBmcCommand({
    name: 'fans hold',
    summary:
      'run the fans at a fixed speed until interrupted, then automatically again (not if this is killed: no BMC does it by itself)',
    effect: 'disruptive',
    parameters: z.object({
      ...duty,
      seconds: z.number().int().min(1).max(86_400).optional().describe('for so long; until interrupted if left out'),
    }),
    positional: ['percent'],
    untilInterrupted: true,
    value: reading,
    run: (bmc, { seconds, ...wanted }, options) =>
      bmc.fans.hold(wanted, seconds === undefined ? options : { ...options, deadlineMs: seconds * 1000 }),
    present,
  }),
];

function present({ mode, modes, duties, tachometers }: FanReading): BmcPresentation {
  const now = [mode, ...duties.map(({ zone, percent }) => `${zone} ${percent} %`)].filter(Boolean).join(', ') || 'set';
  return {
    line: modes.length === 0 ? now : `${now} (modes: ${modes.join(', ')})`,
    lineToo: true,
    table: {
      columns: ['fan', 'RPM', 'before', 'follows'],
      rows: tachometers.map(({ name, rpm, beforeRpm, follows }) => [
        name,
        rpm,
        beforeRpm,
        follows === undefined ? undefined : follows ? 'yes' : 'no',
      ]),
    },
  };
}
