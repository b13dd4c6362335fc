/** Is a machine off because a person switched it off by Athanor? */
import type { Row } from '../store/index.ts';

/** Within this a machine that was switched off may still be heard. */
const shutdownMs = 2 * 60_000;

/**
 * @param heardAt when it was heard last. Long after it was told to go off: it did not, or was switched on again by hand
 */
export function isOffOnPurpose(
  machine: Pick<Row<'machines'>, 'off_on_purpose' | 'switched_at'>,
  heardAt: number | undefined,
): boolean {
  const { off_on_purpose: flag, switched_at: switchedAt } = machine;
  const runsOn = switchedAt !== null && heardAt !== undefined && heardAt > switchedAt + shutdownMs;
  return flag === 1 && !runsOn;
}
