import { describe, expect, it } from 'vitest';
import { AthanorError } from '../errors/index.ts';
import type { LaneSettings } from './lane.ts';
import { createLane } from './lane.ts';
import { rememberRefusedInMemory } from './ports.ts';
import { createFakeClock } from './testing/fake-clock.ts';

function start(settings: LaneSettings = {}) {
  const clock = createFakeClock();
  const refusedCredentials = rememberRefusedInMemory();
  const randomBytes = (length: number) => new Uint8Array(length).fill(0x80);
  return { clock, lane: createLane('b1', { clock, randomBytes, refusedCredentials }, settings) };
}

const unreachable = () => Promise.reject(new AthanorError('bmc-unreachable', 'silence'));
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof AthanorError ? error.code : String(error)),
  );

describe('the lane', () => {
  it('runs one exchange at a time, first come first served, whatever fails', async () => {
    const { lane } = start();
    const log: string[] = [];
    const task =
      (name: string, fails = false) =>
      async () => {
        log.push(`${name} begins`);
        await Promise.resolve();
        log.push(`${name} ends`);
        if (fails) throw new Error(name);
      };
    await Promise.allSettled([lane.exchange(task('a')), lane.exchange(task('b', true)), lane.exchange(task('c'))]);
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('lets reads pass while a change waits for its effect, but no second change', async () => {
    const { lane } = start();
    const log: string[] = [];
    let effect = () => undefined as void;
    const first = lane.change(async () => {
      await lane.exchange(async () => void log.push('act'));
      await new Promise<void>((resolve) => {
        effect = resolve;
      });
      log.push('effect seen');
    });
    const second = lane.change(async () => void log.push('second change'));
    await lane.exchange(async () => void log.push('act or read'));
    await lane.exchange(async () => void log.push('read'));
    effect();
    await Promise.all([first, second]);
    expect(log.indexOf('read')).toBeLessThan(log.indexOf('effect seen'));
    expect(log.slice(-2)).toEqual(['effect seen', 'second change']);
  });

  it('never starts a call that was aborted while it waited, and lets it go at once', async () => {
    const { lane } = start();
    const abort = new AbortController();
    const never = new Promise<void>(() => undefined);
    void lane.exchange(() => never);
    let started = false;
    const waiting = code(lane.exchange(async () => void (started = true), abort.signal));
    abort.abort();
    expect(await waiting).toBe('aborted');
    expect(started).toBe(false);
  });

  it('lets as many exchanges run at a time as the BMC is known to bear, and no more', async () => {
    const { lane } = start({ inFlight: 2 });
    let running = 0;
    let most = 0;
    const task = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    await Promise.all(Array.from({ length: 6 }, () => lane.exchange(task)));
    expect(most).toBe(2);
  });

  it('refuses a call when too many wait', async () => {
    const { lane } = start({ maximumWaiting: 2 });
    const never = new Promise<void>(() => undefined);
    const calls = ['runs', 'waits', 'waits', 'refused'].map(() => code(lane.exchange(() => never)));
    expect(await calls[3]).toBe('conflict');
  });
});

describe('the request budget', () => {
  it('lets a burst of unanswered packets through and then spaces what follows', async () => {
    const { lane, clock } = start({ budget: { burst: 3, perSecond: 10 } });
    let sent = 0;
    const sending = lane.exchange(async () => {
      for (let request = 0; request < 6; request += 1) {
        await lane.beforeSending();
        sent += 1;
      }
    });
    await clock.advance(0);
    expect(sent).toBe(3);
    await clock.advance(210);
    expect(sent).toBe(5);
    await clock.advance(110);
    await sending;
    expect(sent).toBe(6);
  });
});

describe('the request budget of a BMC that answers', () => {
  it('lets whoever waits for each answer go at the pace of the BMC', async () => {
    const { lane, clock } = start({ budget: { burst: 3, perSecond: 10 } });
    for (let request = 0; request < 500; request += 1) {
      await lane.exchange(async () => {
        await lane.beforeSending();
        lane.heard();
      });
    }
    expect(clock.pending()).toBe(0);
    expect(clock.monotonic()).toBe(0);
  });

  it('never saves up more than one burst', async () => {
    const { lane, clock } = start({ budget: { burst: 3, perSecond: 10 } });
    for (let answer = 0; answer < 50; answer += 1) lane.heard();
    let sent = 0;
    void lane.exchange(async () => {
      for (;;) {
        await lane.beforeSending();
        sent += 1;
      }
    });
    await clock.advance(50);
    expect(sent).toBe(3);
  });
});

describe('the circuit breaker', () => {
  const breaker = { failureThreshold: 3, coolDownMs: 10_000, maximumCoolDownMs: 30_000 };

  async function openIt(settings: LaneSettings = { breaker }) {
    const started = start(settings);
    for (let call = 0; call < breaker.failureThreshold; call += 1) await code(started.lane.exchange(unreachable));
    return started;
  }

  it('opens after silence in a row, and then fails at once without running anything', async () => {
    const { lane } = await openIt();
    expect(lane.breakerState).toBe('open');
    let ran = false;
    expect(await code(lane.exchange(async () => void (ran = true)))).toBe('bmc-circuit-open');
    expect(ran).toBe(false);
  });

  it('is not opened by a BMC that answers, if only by refusing', async () => {
    const { lane } = start({ breaker });
    const refusing = () => {
      lane.heard();
      return Promise.reject(new AthanorError('bmc-refused', 'no'));
    };
    for (const task of [unreachable, unreachable, refusing, unreachable, unreachable]) await code(lane.exchange(task));
    expect(lane.breakerState).toBe('closed');
  });

  it('lets one probe through after the cool-down, closes when it is answered', async () => {
    const { lane, clock } = await openIt();
    await clock.advance(11_000);
    expect(lane.breakerState).toBe('half-open');
    await lane.exchange(async () => lane.heard());
    expect(lane.breakerState).toBe('closed');
    expect(await code(lane.exchange(unreachable))).toBe('bmc-unreachable');
    expect(lane.breakerState).toBe('closed');
  });

  it('waits twice as long after a probe that fails, up to the maximum', async () => {
    const { lane, clock } = await openIt();
    await clock.advance(11_000);
    expect(await code(lane.exchange(unreachable))).toBe('bmc-unreachable');
    await clock.advance(17_000);
    expect(lane.breakerState).toBe('open');
    await clock.advance(6_000);
    expect(lane.breakerState).toBe('half-open');
    for (let probe = 0; probe < 5; probe += 1) {
      await code(lane.exchange(unreachable));
      await clock.advance(34_000);
      expect(lane.breakerState).toBe('half-open');
    }
  });

  it('is not closed by a call that sent nothing', async () => {
    const { lane, clock } = await openIt();
    await clock.advance(11_000);
    await code(lane.exchange(() => Promise.reject(new AthanorError('bmc-authentication', 'refused before'))));
    expect(lane.breakerState).toBe('half-open');
  });
});

describe('refused credentials', () => {
  it('are known by their fingerprint', async () => {
    const { lane } = start();
    await lane.credentialRefused({ name: 'c', fingerprint: 'old' });
    expect(await code(lane.checkCredential({ name: 'c', fingerprint: 'old' }))).toBe('bmc-authentication');
    expect(await code(lane.checkCredential({ name: 'c', fingerprint: 'new' }))).toBe('done');
  });
});
