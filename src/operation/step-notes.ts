/**
 * What a running step tells people: progress, kept at most once in a while, and log lines. The step does not wait for the
 * database; before its result is recorded everything it said is.
 */
import { AsyncResource } from 'node:async_hooks';
import type { OperationLogger, OperationProgress, StepProgress } from './definition.ts';

export interface StepNotes {
  progress(progress: StepProgress): void;
  log(text: string): void;
  /** Takes nothing more, and resolves when all of it is written. Never rejects: notes must not fail a step. */
  close(): Promise<void>;
}

export interface StepNotesOptions {
  readonly step: string;
  readonly everyMs: number;
  readonly now: () => number;
  readonly logger: OperationLogger;
  saveProgress(progress: OperationProgress): Promise<void>;
  saveLog(text: string): Promise<void>;
}

export function createStepNotes(options: StepNotesOptions): StepNotes {
  const { now, everyMs } = options;
  let waiting: OperationProgress | undefined;
  let timer: NodeJS.Timeout | undefined;
  let lastMs = Number.NEGATIVE_INFINITY;
  let writing: Promise<void> = Promise.resolve();
  let closed = false;

  // Bound: a step may speak from inside a store transaction, whose context must not reach these later writes.
  const write = AsyncResource.bind((save: () => Promise<void>) => {
    writing = writing.then(save).catch((error: unknown) => {
      options.logger.warn({ err: error, step: options.step }, 'a note of an operation could not be written');
    });
  });

  function writeProgress(): void {
    clearTimeout(timer);
    timer = undefined;
    const progress = waiting;
    if (progress === undefined) return;
    waiting = undefined;
    lastMs = now();
    write(() => options.saveProgress(progress));
  }

  return {
    progress(progress) {
      if (closed) return;
      waiting = { ...progress, step: options.step, time: now() };
      if (timer !== undefined) return;
      const waitMs = Math.min(everyMs, lastMs + everyMs - now());
      if (waitMs > 0) timer = setTimeout(writeProgress, waitMs);
      else writeProgress();
    },
    log(text) {
      if (!closed) write(() => options.saveLog(text));
    },
    async close() {
      closed = true;
      writeProgress();
      await writing;
    },
  };
}
