/** What the watch over the machines is given: everything it reads, does and waits by. */
import type { RecoveringMoves } from '../../machine/index.ts';
import type { OperationLogger, Operations } from '../../operation/index.ts';
import type { Store } from '../../store/index.ts';
import type { Heartbeats } from '../heartbeats/heartbeats.ts';
import { defaultOutageSettings, type OutageSettings } from '../heartbeats/outage.ts';
import type { PowerSeen } from '../observations/observation.ts';
import type { Observer } from '../observations/observer.ts';

export interface RecoverySettings {
  /** How often it is asked who is silent. */
  tickMs: number;
  /** Machines healed at a time. */
  concurrentHeals: number;
  /** Machines looked at at a time. */
  concurrentLooks: number;
  /** A machine that no rule helped is looked at again after this pause, */
  firstPauseMs: number;
  /** which doubles up to this one. */
  longestPauseMs: number;
  /** The longest time for one look and what follows from it. */
  lookMs: number;
  /** How long a machine that a playbook saw well may take to be heard again. */
  settleMs: number;
  /** How long a machine whose power a person switched may take to be heard. */
  bootMs: number;
  outage: OutageSettings;
}

export const defaultRecoverySettings: RecoverySettings = {
  tickMs: 200,
  concurrentHeals: 5,
  concurrentLooks: 16,
  firstPauseMs: 5_000,
  longestPauseMs: 5 * 60_000,
  lookMs: 20_000,
  settleMs: 2 * 60_000,
  bootMs: 10 * 60_000,
  outage: defaultOutageSettings,
};

export interface RecoveryOptions {
  store: Store;
  operations: Pick<Operations, 'startIn' | 'dispatch' | 'abort'>;
  heartbeats: Pick<Heartbeats, 'watched' | 'onHeard'>;
  observer: Pick<Observer, 'observeAgain'>;
  machines: RecoveringMoves;
  /** Asked for a machine that said that its system goes down: is it off, as it said? */
  powerOf(machineId: string, signal: AbortSignal): Promise<PowerSeen>;
  settings?: Partial<RecoverySettings>;
  /** Milliseconds since 1970; only written down. */
  now(): number;
  /** Milliseconds by a clock that nobody sets; `performance.now` is one. */
  monotonic(): number;
  /** Calls `work` again and again; the function returned ends it. */
  every?(milliseconds: number, work: () => void): () => void;
  logger: OperationLogger;
}

/** What the parts of the watch share. */
export interface Surroundings extends Omit<RecoveryOptions, 'settings' | 'every'> {
  settings: RecoverySettings;
}
