/** The recovery room and its surroundings: heartbeats, eyes, rules, the heal operation and the watch over all of it. */
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import { type GraphicalConsole, loadFonts, readScreen, type ScreenFonts } from '../console/index.ts';
import type { Wakeups } from '../install/index.ts';
import { bmcOfMachine, confirmBmcStep, createRecoveringMoves, type MachineEnvironment } from '../machine/index.ts';
import type { OperationDefinition, Operations } from '../operation/index.ts';
import {
  createHealHooks,
  createHeartbeats,
  createObserver,
  createRecovery,
  defaultOutageSettings,
  healMachine,
  type HealMachineInput,
  type Heartbeats,
  type Observer,
  type PowerSeen,
  type Recovery,
} from '../recovery/index.ts';
import { macBehind, type Site } from '../site/index.ts';
import type { Store } from '../store/index.ts';
import type { RecoveryConfiguration } from './configuration/model.ts';
import { createRefusalLog } from './refusal-log.ts';

const fontsDirectory = path.join(import.meta.dirname, '../../build/fonts');

export interface RecoveryParts {
  store: Store;
  site: Site;
  wakeups: Wakeups;
  environment: MachineEnvironment;
  configuration: RecoveryConfiguration;
  logger: Logger;
  now(): number;
}

export interface RecoveryRoom {
  heartbeats: Heartbeats;
  observer: Observer;
  /** For the operations room. */
  definition: OperationDefinition<HealMachineInput>;
  /** The watch; begins when it is started. */
  watch(operations: Operations): Recovery;
}

/** Leaves out what is undefined, so that the room's own defaults stay. */
function given<T extends object>(settings: { [Key in keyof T]: T[Key] | undefined }): Partial<T> {
  const entries = Object.entries(settings).filter(([, value]) => value !== undefined);
  // Every key that is left has a value of its type.
  return Object.fromEntries(entries) as Partial<T>;
}

/** Without fonts the screens are still kept as pictures; nothing is read, so nothing is healed by its screen. */
async function fontsOrNone(logger: Logger): Promise<ScreenFonts | undefined> {
  try {
    return await loadFonts(fontsDirectory);
  } catch (error) {
    logger.warn({ err: error }, 'screens cannot be read: the fonts are missing');
    return undefined;
  }
}

export async function createRecoveryRoom(parts: RecoveryParts): Promise<RecoveryRoom> {
  const { store, site, wakeups, environment, configuration, logger, now } = parts;
  const monotonic = (): number => performance.now();
  const fonts = await fontsOrNone(logger);

  const consoleOf = async (machineId: string): Promise<GraphicalConsole | undefined> => {
    const bmc = await bmcOfMachine(environment, machineId);
    return bmc === undefined ? undefined : site.console(bmc.settings.name);
  };
  const powerOf = async (machineId: string, signal: AbortSignal): Promise<PowerSeen> => {
    const bmc = await bmcOfMachine(environment, machineId);
    if (bmc === undefined) return 'unknown';
    const result = await bmc.power.get({ signal });
    if (result.outcome === 'done') return result.value.state;
    if (result.outcome === 'unsupported') return 'unknown';
    throw result.error;
  };

  const heartbeats = createHeartbeats({
    store,
    macOf: (address) => macBehind(site.leases, address, now()),
    now,
    monotonic,
    settings: given({
      intervalMs: configuration.heartbeatIntervalMs,
      missedBeats: configuration.missedBeats,
      stoppingMs: configuration.stoppedGraceMs,
    }),
    onError: createRefusalLog(logger, 'a request of an agent', monotonic),
  });
  heartbeats.onHeard((machineId) => wakeups.wake(machineId));
  const observer = createObserver({
    store,
    read: (frame) => (fonts === undefined ? undefined : readScreen(frame, fonts)),
    consoleOf,
    powerOf,
    now,
  });
  const machines = createRecoveringMoves(store, now);
  const definition = healMachine({
    store,
    observer,
    consoleOf,
    bmcOf: (machineId) => bmcOfMachine(environment, machineId),
    heartbeats,
    wakeups,
    now,
    monotonic,
    confirmBmc: confirmBmcStep(environment),
    ends: createHealHooks({ store, machines, now }),
  });
  return {
    heartbeats,
    observer,
    definition,
    watch: (operations) =>
      createRecovery({
        store,
        operations,
        heartbeats,
        observer,
        machines,
        powerOf,
        settings: {
          ...given({ concurrentHeals: configuration.concurrentHeals }),
          outage: { ...defaultOutageSettings, ...given({ atOnce: configuration.outageAtOnce }) },
        },
        now,
        monotonic,
        logger,
      }),
  };
}
