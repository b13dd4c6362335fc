/** The areas a simulated BMC is made of beside sessions and power. */
import type { Area, AreaContext } from '../area.ts';
import { createAccessArea } from './access.ts';
import { createChassisArea } from './chassis.ts';
import { createSensorsArea } from './sensors.ts';
import { createSolArea } from './sol.ts';

/** Every area, each with its own state; a new one is added here. A later one's command takes the place of an earlier's. */
export function createAreas(context: AreaContext) {
  return {
    chassis: createChassisArea(context),
    sol: createSolArea(context),
    access: createAccessArea(context),
    sensors: createSensorsArea(context),
  } satisfies Record<string, Area>;
}
