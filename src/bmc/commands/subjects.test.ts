import { expect, it } from 'vitest';
import { subjects } from './subjects.ts';

it('each subject names the first words of its commands, and no word is of two', async () => {
  for (const { words, load } of subjects) {
    const first = (await load()).map(({ name }) => name.split(' ')[0] ?? '');
    expect(words.toSorted()).toEqual([...new Set(first)].toSorted());
  }
  const all = subjects.flatMap(({ words }) => words);
  expect(new Set(all).size).toBe(all.length);
});
