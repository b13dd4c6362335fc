import { expect, it } from 'vitest';
import { AthanorError } from '../errors/index.ts';
import { createRefusalLog } from './refusal-log.ts';

function open() {
  const lines: string[] = [];
  const write = (level: string) => (_fields: object, message: string) => void lines.push(`${level} ${message}`);
  let time = 0;
  const log = createRefusalLog({ warn: write('warn'), error: write('error') } as never, 'a request', () => time);
  return { lines, log, pass: (ms: number) => void (time += ms) };
}

it('tells some of a flood, then how many it did not tell', () => {
  const { lines, log, pass } = open();
  for (let count = 0; count < 1000; count += 1) log(new AthanorError('unauthorised', 'no token'), '/x');
  expect(lines).toEqual(Array(10).fill('warn a request was refused: no token'));
  pass(60_000);
  log(new AthanorError('unauthorised', 'no token'), '/x');
  expect(lines.slice(10)).toEqual([
    'warn 990 more like the last ones were not told',
    'warn a request was refused: no token',
  ]);
});

it('one kind of refusal does not hide another, and what is wrong with ourselves is an error', () => {
  const { lines, log } = open();
  for (let count = 0; count < 20; count += 1) log(new AthanorError('unauthorised', 'no token'), '/x');
  log(new AthanorError('internal', 'a bug'), '/x');
  expect(lines.at(-1)).toBe('error a request failed');
});
