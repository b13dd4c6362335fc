/** Power over IPMI: Get Chassis Status and Chassis Control (IPMI v2.0 §28.2, §28.3). */
import { AthanorError, asAthanorError, isUnreachableBmc } from '../../../errors/index.ts';
import type { ChassisControl, ChassisStatus } from '../../../protocols/ipmi/index.ts';
import { chassisControl, completionCode, getChassisStatus, noData } from '../../../protocols/ipmi/session/index.ts';
import type { PowerCapability, PowerState, PowerStatus, PowerVerb } from '../../capabilities/power.ts';
import { sleep } from '../../ports.ts';
import type { CallOptions } from '../../result.ts';
import type { Note } from '../../settle.ts';
import { outcomeUnknown, settle } from '../../settle.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';

/** What is to be read back after each verb, and how long that is waited for at most. */
const effects: Record<PowerVerb, { state: PowerState; deadlineMs: number; provedByState: boolean }> = {
  on: { state: 'on', deadlineMs: 30_000, provedByState: true },
  off: { state: 'off', deadlineMs: 30_000, provedByState: true },
  soft: { state: 'off', deadlineMs: 60_000, provedByState: true },
  cycle: { state: 'on', deadlineMs: 30_000, provedByState: false },
  reset: { state: 'on', deadlineMs: 30_000, provedByState: false },
  nmi: { state: 'on', deadlineMs: 5_000, provedByState: false },
};

const controls: Record<PowerVerb, ChassisControl> = {
  on: 'on',
  off: 'off',
  soft: 'soft',
  cycle: 'cycle',
  reset: 'reset',
  nmi: 'diagnostic-interrupt',
};

const firstPollMs = 200;
const longestPollMs = 2_000;

export function ipmiPower(context: IpmiContext): PowerCapability {
  const about = { driver: 'ipmi', capability: 'power', clock: context.clock } as const;
  return {
    get: (options = {}) => settle(about, (note) => readPower(context, note, options.signal)),
    set: (verb, options = {}) =>
      settle(about, (note) => {
        const change = () => changePower(context, verb, note, options);
        // Whoever cuts the power cannot wait for others: a system that does not shut down, a BMC that restarts.
        return verb === 'off' ? change() : context.lane.change(change, options.signal);
      }),
  };
}

async function readPower(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<PowerStatus> {
  const status = await context.client.run(getChassisStatus, noData, signal);
  const power = { state: status.powerOn ? 'on' : 'off', faults: faultsOf(status) } as const;
  note(getChassisStatus.name, `power ${power.state}${power.faults.map((fault) => `, ${fault}`).join('')}`);
  return power;
}

async function changePower(
  context: IpmiContext,
  verb: PowerVerb,
  note: Note,
  options: CallOptions,
): Promise<PowerStatus> {
  const effect = effects[verb];
  // Also makes sure of a living session, so that the one try below does not die of a session the BMC forgot.
  await readPower(context, note, options.signal);
  const unanswered = await act(context, verb, note, options.signal);
  const seen = await waitFor(context, effect.state, options.deadlineMs ?? effect.deadlineMs, note, options.signal);

  if (unanswered !== undefined && !effect.provedByState) {
    throw outcomeUnknown(`No answer came to ${verb}, and nothing that can be read tells whether it ran`, unanswered);
  }
  if (seen.reached !== undefined) {
    if (verb === 'nmi')
      note(getChassisStatus.name, 'what the operating system made of the interrupt cannot be read back');
    else if (!effect.provedByState)
      note(getChassisStatus.name, 'that the power was off in between cannot be read back');
    return seen.reached;
  }
  const brokenOff = options.signal?.aborted ?? false;
  if (unanswered !== undefined || seen.last === undefined || verb === 'soft' || brokenOff) {
    const state = seen.last === undefined ? 'the power could not be read' : `the power still reads ${seen.last.state}`;
    throw outcomeUnknown(`After power ${verb} ${state}`, unanswered ?? seen.error);
  }
  throw new AthanorError(
    'deadline-exceeded',
    `BMC ${context.peer.name} accepted power ${verb}, but the power still reads ${seen.last.state}`,
    { remedy: 'Look at the machine and its power supplies; this BMC may need a quirk.' },
  );
}

/** Sends the verb exactly once. Returns why nobody knows whether it ran, or undefined when the BMC confirmed it. */
async function act(
  context: IpmiContext,
  verb: PowerVerb,
  note: Note,
  signal?: AbortSignal,
): Promise<AthanorError | undefined> {
  const answer = await context.client
    .ask(chassisControl, { control: controls[verb] }, signal)
    .catch((thrown: unknown) => {
      const error = asAthanorError(thrown);
      if (error.code !== 'outcome-unknown') throw error;
      return { unknown: error };
    });
  if ('unknown' in answer) {
    note(chassisControl.name, `${verb}: ${answer.unknown.message}`);
    return answer.unknown;
  }
  if ('value' in answer) {
    note(chassisControl.name, `${verb}: confirmed by the BMC`);
    return undefined;
  }
  note(chassisControl.name, `${verb}: ${answer.refused.text}`);
  // "Already so" comes as this code from many BMCs: the read-back decides.
  const mayBeSo =
    effects[verb].provedByState && answer.refused.completionCode === completionCode.notSupportedInPresentState;
  if (mayBeSo && (await readPower(context, note, signal)).state === effects[verb].state) return undefined;
  throw refusedError(context.peer, `${chassisControl.name} (${verb})`, answer.refused);
}

interface Seen {
  reached: PowerStatus | undefined;
  last: PowerStatus | undefined;
  error: AthanorError | undefined;
}

async function waitFor(
  context: IpmiContext,
  state: PowerState,
  deadlineMs: number,
  note: Note,
  signal?: AbortSignal,
): Promise<Seen> {
  const deadline = new AbortController();
  const cancel = context.clock.after(deadlineMs, () => deadline.abort());
  const either = signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, signal]);
  const seen: Seen = { reached: undefined, last: undefined, error: undefined };
  // Each poll's reading is told only when it differs from the one before.
  const noteChange: Note = (source, detail) => {
    if (detail !== lastDetail) note(source, detail);
    lastDetail = detail;
  };
  let lastDetail = '';
  let pollMs = firstPollMs;
  try {
    while (!either.aborted) {
      try {
        const power = await readPower(context, noteChange, either);
        seen.last = power;
        if (power.state === state) return { ...seen, reached: power };
      } catch (thrown) {
        seen.error = asAthanorError(thrown);
        if (!either.aborted) noteChange(getChassisStatus.name, seen.error.message);
        if (!isUnreachableBmc(seen.error.code) || either.aborted) return seen;
      }
      await sleep(context.clock, pollMs, either).catch(() => undefined);
      pollMs = Math.min(pollMs * 1.5, longestPollMs);
    }
    return seen;
  } finally {
    cancel();
  }
}

function faultsOf(status: ChassisStatus): string[] {
  const faults: [boolean, string][] = [
    [status.powerOverload, 'power overload'],
    [status.powerInterlock, 'power interlock active'],
    [status.powerFault, 'main power fault'],
    [status.powerControlFault, 'power control fault'],
    [status.driveFault, 'drive fault'],
    [status.coolingFault, 'cooling fault'],
    [status.intrusion, 'chassis intrusion'],
  ];
  return faults.filter(([present]) => present).map(([, name]) => name);
}
