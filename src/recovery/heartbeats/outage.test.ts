import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeOutage } from './outage.ts';
import type { WatchedMachine } from './tracker.ts';

const silent = (machineId: string, silentForMs: number, more: Partial<WatchedMachine> = {}): WatchedMachine => ({
  machineId,
  silentForMs,
  intervalMs: 10_000,
  missedAfterMs: 30_000,
  stopping: false,
  bootId: 'boot',
  lastHeardAt: 0,
  ...more,
});
const several = (
  count: number,
  silentForMs: number,
  name = 'm',
  more: Partial<WatchedMachine> = {},
): WatchedMachine[] => Array.from({ length: count }, (_, index) => silent(`${name}${index}`, silentForMs, more));

describe('an outage', () => {
  it.each([200, 1000])(
    'is seen with the first of %d machines that stop at once, their beats spread evenly',
    (count) => {
      const stoppedFor = (ms: number) =>
        Array.from({ length: count }, (_, index) => silent(`m${index}`, ms + (index * 10_000) / count));
      const watchedAt = (ms: number) => [...stoppedFor(ms), ...several(10 * count, 5000, 'well')];
      // Until the first is missed nothing is; and then it is never alone.
      const firstMissed = 30_000 - ((count - 1) * 10_000) / count;
      expect(judgeOutage(watchedAt(firstMissed - 1))).toBeUndefined();
      const judged = judgeOutage(watchedAt(firstMissed));
      expect(judged).toMatchObject({ watched: 11 * count });
      expect(judged?.machineIds).toHaveLength(count);
      expect(judged?.machineIds[0]).toBe(`m${count - 1}`);
    },
  );

  it.each([
    ['ten of a thousand', 10, 990, true],
    ['nine of a thousand', 9, 991, false],
    ['three of four', 3, 1, true],
    ['two of four', 2, 2, false],
    ['three of three, too few to tell', 3, 0, false],
    ['one of one', 1, 0, false],
  ])('%s: %#', (_what, late, well, expected) => {
    const watched = [...several(late, 30_000), ...several(well, 9000, 'well')];
    expect(judgeOutage(watched) !== undefined).toBe(expected);
  });

  it('is not what hangs one after the other, nor what was missed long ago or says farewell', () => {
    const fresh = silent('fresh', 30_000);
    expect(judgeOutage([fresh, ...several(20, 3_600_000, 'old')])).toBeUndefined();
    expect(judgeOutage([fresh, ...several(20, 14_999, 'well')])).toBeUndefined();
    const stopping = { stopping: true, missedAfterMs: 600_000 };
    expect(judgeOutage([fresh, ...several(20, 400_000, 'stopping', stopping)])).toBeUndefined();
  });

  it('needs one that is missed', () => {
    expect(judgeOutage(several(50, 29_999))).toBeUndefined();
    expect(judgeOutage([])).toBeUndefined();
  });

  it('never names a machine that is well', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(100_000), { maxLength: 40 }), (silences) => {
        const watched = silences.map((ms, index) => silent(`m${index}`, ms));
        const named = new Set(judgeOutage(watched)?.machineIds);
        for (const machine of watched)
          if (named.has(machine.machineId)) expect(machine.silentForMs).toBeGreaterThanOrEqual(15_000);
      }),
    );
  });
});
