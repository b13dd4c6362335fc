/** A look at a machine: what it showed, what was read, and whether it had power; and such a look kept. */
import type { Frame, Reading } from '../../console/index.ts';

export type PowerSeen = 'on' | 'off' | 'unknown';

/** What was seen, as yet kept nowhere. */
export interface Look {
  time: number;
  power: PowerSeen;
  /** Undefined: no console, no power, or it could not be had. */
  frame: Frame | undefined;
  /** Undefined when there is no frame, or no grid fits it. */
  reading: Reading | undefined;
  /** Why there is no frame, no reading or no power state, in words. */
  problem: string | null;
}

export type StoredReading = Pick<Reading, 'font' | 'columns' | 'rows' | 'lines' | 'confidence'> & {
  cursor: { column: number; row: number } | null;
};

export interface Observation {
  id: string;
  machineId: string;
  incidentId: string | null;
  time: number;
  power: PowerSeen;
  /** The frame's id in the store, or null: no console, no power, or it could not be had. */
  frameId: string | null;
  /** Null when there is no frame, or no grid fits it. */
  reading: StoredReading | null;
  /** Why there is no frame, no reading or no power state, in words. */
  problem: string | null;
}
