/**
 * Refused requests in the log: each of them is a line that a stranger on the provisioning network can make at will, so only
 * some are told, and then how many were not.
 */
import type { Logger } from 'pino';
import type { AthanorError } from '../errors/index.ts';

/** Lines of one kind in one span. */
const MOST_LINES = 10;
const SPAN_MS = 60_000;

export type RefusalLog = (error: AthanorError, where: string) => void;

/**
 * @param what what was refused, in words: `a request of a ramdisk`
 * @param now milliseconds by any clock
 */
export function createRefusalLog(logger: Pick<Logger, 'warn' | 'error'>, what: string, now: () => number): RefusalLog {
  /** By the error's code, of which there are few. */
  const told = new Map<string, { since: number; lines: number }>();
  return (error, where) => {
    const time = now();
    let span = told.get(error.code);
    if (span === undefined || time - span.since >= SPAN_MS || time < span.since) {
      const untold = (span?.lines ?? 0) - MOST_LINES;
      if (untold > 0) logger.warn({ code: error.code }, `${untold} more like the last ones were not told`);
      span = { since: time, lines: 0 };
      told.set(error.code, span);
    }
    span.lines += 1;
    if (span.lines > MOST_LINES) return;
    // A refusal is a line; only what is wrong with ourselves is worth a stack.
    if (error.code === 'internal' || error.code === 'database-failed')
      logger.error({ err: error, where }, `${what} failed`);
    else logger.warn({ code: error.code, where }, `${what} was refused: ${error.message}`);
  };
}
