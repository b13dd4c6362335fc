import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { uuidSource } from './identifiers.ts';

test('gives the example of RFC 9562 appendix A.6 but for the counter', () => {
  const clock = { now: () => 0x017f22e279b0 };
  const random = (): Uint8Array => Buffer.from('18c4dc0c0c07398f', 'hex');
  expect(uuidSource(clock, random)()).toBe('017f22e2-79b0-7000-98c4-dc0c0c07398f');
});

test('sorts in the order they were made, within a millisecond and when the clock is set back', () => {
  let time = 1_000_000;
  const newId = uuidSource({ now: () => time }, randomBytes);
  const ids = Array.from({ length: 10_000 }, (_, index) => {
    if (index === 6000) time -= 500_000;
    if (index === 8000) time += 1_000_000;
    return newId();
  });
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
