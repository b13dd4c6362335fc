/** The areas a simulated BMC is made of beside sessions and power. */
import type { AreaContext, CommandHandler, PayloadHandler } from '../area.ts';

export interface Area {
  handlers: readonly CommandHandler[];
  /** By payload type. */
  payloads?: ReadonlyMap<number, PayloadHandler>;
}

/** Every area, each with its own state; a new one is added here. */
export function createAreas(_context: AreaContext): Record<string, Area> {
  return {};
}
