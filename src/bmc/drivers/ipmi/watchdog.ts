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

export function ipmiWatchdog(context: IpmiContext): WatchdogCapability {
  const about = { driver: 'ipmi', capability: 'watchdog', clock: context.clock } as const;
  const { client, lane } = context;
  return {
    get: (options = {}) => settle(about, async (note) => toReading(await read(context, note, options.signal))),
    set: (settings, options = {}) =>
      settle(about, (note) => lane.change(() => set(context, settings, note, options.signal), options.signal)),
    start: (options = {}) =>
      settle(about, (note) =>
        lane.change(async () => {
          await client.run(resetWatchdogTimer, noData, options.signal);
          note(resetWatchdogTimer.name, 'confirmed by the BMC');
          return expectRunning(context, await read(context, note, options.signal), true);
        }, options.signal),
      ),
    stop: (options = {}) =>
      settle(about, (note) =>
        lane.change(async () => {
          const now = await read(context, note, options.signal);
          await client.run(setWatchdogTimer, { ...now, expiredUses: 0, keepRunning: false }, options.signal);
          note(setWatchdogTimer.name, 'stopped, all else as it was');
          return expectRunning(context, await read(context, note, options.signal), false);
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
  await context.client.run(setWatchdogTimer, { ...wanted, expiredUses: clearIts, keepRunning: false }, signal);
  note(setWatchdogTimer.name, 'confirmed by the BMC');
  const seen = await read(context, note, signal);
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
