/**
 * A simulated rack that speaks real protocols over real sockets: for scale, for faults that no real peer makes on demand,
 * and for demonstrations. Itself checked by real clients. Imports protocols only.
 */
export type {
  Area,
  AreaContext,
  Asker,
  CommandHandler,
  PayloadHandler,
  PayloadSession,
  Refused,
  SimulatedServer,
  SimulatedUser,
  SimulatorClock,
} from './ipmi/area.ts';
export { handler, setPower } from './ipmi/area.ts';
export { parseFaults } from './ipmi/fault-text.ts';
export type { Faults } from './ipmi/faults.ts';
export type { SensorsArea, SensorsAreaOptions } from './ipmi/areas/sensors.ts';
export { createFansArea } from './ipmi/areas/fans.ts';
export type { SimulatedFru } from './ipmi/areas/inventory.ts';
export { fruHandlers, simulatedFru } from './ipmi/areas/inventory.ts';
export { createSensorsArea, satelliteSensorHandlers } from './ipmi/areas/sensors.ts';
export type { ReceivedRequest } from './ipmi/management-controller.ts';
export type { Satellite } from './ipmi/satellites.ts';
export { usualSatellites } from './ipmi/satellites.ts';
export type { SimulatedBmc, SimulatedBmcOptions } from './ipmi/simulated-bmc.ts';
export { startSimulatedBmc } from './ipmi/simulated-bmc.ts';
export { systemClock } from './ipmi/system-clock.ts';
export type { SimulatedLogin } from './ipmi/users.ts';
export { noFaults } from './ipmi/faults.ts';
