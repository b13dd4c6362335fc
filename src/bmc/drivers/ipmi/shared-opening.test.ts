import { describe, expect, it } from 'vitest';
import { sharedOpening } from './shared-opening.ts';

function build() {
  const started: { finish(value: string): void; signal: AbortSignal }[] = [];
  const take = sharedOpening(
    (signal) =>
      new Promise<string>((resolve, reject) => {
        started.push({ finish: resolve, signal });
        signal.addEventListener('abort', () => reject(new Error('broken off')));
      }),
  );
  return { take, started };
}

describe('what several wait for', () => {
  it('is opened once, and again for those who come later', async () => {
    const { take, started } = build();
    const both = [take(), take()];
    await expect.poll(() => started.length).toBe(1);
    started[0]?.finish('a');
    expect(await Promise.all(both)).toEqual(['a', 'a']);
    const later = take();
    await expect.poll(() => started.length).toBe(2);
    started[1]?.finish('b');
    expect(await later).toBe('b');
  });

  it('goes on when the one leaves who began it', async () => {
    const { take, started } = build();
    const leaving = new AbortController();
    const first = take(leaving.signal);
    const second = take();
    await expect.poll(() => started.length).toBe(1);
    leaving.abort();
    await expect(first).rejects.toMatchObject({ code: 'aborted' });
    started[0]?.finish('a');
    expect(await second).toBe('a');
  });

  it('is broken off when the last one leaves, and then begun anew for the next', async () => {
    const { take, started } = build();
    const leaving = new AbortController();
    const left = Promise.allSettled([take(leaving.signal), take(leaving.signal)]);
    await expect.poll(() => started.length).toBe(1);
    leaving.abort();
    const next = take();
    expect(started[0]?.signal.aborted).toBe(true);
    expect((await left).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect.poll(() => started.length).toBe(2);
    started[1]?.finish('b');
    expect(await next).toBe('b');
    await expect(take(AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
    expect(started).toHaveLength(2);
  });
});
