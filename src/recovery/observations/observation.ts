/** A look at a machine, kept: what it showed, what was read, and whether it had power. */
import type { Reading } from '../../console/index.ts';

export type StoredReading = Pick<Reading, 'font' | 'columns' | 'rows' | 'lines' | 'confidence'> & {
  cursor: { column: number; row: number } | null;
};

export interface Observation {
  id: string;
  machineId: string;
  incidentId: string | null;
  time: number;
  power: 'on' | 'off' | 'unknown';
  /** The frame's id in the store, or null: no console, no power, or it could not be had. */
  frameId: string | null;
  /** Null when there is no frame, or no grid fits it. */
  reading: StoredReading | null;
  /** Why there is no frame or no reading, in words. */
  problem: string | null;
}
