/** Medians and the table that people read. */
import { type Milestone, phases } from './milestones.ts';

export interface Run {
  machine: string;
  contestant: 'athanor' | 'peer';
  /** Seconds from the operator's command to the chassis program's `power 1`. */
  commandToPowerOn: number;
  /** Milestone → seconds since `power 1`. */
  seconds: Record<Milestone, number>;
  /** Milestone → processor seconds that QEMU had used by then. */
  cpu: Record<Milestone, number>;
  /** Processor seconds of the services during the run. */
  serviceCpu: number;
}

export const aim = 1.1;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** How long each phase took, by the clock or by the processor. */
function lengths(reached: Record<Milestone, number>): number[] {
  return phases.map(([name], index) => {
    const before = phases[index - 1]?.[0];
    return reached[name] - (before === undefined ? 0 : reached[before]);
  });
}

export interface Comparison {
  machine: string;
  /** Medians of power-on → installed system up, seconds. */
  athanor: number;
  peer: number;
  ratio: number;
  /** Of the fastest runs: what other work on the machine disturbs least. */
  bestRatio: number;
  cpuRatio: number;
  commandRatio: number;
  met: boolean;
}

export function compare(machine: string, runs: readonly Run[]): Comparison {
  const all = (contestant: Run['contestant'], value: (run: Run) => number): number[] =>
    runs.filter((run) => run.machine === machine && run.contestant === contestant).map(value);
  const of = (contestant: Run['contestant'], value: (run: Run) => number): number => median(all(contestant, value));
  const ratioOf = (value: (run: Run) => number): number => of('athanor', value) / of('peer', value);
  const up = (run: Run): number => run.seconds.up;
  const ratio = ratioOf(up);
  return {
    machine,
    athanor: of('athanor', up),
    peer: of('peer', up),
    ratio,
    bestRatio: Math.min(...all('athanor', up)) / Math.min(...all('peer', up)),
    cpuRatio: ratioOf((run) => run.cpu.up),
    commandRatio: ratioOf((run) => run.commandToPowerOn + run.seconds.up),
    met: ratio <= aim,
  };
}

export function table(machine: string, runs: readonly Run[]): string {
  const of = (contestant: Run['contestant'], pick: (run: Run) => number): string =>
    median(runs.filter((run) => run.machine === machine && run.contestant === contestant).map(pick))
      .toFixed(2)
      .padStart(9);
  const row = (text: string, pick: (run: Run) => number, cpu?: (run: Run) => number): string =>
    [
      text.padEnd(40),
      of('athanor', pick),
      of('peer', pick),
      ...(cpu === undefined ? [] : [of('athanor', cpu), of('peer', cpu)]),
    ].join(' ');
  const { ratio, bestRatio, cpuRatio, commandRatio, met } = compare(machine, runs);
  return [
    `${machine.padEnd(40)}  seconds             QEMU processor seconds`,
    `${''.padEnd(40)}   athanor      peer   athanor      peer`,
    ...phases.map(([, text], index) =>
      row(
        text,
        (run) => lengths(run.seconds)[index] ?? Number.NaN,
        (run) => lengths(run.cpu)[index] ?? Number.NaN,
      ),
    ),
    row(
      'power-on → installed system up',
      (run) => run.seconds.up,
      (run) => run.cpu.up,
    ),
    row('the command itself → power-on', (run) => run.commandToPowerOn),
    row('processor seconds of the services', (run) => run.serviceCpu),
    `ratio ${ratio.toFixed(2)} by the clock, medians (aim ≤ ${aim}: ${met ? 'met' : 'NOT met'}); ${bestRatio.toFixed(2)} fastest runs; ${cpuRatio.toFixed(2)} by QEMU's processor time; ` +
      `${commandRatio.toFixed(2)} counted from the command`,
  ].join('\n');
}
