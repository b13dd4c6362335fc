/** The watchdog timer over IPMI (IPMI v2.0 §27.5–27.7). */
import { AthanorError } from '../../../errors/index.ts';
import type { WatchdogTimerState } from '../../../protocols/ipmi/index.ts';
import {
  getWatchdogTimer,
  noData,
  resetWatchdogTimer,
  setWatchdogTimer,
  watchdogUses,
} from '../../../protocols/ipmi/index.ts';
import type { WatchdogCapability, WatchdogReading, WatchdogSettings } from '../../capabilities/watchdog.ts';
import type { Note } from '../../settle.ts';
import { settle } from '../../settle.ts';
import type { IpmiContext } from './context.ts';
import { readBack, sendChange } from './send-change.ts';

export function ipmiWatchdog(context: IpmiContext): WatchdogCapability {
  const about = { driver: 'ipmi', capability: 'watchdog', clock: context.clock } as const;
  const { lane } = context;
  return {
    get: (options = {}) => settle(about, async (note) => toReading(await read(context, note, options.signal))),
    set: (settings, options = {}) =>
      settle(about, (note) => lane.change(() => set(context, settings, note, options.signal), options.signal)),
    start: (options = {}) =>
      settle(about, (note) =>
        lane.change(async () => {
          const what = 'a running watchdog';
          await sendChange(context, resetWatchdogTimer, noData, what, options);
          note(resetWatchdogTimer.name, 'confirmed by the BMC');
          const seen = await readBack(context, what, () => read(context, note, options.signal));
          return expectRunning(context, seen, true);
        }, options.signal),
      ),
    stop: (options = {}) =>
      settle(about, (note) =>
        lane.change(async () => {
          const now = await read(context, note, options.signal);
          const [stopped, what] = [{ ...now, expiredUses: 0, keepRunning: false }, 'a stopped watchdog'];
          await sendChange(context, setWatchdogTimer, stopped, what, options);
          note(setWatchdogTimer.name, 'stopped, all else as it was');
          const seen = await readBack(context, what, () => read(context, note, options.signal));
          return expectRunning(context, seen, false);
        }, options.signal),
      ),
  };
}

async function read(context: IpmiContext, note: Note, signal?: AbortSignal): Promise<WatchdogTimerState> {
  const state = await context.client.run(getWatchdogTimer, noData, signal);
  const count = state.presentCount / 10;
  note(
    getWatchdogTimer.name,
    `${state.running ? 'running' : 'stopped'}, ${state.use}, ${state.action}, ${count} s left`,
  );
  return state;
}

async function set(context: IpmiContext, settings: WatchdogSettings, note: Note, signal?: AbortSignal) {
  const wanted = {
    dontLog: !settings.log,
    use: settings.purpose,
    preTimeoutInterrupt: settings.warning,
    action: settings.action,
    preTimeoutSeconds: settings.warningSeconds,
    initialCount: Math.round(settings.timeoutSeconds * 10),
  };
  const clearIts = 1 << watchdogUses.indexOf(settings.purpose);
  const what = "the watchdog's new settings";
  const request = { ...wanted, expiredUses: clearIts, keepRunning: false };
  await sendChange(context, setWatchdogTimer, request, what, { signal });
  note(setWatchdogTimer.name, 'confirmed by the BMC');
  const seen = await readBack(context, what, () => read(context, note, signal));
  const different = (Object.keys(wanted) as (keyof typeof wanted)[]).filter((key) => seen[key] !== wanted[key]);
  if (different.length > 0) {
    throw new AthanorError(
      'deadline-exceeded',
      `BMC ${context.peer.name} confirmed the watchdog's settings, but reads back other ${different.join(', ')}`,
    );
  }
  return toReading(seen);
}

function expectRunning(context: IpmiContext, state: WatchdogTimerState, running: boolean): WatchdogReading {
  if (state.running === running) return toReading(state);
  throw new AthanorError(
    'deadline-exceeded',
    `BMC ${context.peer.name} confirmed, but its watchdog ${state.running ? 'still runs' : 'does not run'}`,
  );
}

function toReading(state: WatchdogTimerState): WatchdogReading {
  return {
    running: state.running,
    purpose: String(state.use),
    action: String(state.action),
    warning: String(state.preTimeoutInterrupt),
    timeoutSeconds: state.initialCount / 10,
    warningSeconds: state.preTimeoutSeconds,
    remainingSeconds: state.presentCount / 10,
    log: !state.dontLog,
    expired: watchdogUses.filter((_, bit) => bit > 0 && (state.expiredUses & (1 << bit)) !== 0),
  };
}
