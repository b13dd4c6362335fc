/** A watchdog that counts, and does to the machine what it is set to. */
import type { SetWatchdogTimerRequest } from '../../../protocols/ipmi/index.ts';
import {
  getWatchdogTimer,
  privilegeLevel,
  resetWatchdogTimer,
  setWatchdogTimer,
  watchdogUses,
} from '../../../protocols/ipmi/index.ts';
import type { Area, AreaContext } from '../area.ts';
import { handler, setPower } from '../area.ts';

const countMs = 100;
const powerCycleMs = 1_000;
const uninitialised = { completionCode: 0x80 };

export function createWatchdogArea(context: AreaContext): Area {
  const { server, clock } = context;
  let timer: SetWatchdogTimerRequest | undefined;
  let expiredUses = 0;
  let endsAt: number | undefined;
  let cancel: (() => void) | undefined;

  function stop(): void {
    cancel?.();
    cancel = undefined;
    endsAt = undefined;
  }

  function expire(): void {
    stop();
    const use = typeof timer?.use === 'number' ? timer.use : watchdogUses.indexOf(timer?.use ?? 'reserved');
    expiredUses |= 1 << use;
    if (timer?.action === 'power-down' || timer?.action === 'power-cycle') setPower(server, false);
    if (timer?.action === 'power-cycle') clock.after(powerCycleMs, () => setPower(server, true));
  }

  function start(count: number): void {
    stop();
    endsAt = clock.now() + count * countMs;
    cancel = clock.after(count * countMs, expire);
  }

  return {
    handlers: [
      handler(setWatchdogTimer, privilegeLevel.operator, (request) => {
        const running = endsAt !== undefined;
        timer = request;
        expiredUses &= ~request.expiredUses;
        if (running && request.keepRunning) start(request.initialCount);
        else stop();
        return {};
      }),
      handler(resetWatchdogTimer, privilegeLevel.operator, () => {
        if (timer === undefined) return uninitialised;
        start(timer.initialCount);
        return {};
      }),
      handler(getWatchdogTimer, privilegeLevel.user, () => ({
        dontLog: timer?.dontLog ?? false,
        use: timer?.use ?? 'sms-os',
        preTimeoutInterrupt: timer?.preTimeoutInterrupt ?? 'none',
        action: timer?.action ?? 'none',
        preTimeoutSeconds: timer?.preTimeoutSeconds ?? 0,
        expiredUses,
        initialCount: timer?.initialCount ?? 0,
        running: endsAt !== undefined,
        presentCount:
          endsAt === undefined ? (timer?.initialCount ?? 0) : Math.ceil(Math.max(0, endsAt - clock.now()) / countMs),
      })),
    ],
  };
}
