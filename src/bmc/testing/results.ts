import type { BmcResult, Done, Failed, OutcomeUnknown } from '../result.ts';

/** The result as `done`, or an error that tells what it was instead. */
export function expectDone<Value>(result: BmcResult<Value>): Done<Value> {
  if (result.outcome === 'done') return result;
  throw new Error(`expected done, got ${describe(result)}`);
}

export function expectFailed(result: BmcResult<unknown>): Failed {
  if (result.outcome === 'failed') return result;
  throw new Error(`expected failed, got ${describe(result)}`);
}

export function expectUnknown(result: BmcResult<unknown>): OutcomeUnknown {
  if (result.outcome === 'outcome unknown') return result;
  throw new Error(`expected outcome unknown, got ${describe(result)}`);
}

function describe(result: BmcResult<unknown>): string {
  if (result.outcome === 'unsupported') return `unsupported: ${result.reason}`;
  if (result.outcome === 'done') return `done: ${JSON.stringify(result.value)}`;
  return `${result.outcome}: ${result.error.code}: ${result.error.message}`;
}
