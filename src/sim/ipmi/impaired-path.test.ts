import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Faults } from './faults.ts';
import { noFaults } from './faults.ts';
import { createImpairedPath } from './impaired-path.ts';
import { createSeededRandom } from './seeded-random.ts';
import { createTestClock } from './testing/test-clock.ts';

function travel(faults: Partial<Faults>, count: number, seed = 7): number[] {
  const clock = createTestClock();
  const arrived: number[] = [];
  const random = createSeededRandom(seed);
  const path = createImpairedPath<number>({ ...noFaults(), ...faults }, random, clock, (packet) =>
    arrived.push(packet),
  );
  for (let packet = 0; packet < count; packet += 1) {
    path.pass(packet);
    clock.advance(1);
  }
  clock.advance(1_000);
  return arrived;
}

const all = Array.from({ length: 1_000 }, (_, index) => index);

describe('the network before a simulated BMC', () => {
  it('without faults changes nothing', () => {
    expect(travel({}, 1_000)).toEqual(all);
  });

  it('loses the share it is told to', () => {
    const arrived = travel({ loss: 0.2 }, 1_000);
    expect(arrived.length).toBeGreaterThan(740);
    expect(arrived.length).toBeLessThan(860);
  });

  it('doubles the share it is told to', () => {
    const arrived = travel({ duplicate: 0.1 }, 1_000);
    expect(arrived.length).toBeGreaterThan(1_060);
    expect(arrived.length).toBeLessThan(1_140);
    expect([...new Set(arrived)]).toEqual(all);
  });

  it('reorders neighbours and loses none of them, not even the last', () => {
    const arrived = travel({ reorder: 0.3 }, 1_000);
    expect(arrived).not.toEqual(all);
    expect(arrived.toSorted((left, right) => left - right)).toEqual(all);
    expect(travel({ reorder: 1 }, 1)).toEqual([0]);
  });

  it('delays within the bound', () => {
    expect(travel({ delayMs: 100 }, 1_000).toSorted((left, right) => left - right)).toEqual(all);
    expect(travel({ delayMs: 100 }, 1_000)).not.toEqual(all);
  });

  it('makes the same choices for the same seed', () => {
    const faults = { loss: 0.1, duplicate: 0.1, reorder: 0.2, delayMs: 10 };
    expect(travel(faults, 500, 3)).toEqual(travel(faults, 500, 3));
    expect(travel(faults, 500, 3)).not.toEqual(travel(faults, 500, 4));
  });

  it('never holds more than a bounded number of packets', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, share, fc.integer({ min: 0, max: 10_000 }), (loss, duplicate, reorder, delayMs) => {
        const clock = createTestClock();
        const faults = { ...noFaults(), loss, duplicate, reorder, delayMs };
        const path = createImpairedPath<number>(faults, createSeededRandom(1), clock, () => undefined);
        for (let packet = 0; packet < 2_000; packet += 1) path.pass(packet);
        expect(clock.pending()).toBeLessThanOrEqual(258);
        path.close();
        expect(clock.pending()).toBe(0);
      }),
      { numRuns: 30 },
    );
  });
});
