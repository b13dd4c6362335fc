/** Turns what a driver's code does (return, or throw an AthanorError) into a result with its evidence. */
import { AthanorError, asAthanorError } from '../errors/index.ts';
import type { CapabilityName, DriverName } from './names.ts';
import type { Clock } from './ports.ts';
import type { BmcResult, Evidence } from './result.ts';

/** Adds one line of evidence. */
export type Note = (source: string, detail: string) => void;

/**
 * `task` returns the value when it is done, and throws otherwise: `unsupported` and `outcome-unknown` become those
 * outcomes, every other error becomes `failed`. Never rejects.
 */
export async function settle<Value>(
  context: { driver: DriverName; capability: CapabilityName; clock: Clock },
  task: (note: Note) => Promise<Value>,
): Promise<BmcResult<Value>> {
  const { driver, capability, clock } = context;
  const evidence: Evidence[] = [];
  const note: Note = (source, detail) => evidence.push({ source, detail, at: clock.now() });
  try {
    return { outcome: 'done', value: await task(note), driver, evidence };
  } catch (thrown) {
    const error = asAthanorError(thrown);
    if (error.code === 'unsupported') return { outcome: 'unsupported', driver, capability, reason: error.message };
    if (error.code === 'outcome-unknown') return { outcome: 'outcome unknown', driver, error, evidence };
    return { outcome: 'failed', driver, error, evidence };
  }
}

/** Where the effect of a change is not known. */
export function outcomeUnknown(message: string, cause?: unknown): AthanorError {
  return new AthanorError('outcome-unknown', message, cause === undefined ? {} : { cause });
}
