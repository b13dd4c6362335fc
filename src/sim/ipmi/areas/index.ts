/** The areas a simulated BMC is made of beside sessions and power. */
import type { Area, AreaContext } from '../area.ts';
import { createAccessArea } from './access.ts';
import { createChassisArea } from './chassis.ts';
import { createWatchdogArea } from './watchdog.ts';
import { createPefArea } from './pef.ts';
import { createFansArea } from './fans.ts';
import { createDcmiArea } from './dcmi.ts';
import { createBootArea } from './boot.ts';
import { createEventLogArea } from './event-log.ts';
import { createInventoryArea } from './inventory.ts';
import { createSensorsArea } from './sensors.ts';
import { createSolArea } from './sol.ts';

/** Every area, each with its own state; a new one is added here. A later one's command takes the place of an earlier's. */
export const areaMakers = {
  chassis: createChassisArea,
  watchdog: createWatchdogArea,
  pef: createPefArea,
  fans: createFansArea,
  dcmi: createDcmiArea,
  boot: createBootArea,
  sol: createSolArea,
  access: createAccessArea,
  sensors: createSensorsArea,
  eventLog: createEventLogArea,
  inventory: createInventoryArea,
} satisfies Record<string, (context: AreaContext) => Area>;
