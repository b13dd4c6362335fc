/**
 * Switch a machine's power: read, look at the screen, act at most once in the life of the operation, read back. Off and on
 * alone, because both can be read back; `cycle` and `reset` of a BMC cannot.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AthanorError } from '../../errors/index.ts';
import type { OperationStep, StepContext, StepEvidence } from '../../operation/index.ts';
import type { Bmc, BmcResult } from '../../site/index.ts';
import { type ActionDone, actionsOf } from './actions.ts';
import { decide } from './decide.ts';
import { type HealEnvironment, keyOf, timingOf } from './environment.ts';
import type { HealMachineInput } from './heal-input.ts';
import { mayHaveActed } from './leave.ts';
import type { PlannedStep } from './plan.ts';
import { isBack, machineIsBack } from './standing.ts';

type Context = StepContext<HealMachineInput>;
type PlannedPower = Extract<PlannedStep, { action: 'power' }>;

export function powerStep(environment: HealEnvironment, planned: PlannedPower): OperationStep<HealMachineInput> {
  return {
    name: planned.name,
    deadlineMs: 3 * 60_000,
    waitsFor: `the BMC to say that the power is ${planned.to}`,
    recover: async (context) => {
      const done = (await actionsOf(environment.store.db, keyOf(context))).find(({ step }) => step === planned.name);
      // Not written down, so not done: it begins anew, with a look of its own.
      if (done === undefined) return undefined;
      return await comeBackTo(environment, context, planned, done);
    },
    run: async (context) => await switchPower(environment, context, planned),
  };
}

async function bmcOf(environment: HealEnvironment, context: Context): Promise<Bmc> {
  const { machineId } = keyOf(context);
  const bmc = await environment.bmcOf(machineId);
  if (bmc !== undefined) return bmc;
  throw new AthanorError('unsupported', 'no BMC is tied to this machine, so nobody but a person can switch its power', {
    field: 'machine',
    value: machineId,
  });
}

async function switchPower(
  environment: HealEnvironment,
  context: Context,
  planned: PlannedPower,
): Promise<StepEvidence> {
  const { name, to, expected } = planned;
  const { machineId } = keyOf(context);
  if (await isBack(environment, context, planned)) return machineIsBack;
  const bmc = await bmcOf(environment, context);
  const before = await bmc.power.get({ signal: context.signal });
  // What cannot be read now could not be read back either.
  if (before.outcome !== 'done') throw errorOf(`the power cannot be read`, before);
  if (before.value.state === to) return await soAlready(environment, machineId, to);

  const last = (await actionsOf(environment.store.db, keyOf(context))).at(-1);
  const ours = to === 'on' && last?.action === 'power off';
  if (ours) await leaveOff(environment, context, last.at);
  const decision = await decide(environment, context, {
    step: name,
    action: `power ${to}`,
    expected: ours ? 'anything' : expected,
  });
  if (decision.kind === 'back') return machineIsBack;
  if (decision.kind === 'so already') {
    const found = await soAlready(environment, machineId, to);
    return { ...found, observation: decision.observation.id };
  }

  const observation = decision.observation.id;
  const result = await bmc.power.set(to, { signal: context.signal });
  if (result.outcome === 'done') {
    await environment.keepPower?.(machineId, to);
    return { acted: true, power: to, observation, driver: result.driver, evidence: plain(result) };
  }
  if (result.outcome !== 'outcome unknown') throw errorOf(`power ${to}`, result);
  context.log(`power ${to}: ${result.error.message}; reading back`);
  if (!(await readsBack(environment, context, bmc, to))) throw result.error;
  await environment.keepPower?.(machineId, to);
  return { acted: true, power: to, observation, driver: result.driver, evidence: plain(result), readBack: to };
}

/** Capacitors keep a board alive for a moment: switched on too soon, it may hang where it was. */
async function leaveOff(environment: HealEnvironment, { signal }: Context, offSince: number): Promise<void> {
  const { offMs } = timingOf(environment);
  // A clock that was set meanwhile neither shortens nor stretches it.
  const left = Math.min(offMs, Math.max(0, offSince + offMs - environment.now()));
  if (left > 0) await sleep(left, undefined, { signal });
}

async function soAlready(environment: HealEnvironment, machineId: string, power: 'on' | 'off'): Promise<StepEvidence> {
  await environment.keepPower?.(machineId, power);
  return { acted: false, power };
}

/** After an interruption: what came of the verb that may have been sent. It is never sent again. */
async function comeBackTo(
  environment: HealEnvironment,
  context: Context,
  planned: PlannedPower,
  { observation }: ActionDone,
): Promise<StepEvidence> {
  const { name, to } = planned;
  const bmc = await bmcOf(environment, context);
  if (await readsBack(environment, context, bmc, to)) {
    await environment.keepPower?.(keyOf(context).machineId, to);
    return { acted: true, power: to, observation, readBack: to };
  }
  if (await isBack(environment, context, planned)) return machineIsBack;
  throw mayHaveActed(name);
}

/** Whether the power comes to read so; asked for as long as a BMC may take to do what it was told. */
async function readsBack(
  environment: HealEnvironment,
  { signal }: Context,
  bmc: Bmc,
  to: 'on' | 'off',
): Promise<boolean> {
  const { readBackMs, lookEveryMs } = timingOf(environment);
  const tries = Math.ceil(readBackMs / lookEveryMs) + 1;
  for (let tried = 1; ; tried += 1) {
    const power = await bmc.power.get({ signal });
    signal.throwIfAborted();
    if (power.outcome === 'done' && power.value.state === to) return true;
    if (tried >= tries) return false;
    await sleep(lookEveryMs, undefined, { signal });
  }
}

function errorOf(what: string, result: Exclude<BmcResult<unknown>, { outcome: 'done' }>): AthanorError {
  if (result.outcome !== 'unsupported') return result.error;
  return new AthanorError('unsupported', `${what}: ${result.reason}`, { field: 'driver', value: result.driver });
}

function plain(
  result: Exclude<BmcResult<unknown>, { outcome: 'unsupported' }>,
): { source: string; detail: string; at: number }[] {
  return result.evidence.map(({ source, detail, at }) => ({ source, detail, at }));
}
