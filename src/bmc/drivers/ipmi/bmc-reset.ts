/** Starting the BMC anew: Cold Reset and Warm Reset (IPMI v2.0 §20.2, §20.3), seen by its going away and coming back. */
import { asAthanorError } from '../../../errors/index.ts';
import { coldReset, getDeviceId, noData, warmReset } from '../../../protocols/ipmi/index.ts';
import type { BmcResetCapability, BmcResetKind } from '../../capabilities/bmc-reset.ts';
import { sleep } from '../../ports.ts';
import type { CallOptions } from '../../result.ts';
import type { Note } from '../../settle.ts';
import { outcomeUnknown, settle } from '../../settle.ts';
import { refusedError } from './client.ts';
import type { IpmiContext } from './context.ts';

const deadlineMs = 300_000;
const pollMs = 1_000;
/** How long one look at a BMC that is gone may take; the client alone would try for longer. */
const lookMs = 4_000;
/** Shorter while it is to be seen to go away: a BMC that restarts quickly would be back within a patient look. */
const glanceMs = 700;
/** So many in a row without an answer: a single one may be a lost packet. */
const silentGlances = 2;

export function ipmiBmcReset(context: IpmiContext): BmcResetCapability {
  const about = { driver: 'ipmi', capability: 'bmcReset', clock: context.clock } as const;
  return {
    reset: (kind, options = {}) =>
      settle(about, (note) => context.lane.change(() => reset(context, kind, note, options), options.signal)),
  };
}

async function reset(context: IpmiContext, kind: BmcResetKind, note: Note, options: CallOptions) {
  const { client, clock, peer } = context;
  const command = kind === 'cold' ? coldReset : warmReset;
  // Also makes sure of a living session for the one try below.
  await client.run(getDeviceId, noData, options.signal);
  const began = clock.monotonic();
  const answer = await client.ask(command, noData, options.signal).catch((thrown: unknown) => {
    const error = asAthanorError(thrown);
    if (error.code !== 'outcome-unknown') throw error;
    return { unanswered: error };
  });
  if ('refused' in answer) throw refusedError(peer, command.name, answer.refused);
  note(command.name, 'unanswered' in answer ? answer.unanswered.message : 'confirmed by the BMC');

  return await untilBack(context, command.name, began, 'unanswered' in answer, note, options).catch(
    (thrown: unknown) => {
      if (asAthanorError(thrown).code !== 'aborted') throw thrown;
      throw outcomeUnknown(`Nobody waited for BMC ${peer.name} to come back from ${command.name}`, thrown);
    },
  );
}

async function untilBack(
  context: IpmiContext,
  command: string,
  began: number,
  unanswered: boolean,
  note: Note,
  options: CallOptions,
) {
  const { clock, peer } = context;
  const ends = began + (options.deadlineMs ?? deadlineMs);
  let wentAway = unanswered;
  if (!wentAway) wentAway = await goesAway(context, Math.min(ends, began + 30_000), options.signal);
  note(getDeviceId.name, wentAway ? 'the BMC went away' : 'the BMC was not seen to go away');
  while (clock.monotonic() < ends) {
    if (await answers(context, lookMs, options.signal)) {
      const answeredAgainAfterMs = clock.monotonic() - began;
      note(getDeviceId.name, `answers again after ${Math.round(answeredAgainAfterMs / 1000)} s`);
      if (wentAway) return { answeredAgainAfterMs };
      throw outcomeUnknown(`BMC ${peer.name} confirmed ${command}, but was never seen to go away`);
    }
    await sleep(clock, pollMs, options.signal);
  }
  throw outcomeUnknown(`BMC ${peer.name} has not answered since ${command}`);
}

async function goesAway(context: IpmiContext, until: number, signal?: AbortSignal): Promise<boolean> {
  let silent = 0;
  while (context.clock.monotonic() < until) {
    silent = (await answers(context, glanceMs, signal)) ? 0 : silent + 1;
    if (silent >= silentGlances) return true;
    if (silent === 0) await sleep(context.clock, pollMs / 4, signal);
  }
  return false;
}

/** Whether the BMC answers on its session, or opens a new one. */
async function answers(context: IpmiContext, withinMs: number, signal?: AbortSignal): Promise<boolean> {
  const look = new AbortController();
  const cancel = context.clock.after(withinMs, () => look.abort());
  const either = signal === undefined ? look.signal : AbortSignal.any([look.signal, signal]);
  try {
    return (await context.client.run(getDeviceId, noData, either)).available;
  } catch (thrown) {
    if (signal?.aborted) throw thrown;
    return false;
  } finally {
    cancel();
  }
}
