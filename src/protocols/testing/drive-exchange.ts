import type { Exchange } from '../rfb/index.ts';

/**
 * Runs an exchange on bytes that are all there: what it returned, what it sent, and how many bytes it took. Undefined when
 * it wants more than there is.
 */
export function driveExchange<Value>(
  exchange: Exchange<Value>,
  bytes: Uint8Array,
): { value: Value; sent: Buffer[]; taken: number } | undefined {
  const sent: Buffer[] = [];
  let taken = 0;
  for (let step = exchange.next(); ; ) {
    if (step.done) return { value: step.value, sent, taken };
    if ('send' in step.value) {
      sent.push(Buffer.from(step.value.send));
      step = exchange.next(new Uint8Array());
      continue;
    }
    const end = taken + step.value.read;
    if (end > bytes.length) return undefined;
    step = exchange.next(bytes.subarray(taken, end));
    taken = end;
  }
}
