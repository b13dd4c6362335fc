/** A machine as recovery sees it from outside: its heartbeats, its power and its screen. */
import type { Look, PowerSeen } from '../observations/observation.ts';

export interface ScriptedMachine {
  readonly id: string;
  alive: boolean;
  power: PowerSeen;
  /** Null: nothing can be read. An error: looking fails. */
  screen: readonly string[] | null | Error | 'hangs';
  stopping: boolean;
  lastBeat: number;
  lastHeardAt: number;
  /** Called when it is looked at, before anything is seen. */
  onLook?: (() => void | Promise<void>) | undefined;
}

/** What a look at it shows. */
export function lookOf({ screen, power }: ScriptedMachine, time: number): Look {
  if (screen instanceof Error) throw screen;
  const lines = typeof screen === 'string' ? null : screen;
  const size = { font: 'scripted', columns: 80, rows: 25, cells: [], cursor: undefined, confidence: 1 };
  return {
    time,
    power,
    frame: undefined,
    reading: lines === null ? undefined : { ...size, lines },
    problem: lines === null ? 'no console of this machine is known' : null,
  };
}
