/** What came of a command, as JSON: what the API answers, what the command line prints. */
import { AthanorError, asAthanorError } from '../../errors/index.ts';
import type { BmcResult } from '../result.ts';

export interface BmcAnswer {
  bmc: string;
  driver: string;
  outcome: BmcResult<unknown>['outcome'];
  /** The command's value, when it is done. */
  value?: unknown;
  /** `at` in ISO 8601, UTC. */
  evidence: { source: string; detail: string; at: string }[];
  /** Why it is not done. */
  error?: { code: string; message: string; remedy: string };
}

export function answerOf(bmc: string, result: BmcResult<unknown>): BmcAnswer {
  const { driver, outcome } = result;
  if (result.outcome === 'unsupported') {
    const { code, message, remedy } = new AthanorError('unsupported', result.reason);
    return { bmc, driver, outcome, evidence: [], error: { code, message, remedy } };
  }
  const evidence = result.evidence.map(({ source, detail, at }) => ({
    source,
    detail,
    at: new Date(at).toISOString(),
  }));
  if (result.outcome === 'done') return { bmc, driver, outcome, value: result.value, evidence };
  const { code, message, remedy } = result.error;
  return { bmc, driver, outcome, evidence, error: { code, message, remedy } };
}

/** What was never asked, for example because the BMC's settings cannot be used. */
export function answerOfError(bmc: string, driver: string, thrown: unknown): BmcAnswer {
  const { code, message, remedy } = asAthanorError(thrown);
  return { bmc, driver, outcome: 'failed', evidence: [], error: { code, message, remedy } };
}
