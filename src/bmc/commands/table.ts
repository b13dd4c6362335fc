/** Every command there is for a BMC, where all of them are needed at once. */
import type { BmcCommand } from './command.ts';
import { loadBmcCommands } from './subjects.ts';

export const bmcCommands: readonly BmcCommand[] = await loadBmcCommands();

/** @param name the words, e.g. `sel list` */
export function findBmcCommand(name: string): BmcCommand | undefined {
  return bmcCommands.find((command) => command.name === name);
}
