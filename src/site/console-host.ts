/** The graphical consoles of one site's machines, by the name of their BMC. Nothing is opened before somebody looks. */
import type { ConsoleSettings, GraphicalConsole } from '../console/index.ts';

export interface ConsoleHost {
  /** The console that belongs to this BMC, or undefined where none is declared. */
  console(bmcName: string): GraphicalConsole | undefined;
  /** Take in the declared consoles, each named like its BMC; who looks from now on uses them. */
  declare(settings: readonly ConsoleSettings[]): void;
}

/** @param open makes a console; it connects at each use and holds nothing between */
export function createConsoleHost(open: (settings: ConsoleSettings) => GraphicalConsole): ConsoleHost {
  let consoles = new Map<string, GraphicalConsole>();
  return {
    console: (bmcName) => consoles.get(bmcName),
    declare: (list) => {
      consoles = new Map(list.map((settings) => [settings.name, open(settings)]));
    },
  };
}
