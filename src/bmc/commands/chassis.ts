/** The chassis: what it reports and remembers, its identify lamp, what it does when mains come back. */
import { z } from 'zod';
import { AthanorError } from '../../errors/index.ts';
import type { BmcCommand } from './command.ts';
import { defineBmcCommand } from './command.ts';

const nothing = z.object({});
const policy = z.enum(['always-off', 'previous', 'always-on']);
const readPolicy = z.object({
  policy: z.enum(['always-off', 'previous', 'always-on', 'unknown']),
  supported: z.array(policy).describe('empty where the BMC does not say'),
});

export const chassisCommands: readonly BmcCommand[] = [
  defineBmcCommand({
    name: 'identify',
    summary: 'light the lamp by which a person finds the machine, or put it out',
    effect: 'change',
    parameters: z.object({
      state: z
        .enum(['on', 'off', 'blink'])
        .default('blink')
        .describe('on until told otherwise, off, or blinking for a while'),
      seconds: z
        .number()
        .int()
        .min(0)
        .max(255)
        .optional()
        .describe('how long it blinks; 0 puts it out; 15 if left out'),
    }),
    positional: ['state'],
    value: z.object({ state: z.enum(['off', 'on', 'blinking']) }),
    async run(bmc, { state, seconds }, options) {
      if (state !== 'blink' && seconds !== undefined) {
        throw new AthanorError('invalid-input', 'bmc identify: seconds go with blink alone', { field: 'seconds' });
      }
      const wanted = state === 'blink' ? (seconds === 0 ? 'off' : 'blinking') : state;
      const result = await bmc.identifyLed.set(wanted, wanted === 'blinking' ? seconds : undefined, options);
      return result.outcome === 'done' ? { ...result, value: { state: result.value } } : result;
    },
    present: ({ state }) => ({ line: `identify ${state}` }),
  }),
  defineBmcCommand({
    name: 'chassis status',
    summary: 'tell power, faults, locks and fittings of the chassis',
    effect: 'read',
    parameters: nothing,
    value: z.object({
      power: z.enum(['on', 'off']),
      powerOverload: z.boolean(),
      powerInterlock: z.boolean(),
      powerFault: z.boolean(),
      powerControlFault: z.boolean(),
      restorePolicy: z.enum(['always-off', 'previous', 'always-on', 'unknown']),
      lastPowerEvents: z.array(z.string()),
      intrusion: z.boolean(),
      frontPanelLockout: z.boolean(),
      driveFault: z.boolean(),
      coolingFault: z.boolean(),
      identify: z.enum(['off', 'temporary', 'indefinite']).optional(),
      fittings: z
        .object({
          intrusion: z.boolean(),
          frontPanelLockout: z.boolean(),
          diagnosticInterrupt: z.boolean(),
          powerInterlock: z.boolean(),
        })
        .optional()
        .describe('left out where the BMC does not say'),
    }),
    run: (bmc, _parameters, options) => bmc.chassis.status(options),
    present(status) {
      const { power, restorePolicy, lastPowerEvents, identify, fittings: _, ...flags } = status;
      const raised = Object.entries(flags).filter(([, flag]) => flag);
      const rows = [
        ['power', power],
        ['restorePolicy', restorePolicy],
        ['lastPowerEvents', lastPowerEvents.join(', ')],
        ['identify', identify],
        ...Object.entries(flags).map(([name, flag]) => [name, flag ? 'yes' : 'no']),
      ];
      return {
        line: [`power ${power}`, `restore policy ${restorePolicy}`, ...raised.map(([name]) => name)].join(', '),
        table: { columns: ['what', 'value'], rows },
      };
    },
  }),
  defineBmcCommand({
    name: 'chassis restart-cause',
    summary: 'tell what started the machine last',
    effect: 'read',
    parameters: nothing,
    value: z.object({ cause: z.string(), channel: z.number() }),
    run: (bmc, _parameters, options) => bmc.chassis.restartCause(options),
    present: ({ cause }) => ({ line: cause }),
  }),
  defineBmcCommand({
    name: 'chassis power-on-hours',
    summary: 'tell for how long the machine has been on in its life',
    effect: 'read',
    parameters: nothing,
    value: z.object({ hours: z.number(), count: z.number(), minutesPerCount: z.number() }),
    run: (bmc, _parameters, options) => bmc.chassis.powerOnTime(options),
    present: ({ hours }) => ({ line: `${hours} h (${Math.floor(hours / 24)} days)` }),
  }),
  defineBmcCommand({
    name: 'chassis policy get',
    summary: 'tell what the power does when mains come back, and what it could do',
    effect: 'read',
    parameters: nothing,
    value: readPolicy,
    run: (bmc, _parameters, options) => bmc.chassis.getRestorePolicy(options),
    present: ({ policy: now, supported }) => ({ line: `${now} (can be: ${supported.join(', ') || 'not told'})` }),
  }),
  defineBmcCommand({
    name: 'chassis policy set',
    summary: 'set what the power does when mains come back',
    effect: 'change',
    parameters: z.object({ policy: policy.describe('stay off, be as before, or switch on') }),
    positional: ['policy'],
    value: readPolicy,
    run: (bmc, { policy: wanted }, options) => bmc.chassis.setRestorePolicy(wanted, options),
    present: ({ policy: now }) => ({ line: now }),
  }),
  defineBmcCommand({
    name: 'chassis cycle-interval',
    summary: 'set how long the power stays off in a power cycle',
    effect: 'change',
    parameters: z.object({ seconds: z.number().int().min(0).max(255).describe('whole seconds') }),
    positional: ['seconds'],
    value: z.object({ seconds: z.number() }),
    run: (bmc, { seconds }, options) => bmc.chassis.setPowerCycleInterval(seconds, options),
    present: ({ seconds }) => ({ line: `${seconds} s` }),
  }),
  defineBmcCommand({
    name: 'chassis buttons',
    summary: 'disable the buttons of the front panel, and enable those not named',
    effect: 'change',
    parameters: z.object({
      power: z.boolean().default(false).describe('disable the power button'),
      reset: z.boolean().default(false).describe('disable the reset button'),
      diagnosticInterrupt: z.boolean().default(false).describe('disable the button of the diagnostic interrupt'),
      standby: z.boolean().default(false).describe('disable the sleep button'),
    }),
    value: z.object({
      standby: z.boolean(),
      diagnosticInterrupt: z.boolean(),
      reset: z.boolean(),
      power: z.boolean(),
    }),
    run: (bmc, buttons, options) => bmc.chassis.disableButtons(buttons, options),
    present(buttons) {
      const disabled = Object.entries(buttons).filter(([, off]) => off);
      return { line: `disabled: ${disabled.map(([name]) => name).join(', ') || 'none'}` };
    },
  }),
];
