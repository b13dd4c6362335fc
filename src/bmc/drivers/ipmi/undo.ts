/** Taking back what a change left behind that was broken off. */
import type { Clock } from '../../ports.ts';

const undoMs = 10_000;

/** Within a deadline of its own: the caller's signal may be what broke the change off. */
export async function undo<Value>(
  clock: Clock,
  task: (signal: AbortSignal) => Promise<Value>,
  deadlineMs = undoMs,
): Promise<Value> {
  const deadline = new AbortController();
  const cancel = clock.after(deadlineMs, () => deadline.abort());
  try {
    return await task(deadline.signal);
  } finally {
    cancel();
  }
}
