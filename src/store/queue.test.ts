import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Queue } from './queue.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('lets in one after another, in order', async () => {
  const queue = new Queue('it', 1000);
  const entered: number[] = [];
  await queue.enter();
  const others = [1, 2, 3].map(async (number) => {
    await queue.enter();
    entered.push(number);
    queue.leave();
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(entered).toEqual([]);
  queue.leave();
  await Promise.all(others);
  expect(entered).toEqual([1, 2, 3]);
});

test('who waits past the deadline is told so, and loses the place to the next', async () => {
  const queue = new Queue('the database', 1000);
  await queue.enter();
  const late = queue.enter();
  const refused = expect(late).rejects.toMatchObject({ code: 'database-failed' });
  await vi.advanceTimersByTimeAsync(600);
  const next = queue.enter();
  await vi.advanceTimersByTimeAsync(500);
  await refused;
  queue.leave();
  await next;
  queue.leave();
  await queue.enter();
});
