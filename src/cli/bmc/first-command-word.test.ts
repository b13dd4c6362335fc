import { expect, it } from 'vitest';
import { firstCommandWord } from './connection-options.ts';

it.each([
  ['power status', 'power'],
  ['--host r1n[01-48] --user sel --yes power status', 'power'],
  ['--host=r1 --retry-credential --port 624 sel list', 'sel'],
  ['--host r1 --help', undefined],
  ['-o json power status', undefined],
  ['--host', undefined],
])('the first word of the command in: %s', (words, first) => {
  expect(firstCommandWord(words.split(' '))).toBe(first);
});
