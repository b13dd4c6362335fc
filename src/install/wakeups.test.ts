import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWakeups, waitUntil } from './index.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());
const never = new AbortController().signal;

describe('a wake-up', () => {
  it('wakes all who wait for its machine and nobody else', async () => {
    const wakeups = createWakeups();
    const woken: string[] = [];
    for (const who of ['a', 'a', 'b']) void wakeups.wait(who, 1000).then(() => woken.push(who));
    wakeups.wake('a');
    await vi.advanceTimersByTimeAsync(0);
    expect(woken).toEqual(['a', 'a']);
    await vi.advanceTimersByTimeAsync(1000);
    expect(woken).toEqual(['a', 'a', 'b']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is waited for no longer than told, nor after an abort', async () => {
    const wakeups = createWakeups();
    const stop = new AbortController();
    const waiting = wakeups.wait('a', 60_000, stop.signal);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    await expect(wakeups.wait('a', 60_000, stop.signal)).rejects.toThrow('enough');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('waiting until', () => {
  it('looks at once, at each wake-up, and now and then without one', async () => {
    const wakeups = createWakeups();
    let looks = 0;
    const found = waitUntil(wakeups, 'a', () => Promise.resolve(++looks === 4 ? 'there' : undefined), {
      everyMs: 1000,
      signal: never,
    });
    await vi.advanceTimersByTimeAsync(0);
    expect(looks).toBe(1);
    wakeups.wake('a');
    await vi.advanceTimersByTimeAsync(0);
    expect(looks).toBe(2);
    await vi.advanceTimersByTimeAsync(999);
    expect(looks).toBe(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(looks).toBe(3);
    await vi.advanceTimersByTimeAsync(1000);
    expect(await found).toBe('there');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('loses no wake-up that comes while it looks', async () => {
    const wakeups = createWakeups();
    let there = false;
    let looks = 0;
    const look = async (): Promise<true | undefined> => {
      looks += 1;
      const seen = there;
      if (looks === 1) {
        // What it looks for happens right after it looked, and before it waits.
        there = true;
        wakeups.wake('a');
      }
      await Promise.resolve();
      return seen || undefined;
    };
    expect(await waitUntil(wakeups, 'a', look, { everyMs: 1_000_000, signal: never })).toBe(true);
    expect(looks).toBe(2);
  });

  it('ends with what the look throws, and with the abort', async () => {
    const wakeups = createWakeups();
    const options = { everyMs: 1000, signal: never };
    await expect(waitUntil(wakeups, 'a', () => Promise.reject(new Error('gone')), options)).rejects.toThrow('gone');
    const stop = new AbortController();
    const waiting = waitUntil(wakeups, 'a', () => Promise.resolve(undefined), { everyMs: 1000, signal: stop.signal });
    await vi.advanceTimersByTimeAsync(10);
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect(vi.getTimerCount()).toBe(0);
  });
});
