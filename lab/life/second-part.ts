/** The second part of the lab's play: servers that are active break at the same time, and are healed by rules. */
import path from 'node:path';
import type { LabMachine } from '../index.ts';
import type { Athanor } from './athanor.ts';
import { type BreakName, breakageFor } from './breakage.ts';
import type { EventWatch } from './event-watch.ts';
import { applyRules, type HealOptions, type HealReport, healLife, mostToActionMs, waitUntilHeard } from './heal.ts';
import { blindRules, noRules, type Sabotage } from './sabotage.ts';
import { StageMissing, type StageSeen } from './stages.ts';

/** The rules that the lab's servers are healed by. */
export const labRules = path.resolve(import.meta.dirname, '../rules');

export interface SecondPart {
  athanor: Athanor;
  watch: EventWatch;
  machines: readonly LabMachine[];
  breakName: BreakName;
  sabotage: Sabotage | undefined;
  /** For rules that are made up. */
  directory: string;
  onStage(seen: StageSeen): void;
  patienceMs: number;
}

/** Puts the rules in force; spoiled ones when they are sabotaged. */
export async function putRulesInForce({ athanor, sabotage, directory }: SecondPart): Promise<void> {
  const spoiled = path.join(directory, 'spoiled-rules');
  if (sabotage === 'rule') await noRules(spoiled);
  if (sabotage === 'pattern') await blindRules(spoiled, labRules);
  await applyRules(athanor, sabotage === 'rule' || sabotage === 'pattern' ? spoiled : labRules);
}

/** Resolves when all are healed, with what it took. */
export async function playHeals(part: SecondPart): Promise<HealReport[]> {
  const { athanor, watch, machines, breakName, onStage, patienceMs } = part;
  const heals: HealOptions[] = machines.map((machine) => ({
    athanor,
    watch,
    machine,
    breakage: breakageFor(machine, breakName),
    onStage,
    patienceMs,
  }));
  const ready = await Promise.all(
    heals.map(async (options) => ({ options, machineId: await waitUntilHeard(options) })),
  );
  const ended = await Promise.allSettled(
    ready.map(async ({ options, machineId }) => mustActInTime(await healLife(options, machineId))),
  );
  const failures = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  if (failures.length > 0) throw new AggregateError(failures, 'not every server was healed');
  return ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

function mustActInTime(report: HealReport): HealReport {
  const { machine, detectionToActionMs } = report;
  if (detectionToActionMs <= mostToActionMs) return report;
  throw new StageMissing(
    machine,
    'acting',
    `it took ${detectionToActionMs} ms from detection to the first action; at most ${mostToActionMs} are allowed`,
  );
}
