import { beforeEach, describe, expect, it } from 'vitest';
import { createTracker, defaultHeartbeatSettings, type Tracker } from './tracker.ts';

let time = 0;
let tracker: Tracker;
beforeEach(() => {
  time = 1000;
  tracker = createTracker({ monotonic: () => time, settings: defaultHeartbeatSettings, tickMs: 250 });
});

function enrol(machineId: string, intervalMs = 1000): void {
  const times = { enrolledAt: 0, lastHeardAt: 0, stoppingAt: null };
  const agent = { machineId, tokenHash: `hash of ${machineId}`, address: '10.0.0.1', bootId: 'boot', sequence: 0 };
  tracker.add({ ...agent, ...times, intervalMs }, { heard: true });
}

/** Time passes as it does in a process that runs. */
function pass(ms: number): void {
  for (let left = ms; left > 0; left -= 250) {
    time += Math.min(250, left);
    tracker.tick();
  }
}

const silence = (machineId: string): number | undefined =>
  tracker.watched().find((machine) => machine.machineId === machineId)?.silentForMs;

describe('how long a machine is silent', () => {
  it('is missed after three intervals, and not sooner than after two seconds', () => {
    enrol('a', 1000);
    enrol('b', 200);
    expect(tracker.watched()).toMatchObject([{ missedAfterMs: 3000 }, { missedAfterMs: 2000 }]);
  });

  it.each([
    ['a timer, first', () => tracker.tick()],
    ['somebody who asks, first', () => void tracker.watched()],
  ])('does not count while this process was stopped, noticed by %s', (_what, notice) => {
    enrol('a');
    pass(2000);
    time += 60_000;
    notice();
    expect(silence('a')).toBe(0);
    pass(2750);
    expect(silence('a')).toBe(2750);
  });

  it('still counts for a machine that was missed before: it is no better', () => {
    enrol('dead');
    pass(1000);
    enrol('well');
    pass(2500);
    time += 60_000;
    expect(silence('dead')).toBe(63_500);
    expect(silence('well')).toBe(0);
  });

  it('counts over a pause that is shorter than the interval', () => {
    enrol('a', 10_000);
    enrol('b', 1000);
    pass(1000);
    time += 5000;
    tracker.tick();
    expect(silence('a')).toBe(6000);
    expect(silence('b')).toBe(0);
  });

  it('is asked often without harm', () => {
    enrol('a');
    for (let count = 0; count < 4000; count += 1) {
      time += 1;
      tracker.watched();
    }
    expect(silence('a')).toBe(4000);
  });

  it('is never negative, and a machine that never spoke is not there', () => {
    expect(tracker.watched()).toEqual([]);
    enrol('a');
    time -= 500;
    expect(silence('a')).toBe(0);
  });
});
