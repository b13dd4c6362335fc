import { expect, it } from 'vitest';
import { nestedRepetition } from './nested-repetition.ts';

it.each([
  ['(a+)+$', '(a+)+'],
  ['^(a*)*c', '(a*)*'],
  ['x(?:.*){2,}y', '(?:.*){2,}'],
  ['(?i)panic: (?P<word>\\w+\\s?)+!', '(?P<word>\\w+\\s?)+'],
  ['((([a-z]+)))*?[0-9]', '((([a-z]+)))*?'],
  ['(foo|\\s+)+bar', '(foo|\\s+)+'],
  ['(x(a+)+)y', '(a+)+'],
  ['([^])]+)+', '([^])]+)+'],
])('in %s', (text, found) => {
  expect(nestedRepetition(text)).toBe(found);
});

it.each([
  '^grub> ?$',
  'Kernel panic - not syncing',
  'Rebooting in \\d+ ?seconds',
  '(\\w+ )+login',
  '(\\d+\\.)*\\d+',
  '([+*]a)+',
  '\\(a+\\)+',
  '\\Q(a+)+\\E',
  '[(a+)+]+',
  '(a+){2}',
  '(a+)?b',
  '(a|b)+',
  '(\\p{Greek}[[:alpha:]]\\x{41}a{)+',
  '(',
  '[',
  '\\',
  'a)b+',
])('not in %s', (text) => {
  expect(nestedRepetition(text)).toBeUndefined();
});
