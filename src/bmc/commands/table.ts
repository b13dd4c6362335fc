/** Every command there is for a BMC, in the order in which people are shown them. */
import { bootCommands } from './boot.ts';
import { alertingCommands } from './alerting.ts';
import { chassisCommands } from './chassis.ts';
import { dcmiCommands } from './dcmi.ts';
import { fanCommands } from './fans.ts';
import { watchdogCommands } from './watchdog.ts';
import type { BmcCommand } from './command.ts';
import { userCommands } from './user.ts';
import { serialCommands } from './serial.ts';
import { lanCommands } from './lan.ts';
import { channelCommands } from './channel.ts';
import { connectionCommands } from './connection.ts';
import { consoleCommands } from './console.ts';
import { deviceCommands } from './device.ts';
import { fruCommands } from './fru.ts';
import { powerCommands } from './power.ts';
import { selCommands } from './sel.ts';
import { sensorsCommands } from './sensors.ts';

/** A new command is added to its subject's file, and a new subject here, and nowhere else. */
export const bmcCommands: readonly BmcCommand[] = [
  ...powerCommands,
  ...sensorsCommands,
  ...selCommands,
  ...fruCommands,
  ...bootCommands,
  ...consoleCommands,
  ...deviceCommands,
  ...connectionCommands,
  ...alertingCommands,
  ...chassisCommands,
  ...dcmiCommands,
  ...fanCommands,
  ...watchdogCommands,
  ...channelCommands,
  ...lanCommands,
  ...serialCommands,
  ...userCommands,
];

/** @param name the words, e.g. `sel list` */
export function findBmcCommand(name: string): BmcCommand | undefined {
  return bmcCommands.find((command) => command.name === name);
}
