/** One try of something that may hang, ignore its signal, or finish just after it was told to stop. */
import { setTimeout as sleep } from 'node:timers/promises';
import { OperationInterruption } from './definition.ts';

export type AttemptOutcome<T> =
  | { readonly kind: 'finished'; readonly value: T }
  | { readonly kind: 'threw'; readonly error: unknown }
  | { readonly kind: 'interrupted'; readonly interruption: OperationInterruption };

/**
 * Runs `act` until it settles or the signal fires. After the signal it has `graceMs` to let go of what it holds; then it is
 * abandoned. An act that still finishes in its grace has finished, unless its deadline had passed.
 */
export async function attempt<T>(
  act: () => Promise<T>,
  signal: AbortSignal,
  graceMs: number,
): Promise<AttemptOutcome<T>> {
  const settled: Promise<AttemptOutcome<T>> = settle(act);
  const first = await Promise.race([settled, fired(signal)]);
  if (first !== 'fired') return signal.aborted && first.kind === 'threw' ? interrupted(signal) : first;
  const timer = new AbortController();
  const second = await Promise.race([
    settled,
    sleep(graceMs, undefined, { signal: timer.signal }).catch(() => undefined),
  ]);
  timer.abort();
  const outcome = interrupted(signal);
  return second?.kind === 'finished' && outcome.interruption.reason !== 'deadline' ? second : outcome;
}

async function settle<T>(act: () => Promise<T>): Promise<AttemptOutcome<T>> {
  try {
    return { kind: 'finished', value: await act() };
  } catch (error) {
    return { kind: 'threw', error };
  }
}

function fired(signal: AbortSignal): Promise<'fired'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('fired');
    else signal.addEventListener('abort', () => resolve('fired'), { once: true });
  });
}

function interrupted(signal: AbortSignal): { kind: 'interrupted'; interruption: OperationInterruption } {
  return { kind: 'interrupted', interruption: interruptionOf(signal) };
}

/** The reason of a signal that fired. */
export function interruptionOf(signal: AbortSignal): OperationInterruption {
  const reason: unknown = signal.reason;
  return reason instanceof OperationInterruption ? reason : new OperationInterruption('shutdown', String(reason));
}
