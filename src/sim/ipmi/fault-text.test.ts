import { describe, expect, it } from 'vitest';
import { parseFaults } from './fault-text.ts';

describe('faults on the command line', () => {
  it('are read by the type each has', () => {
    expect(
      parseFaults('loss=0.1, deaf,power=ignored,boot=reads-wrong,lockout-after=3,rakp4-lost=1,delay-ms=20'),
    ).toEqual({
      loss: 0.1,
      deaf: true,
      power: 'ignored',
      boot: 'reads wrong',
      lockoutAfter: 3,
      rakp4Lost: 1,
      delayMs: 20,
    });
  });

  it.each(['lost=0.1', 'loss', 'loss=2', 'loss=x', 'delay-ms=1.5', 'delay-ms=-1', 'power=off', 'deaf=maybe', ''])(
    'are refused where they cannot be meant: %s',
    (text) => {
      expect(() => parseFaults(text)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
    },
  );
});
