/**
 * A simulated rack that speaks real protocols over real sockets: for scale, for faults that no real peer makes on demand,
 * and for demonstrations. Itself checked by real clients. Imports protocols only.
 */
export type {
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
export { handler } from './ipmi/area.ts';
export type { Faults } from './ipmi/faults.ts';
