/** What heal work needs from the rest of the house; the composition root fills it in. */
import { AthanorError } from '../../errors/index.ts';
import type { GraphicalConsole } from '../../console/index.ts';
import type { Wakeups } from '../../install/index.ts';
import type { OperationContext, OperationStep } from '../../operation/index.ts';
import type { Bmc } from '../../site/index.ts';
import type { Store } from '../../store/index.ts';
import type { LastBeat } from '../heartbeats/heartbeats.ts';
import type { HealHooks, HealKey } from '../incidents/heal-hooks.ts';
import type { Observer } from '../observations/observer.ts';
import type { HealMachineInput } from './heal-input.ts';

export interface HealTiming {
  /** Between two looks at a screen, or for a heartbeat, that is waited for. */
  lookEveryMs: number;
  /** Between two looks at the screen while a heartbeat is waited for. */
  filmEveryMs: number;
  /** Between two looks for the echo of what was typed, and how long it is waited for. */
  echoEveryMs: number;
  echoWithinMs: number;
  /** How long a BMC is asked again what came of a verb whose outcome is not known. */
  readBackMs: number;
  /** How long a power supply is left off before it is switched on again. */
  offMs: number;
  /** The greatest age of a look at which an action may be decided on it. */
  freshForMs: number;
}

export const defaultTiming: HealTiming = {
  lookEveryMs: 500,
  filmEveryMs: 5_000,
  echoEveryMs: 200,
  echoWithinMs: 5_000,
  readBackMs: 10_000,
  offMs: 3_000,
  freshForMs: 3_000,
};

export interface HealEnvironment {
  store: Store;
  observer: Observer;
  consoleOf(machineId: string): Promise<GraphicalConsole | undefined>;
  bmcOf(machineId: string): Promise<Bmc | undefined>;
  /** Who was heard last; the wake-ups are woken at each heartbeat. */
  heartbeats: { lastBeat(machineId: string): Pick<LastBeat, 'bootId' | 'lastHeardAt' | 'stopping'> | undefined };
  wakeups: Wakeups;
  /** Milliseconds since 1970, by the clock that heartbeats and incidents are written down with. */
  now(): number;
  /** Milliseconds by a clock that nobody sets: how long something is waited for. */
  monotonic(): number;
  /** The machine room's step: the BMC still is this machine's. */
  confirmBmc: OperationStep<HealMachineInput>;
  /** What the end of a heal means for its incident and its machine. */
  ends: HealHooks;
  /** Keeps, for people, what a step saw of the machine's power. */
  keepPower?: ((machineId: string, power: 'on' | 'off') => Promise<void>) | undefined;
  timing?: Partial<HealTiming> | undefined;
}

export function timingOf({ timing }: Pick<HealEnvironment, 'timing'>): HealTiming {
  return { ...defaultTiming, ...timing };
}

export function keyOf({ machineId, operationId, input }: OperationContext<HealMachineInput>): HealKey {
  if (machineId === null) throw new AthanorError('internal', 'this operation has no machine');
  return { incidentId: input.incident, machineId, operationId };
}
