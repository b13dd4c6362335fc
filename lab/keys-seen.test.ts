import { expect, test } from 'vitest';
import { keyEvents, typedText } from './keys-seen.ts';

const log = (...keys: [key: string, down: 0 | 1][]): string =>
  [
    '2026-11-21T11:00:00.000000Z qemu-system-x86_64: warning: a word of its own',
    ...keys.map(([key, down]) => `4711@1795000000.250000:input_event_key_qcode con 0, key qcode ${key}, down ${down}`),
    '',
  ].join('\n');

test('events are read from the trace, with their time in milliseconds, and nothing else of the log', () => {
  expect(keyEvents(log(['ret', 1], ['ret', 0]))).toEqual([
    { time: 1795000000250, key: 'ret', down: true },
    { time: 1795000000250, key: 'ret', down: false },
  ]);
});

test('typed text has shifted characters, names other keys, and shows what a modifier was held for', () => {
  const press = (key: string): [string, 0 | 1][] => [
    [key, 1],
    [key, 0],
  ];
  const shifted = (key: string): [string, 0 | 1][] => [['shift', 1], ...press(key), ['shift', 0]];
  const keys = [
    ...shifted('a'),
    ...press('slash'),
    ...shifted('minus'),
    ...press('9'),
    ...shifted('9'),
    ...press('ret'),
  ];
  expect(typedText(keyEvents(log(...keys)))).toBe('A/_9(<ret>');
  expect(typedText(keyEvents(log(['alt', 1], ['print', 1], ['c', 1], ['alt', 0], ['print', 0], ['c', 0])))).toBe(
    '<alt-print><alt-print-c>',
  );
});
