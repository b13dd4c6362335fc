/** The areas a simulated BMC is made of beside sessions and power. */
import type { AreaContext, CommandHandler } from '../area.ts';

export interface Area {
  handlers: readonly CommandHandler[];
}

/** Every area, each with its own state; a new one is added here. */
export function createAreas(_context: AreaContext): Record<string, Area> {
  return {};
}
