import { expect, it } from 'vitest';
import { createLooks, type LookResult } from './looks.ts';

function bench(atOnce = 16) {
  let time = 0;
  const asked: string[] = [];
  const answers = new Map<string, LookResult | Error>();
  const working = new Set<Promise<void>>();
  const errors: unknown[] = [];
  const looks = createLooks({
    look: async (id) => {
      asked.push(id);
      await Promise.resolve();
      const answer = answers.get(id) ?? 'again';
      if (answer instanceof Error) throw answer;
      return answer;
    },
    atOnce,
    firstPauseMs: 5,
    longestPauseMs: 40,
    monotonic: () => time,
    keep: (work) => {
      working.add(work);
      void work.finally(() => working.delete(work));
    },
    onError: (error) => errors.push(error),
  });
  const settled = async (): Promise<void> => {
    while (working.size > 0) await Promise.all(working);
  };
  return {
    looks,
    answers,
    errors,
    /** Who was looked at since it was asked last. */
    asked: async () => {
      await settled();
      return asked.splice(0);
    },
    pass: async (ms: number) => {
      for (let passed = 0; passed < ms; passed += 1) {
        time += 1;
        looks.begin();
        await settled();
      }
      return asked.splice(0).length;
    },
  };
}

it('looks again after pauses that double up to the longest', async () => {
  const { looks, pass, asked } = bench();
  looks.now('a');
  expect(await asked()).toEqual(['a']);
  expect(await pass(4)).toBe(0);
  expect(await pass(1)).toBe(1);
  expect(await pass(9)).toBe(0);
  expect(await pass(1)).toBe(1);
  expect(await pass(20 + 40)).toBe(2);
  expect(await pass(400)).toBe(10);
  looks.now('a');
  expect(await asked()).toEqual(['a']);
  expect(await pass(5)).toBe(1);
});

it('forgets what is over, and goes on after an error', async () => {
  const { looks, pass, answers, asked, errors } = bench();
  answers.set('a', 'over').set('b', new Error('no'));
  looks.now('a');
  looks.now('b');
  expect(await asked()).toEqual(['a', 'b']);
  expect(errors.length).toBe(1);
  expect(await pass(5)).toBe(1);
  looks.forget('b');
  expect(await pass(500)).toBe(0);
});

it('looks once more when asked while it looks, at once or after a pause', async () => {
  const { looks, pass, answers, asked } = bench();
  answers.set('a', 'over').set('b', 'over');
  looks.now('a');
  looks.now('a');
  looks.now('b');
  looks.later('b');
  expect((await asked()).toSorted()).toEqual(['a', 'a', 'b']);
  expect(await pass(4)).toBe(0);
  expect(await pass(1)).toBe(1);
  expect(await pass(500)).toBe(0);
});

it('begins no more than so many at once, and all of them in the end', async () => {
  const { looks, asked, answers } = bench(2);
  for (const id of ['a', 'b', 'c', 'd', 'e']) {
    answers.set(id, 'over');
    looks.now(id);
  }
  expect((await asked()).toSorted()).toEqual(['a', 'b', 'c', 'd', 'e']);
});

it('gives room to the one that waits longest, and on to the next when it does not take it', async () => {
  const { looks, asked, answers } = bench();
  for (const id of ['a', 'b', 'c', 'd']) {
    answers.set(id, 'waiting');
    looks.now(id);
  }
  await asked();
  answers.set('a', 'again').set('b', 'over');
  looks.roomForHeals(1);
  // a needs a person now, b is back, c meets others that were faster: then d is not asked.
  expect(await asked()).toEqual(['a', 'b', 'c']);
});
