/** Every command there is for a BMC, in the order in which people are shown them. */
import { bootCommands } from './boot.ts';
import type { BmcCommand } from './command.ts';
import { consoleCommands } from './console.ts';
import { deviceCommands } from './device.ts';
import { powerCommands } from './power.ts';
import { sensorsCommands } from './sensors.ts';

/** A new command is added to its subject's file, and a new subject here, and nowhere else. */
export const bmcCommands: readonly BmcCommand[] = [
  ...powerCommands,
  ...sensorsCommands,
  ...bootCommands,
  ...consoleCommands,
  ...deviceCommands,
];

/** @param name the words, e.g. `sel list` */
export function findBmcCommand(name: string): BmcCommand | undefined {
  return bmcCommands.find((command) => command.name === name);
}
