/** The stages of a server's life as its follower sees them, one after another, and one that does not come. */
import type { LabMachine } from '../index.ts';

/** From unboxed to deployed. */
export const lifeStages = [
  'power-on',
  'address',
  'loader',
  'script',
  'ramdisk',
  'inventory',
  'bmc-tied',
  'free',
  'deploy',
  'image-checked',
  'deploy-power-on',
  'deploy-ramdisk',
  'image-written',
  'active',
] as const;

/** From broken to healed. */
export const healStages = [
  'heard',
  'broken',
  'detected',
  'looked-at',
  'rule-matched',
  'acting',
  'steps-done',
  'healed',
  'active-again',
] as const;

export type StageName = (typeof lifeStages)[number] | (typeof healStages)[number];

export interface StageSeen {
  machine: string;
  stage: StageName;
  /** Milliseconds since 1970. */
  time: number;
  detail: string;
}

/** A stage that did not come, and why. */
export class StageMissing extends Error {
  readonly machine: string;
  readonly stage: StageName;
  constructor(machine: string, stage: StageName, why: string) {
    super(`stage ${stage} of ${machine}: ${why}`);
    this.machine = machine;
    this.stage = stage;
  }
}

/** Whatever goes wrong in `work` is a stage that is missing. */
export async function atStage<T>(machine: string, stage: StageName, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (problem) {
    if (problem instanceof StageMissing) throw problem;
    throw new StageMissing(machine, stage, problem instanceof Error ? problem.message : String(problem));
  }
}

export function witness(machine: LabMachine, stage: StageName, holds: boolean, what: string): void {
  if (!holds) throw new StageMissing(machine.name, stage, `the lab's witness disagrees: ${what}`);
}
