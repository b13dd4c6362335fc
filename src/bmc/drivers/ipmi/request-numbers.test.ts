import { describe, expect, it } from 'vitest';
import { createRequestNumbers } from './request-numbers.ts';

/** Sends `packets` packets with a new number and takes `answers` answers to it. */
function exchange(numbers: ReturnType<typeof createRequestNumbers>, packets: number, answers: number): number {
  const sequence = numbers.next();
  for (let packet = 0; packet < packets; packet += 1) numbers.sent(sequence);
  for (let answer = 0; answer < answers; answer += 1) numbers.answered(sequence);
  numbers.done(sequence);
  return sequence;
}

describe('request sequence numbers', () => {
  it('go round through all 64', () => {
    const numbers = createRequestNumbers();
    const given = Array.from({ length: 128 }, () => exchange(numbers, 1, 1));
    expect(new Set(given).size).toBe(64);
    expect(given.slice(0, 64)).toEqual(given.slice(64));
  });

  it('pass over one whose answer may still come, for a while', () => {
    const numbers = createRequestNumbers();
    const open = exchange(numbers, 3, 1);
    const given = Array.from({ length: 15 * 63 }, () => exchange(numbers, 1, 1));
    expect(given).not.toContain(open);
    expect(Array.from({ length: 3 * 64 }, () => exchange(numbers, 1, 1))).toContain(open);
  });

  it('take one back as soon as the late answers have come', () => {
    const numbers = createRequestNumbers();
    const open = exchange(numbers, 2, 1);
    numbers.answered(open);
    expect(Array.from({ length: 64 }, () => exchange(numbers, 1, 1))).toContain(open);
  });

  it('are never the same for two requests under way', () => {
    const numbers = createRequestNumbers();
    const first = numbers.next();
    expect(Array.from({ length: 200 }, () => exchange(numbers, 1, 1))).not.toContain(first);
  });

  it('do not run out when nothing is ever answered', () => {
    const numbers = createRequestNumbers();
    const given = Array.from({ length: 500 }, () => exchange(numbers, 1, 0));
    expect(given.every((sequence) => sequence >= 0 && sequence < 64)).toBe(true);
  });
});
