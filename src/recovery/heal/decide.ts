/** The last look before an action: what the screen shows now decides, not what it showed when the rule matched. */
import { AthanorError } from '../../errors/index.ts';
import type { StepContext } from '../../operation/index.ts';
import type { FrameSource } from '../observations/observer.ts';
import type { Look, Observation } from '../observations/observation.ts';
import { screenFits } from '../rules/pattern.ts';
import type { ScreenCondition } from '../rules/rule.ts';
import type { HealAction } from './actions.ts';
import { type HealEnvironment, keyOf } from './environment.ts';
import type { HealMachineInput } from './heal-input.ts';
import { takeLeave } from './leave.ts';
import { screenInWords } from './screen-words.ts';

export interface Undecided {
  step: string;
  action: HealAction;
  /** What the screen must show; `anything` only for switching on what this operation switched off. */
  expected: ScreenCondition | 'anything' | undefined;
  /** Where the picture comes from, when a session is open already. */
  frame?: FrameSource | undefined;
}

export type Decision =
  /** Act now: it is written down. */
  | { kind: 'act'; observation: Observation; look: Look }
  | { kind: 'back' }
  /** The look found the power as it should become. */
  | { kind: 'so already'; observation: Observation };

/** A store that is too slow for a fresh look this often is not going to be faster. */
const MOST_LOOKS = 3;

/** @throws AthanorError `screen-changed` when the screen does not fit; nothing was done then */
export async function decide(
  environment: HealEnvironment,
  context: StepContext<HealMachineInput>,
  { step, action, expected, frame }: Undecided,
): Promise<Decision> {
  const { observer } = environment;
  const { machineId, incidentId } = keyOf(context);
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const look = await observer.look(machineId, context.signal, frame);
    const observation = await observer.keep(machineId, incidentId, look);
    if (action === `power ${look.power}`) return { kind: 'so already', observation };
    if (expected !== 'anything') refuseUnlessFitting(action, expected, look);
    const leave = await takeLeave(environment, context, {
      step,
      action,
      observation: observation.id,
      lookedAt: look.time,
    });
    if (leave === 'back') return { kind: 'back' };
    if (leave === 'granted') return { kind: 'act', observation, look };
  }
  throw new AthanorError('deadline-exceeded', `no look at the screen was fresh enough to decide on; nothing was done`, {
    field: step,
    remedy: 'The database or the console is too slow: look at the load of this host.',
  });
}

function refuseUnlessFitting(action: HealAction, expected: ScreenCondition | undefined, look: Look): void {
  if (expected === undefined)
    throw changed(action, 'nothing says what the screen must show', 'The power changed since it was last known.');
  if (look.reading === undefined)
    throw changed(action, 'the screen cannot be read', look.problem ?? 'There is no picture.');
  if (action === 'keys' && look.power === 'off') throw changed(action, 'the power is off', 'Nothing is typed then.');
  if (!screenFits(expected, look.reading.lines))
    throw changed(action, 'the screen does not show what was expected', screenInWords(look.reading.lines));
}

function changed(action: HealAction, why: string, shown: string): AthanorError {
  return new AthanorError('screen-changed', `before ${action}: ${why}; nothing was done. ${shown}`, {
    field: 'screen',
  });
}
