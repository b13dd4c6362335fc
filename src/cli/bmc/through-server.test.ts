import { expect, it } from 'vitest';
import { answerLimit } from './through-server.ts';

it('a server is waited for longer than it waits for the BMC', () => {
  // A BMC that restarts has five minutes.
  expect(answerLimit({}, {})).toBeGreaterThan(300_000);
  expect(answerLimit({}, { deadlineSeconds: 3600 })).toBeGreaterThan(3_600_000);
  expect(answerLimit({ untilInterrupted: true }, {})).toBe(Number.POSITIVE_INFINITY);
});
