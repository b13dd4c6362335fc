/** The identify lamp over IPMI: Chassis Identify, and what Get Chassis Status says of it (IPMI v2.0 §28.5, §28.2). */
import { AthanorError } from '../../../errors/index.ts';
import { chassisIdentify, getChassisStatus, noData } from '../../../protocols/ipmi/index.ts';
import type { IdentifyLedCapability, IdentifyLedState } from '../../capabilities/identify-led.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';
import { readBack } from './send-change.ts';

const states = { off: 'off', temporary: 'blinking', indefinite: 'on' } as const;
/** What the specification has a BMC do that is not told for how long. */
const defaultSeconds = 15;
const longestSeconds = 255;

export function ipmiIdentifyLed(context: IpmiContext): IdentifyLedCapability {
  const about = { driver: 'ipmi', capability: 'identifyLed', clock: context.clock } as const;
  return {
    get: (options = {}) =>
      settle(about, async (note) => {
        const state = await read(context, note, options.signal);
        if (state !== undefined) return state;
        throw new AthanorError('unsupported', `BMC ${context.peer.name} does not tell the state of its identify lamp`);
      }),
    set: (state, seconds, options = {}) =>
      settle(about, (note) =>
        context.lane.change(() => change(context, state, seconds, note, options.signal), options.signal),
      ),
  };
}

async function read(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<IdentifyLedState | undefined> {
  const { identify } = await context.client.run(getChassisStatus, noData, signal);
  note(getChassisStatus.name, identify === undefined ? 'says nothing of the identify lamp' : `identify ${identify}`);
  return identify === undefined ? undefined : states[identify];
}

async function change(
  context: IpmiContext,
  state: IdentifyLedState,
  seconds: number | undefined,
  note: Note,
  signal?: AbortSignal,
): Promise<IdentifyLedState> {
  if (seconds !== undefined && (!Number.isInteger(seconds) || seconds < 1 || seconds > longestSeconds)) {
    throw new AthanorError('invalid-input', `The identify lamp blinks for 1 to ${longestSeconds} s`, {
      field: 'seconds',
    });
  }
  const request = {
    off: { seconds: 0, indefinitely: false },
    on: { seconds: undefined, indefinitely: true },
    blinking: { seconds: seconds ?? defaultSeconds, indefinitely: false },
  }[state];
  const what = `identify ${state}`;
  const answer = await readBack(context, what, () => context.client.ask(chassisIdentify, request, signal));
  if ('refused' in answer) {
    const lacksForce = state === 'on' && answer.refused.completionCode >= 0xc6 && answer.refused.completionCode <= 0xcc;
    if (!lacksForce) throw refusedError(context.peer, chassisIdentify.name, answer.refused);
    throw new AthanorError('unsupported', `BMC ${context.peer.name} cannot keep its lamp on; let it blink for a while`);
  }
  note(chassisIdentify.name, `${state}: confirmed by the BMC`);
  const seen = await readBack(context, what, () => read(context, note, signal));
  if (seen === undefined || seen === state) return state;
  throw new AthanorError(
    'deadline-exceeded',
    `BMC ${context.peer.name} confirmed identify ${state}, but ${seen} is read back`,
  );
}
