/** One question to many BMCs: so many at a time, with the progress shown on a terminal. */
import type { BmcAnswer } from '../../bmc/index.ts';
import { progressBar } from '../progress-text.ts';
import type { Terminal } from '../terminal.ts';

/** Asked at once where nobody said otherwise. */
export const defaultParallel = 64;
/** BMCs are slow: with 40 ms to each answer, 1,000 take 5 s asked 64 at a time, and half of that asked 256 at a time. */
export const defaultParallelDirect = 256;

export interface Target {
  name: string;
  ask(signal: AbortSignal): Promise<BmcAnswer>;
}

/** The answers in the order of the targets; `onAnswer` has each as it comes. What an interruption left out is an answer too. */
export async function sweep(
  terminal: Terminal,
  targets: readonly Target[],
  parallel: number,
  onAnswer: (answer: BmcAnswer) => void,
): Promise<BmcAnswer[]> {
  const answers: BmcAnswer[] = Array.from({ length: targets.length });
  const progress = targets.length > 1 && terminal.stderr.isTTY ? progressLine(terminal, targets.length) : undefined;
  let next = 0;
  const worker = async (): Promise<void> => {
    // One of its own: each wait for a packet listens to it, and adding a listener looks through all that are there.
    const signal = AbortSignal.any([terminal.signal]);
    for (;;) {
      const at = next;
      const target = targets[at];
      if (target === undefined) return;
      next += 1;
      const answer = await target.ask(signal);
      answers[at] = answer;
      progress?.show(answer.outcome === 'done');
      onAnswer(answer);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(parallel, targets.length) }, worker));
  } finally {
    progress?.end();
  }
  return answers;
}

const redrawMs = 100;

function progressLine({ stderr }: Terminal, total: number): { show(done: boolean): void; end(): void } {
  let answered = 0;
  let failed = 0;
  let drawnAt = 0;
  return {
    show(done) {
      answered += 1;
      if (!done) failed += 1;
      const now = performance.now();
      if (now - drawnAt < redrawMs && answered < total) return;
      drawnAt = now;
      const bar = progressBar((answered / total) * 100, 20);
      stderr.write(`\r\u001b[K${bar} ${answered} of ${total}${failed === 0 ? '' : `, ${failed} not done`}`);
    },
    end: () => void stderr.write('\r\u001b[K'),
  };
}
