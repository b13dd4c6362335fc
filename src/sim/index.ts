/**
 * A simulated rack that speaks real protocols over real sockets: for scale, for faults that no real peer makes on demand,
 * and for demonstrations. Itself checked by real clients. Imports protocols only.
 */
export type {
  AreaContext,
  Asker,
  CommandHandler,
  Refused,
  SimulatedServer,
  SimulatedUser,
  SimulatorClock,
} from './ipmi/area.ts';
export { handler } from './ipmi/area.ts';
