import { AthanorError } from '../errors/index.ts';

/**
 * Refuses query parameters that a database would take for something else, the same on both. Traps: node:sqlite takes
 * an object in the first place for named parameters, so a `Date` there binds NULL without a word; NaN is stored as
 * NULL; PostgreSQL refuses U+0000 in text, SQLite stores it.
 */
export function checkParameters(parameters: readonly unknown[]): void {
  for (const [index, parameter] of parameters.entries()) {
    const problem = problemOf(parameter);
    if (problem !== undefined) {
      throw new AthanorError('internal', `query parameter ${index + 1} ${problem}`, {
        field: `parameter ${index + 1}`,
      });
    }
  }
}

function problemOf(parameter: unknown): string | undefined {
  switch (typeof parameter) {
    case 'string':
      return parameter.includes('\u0000') ? 'holds the character U+0000, which no text column can hold' : undefined;
    case 'number':
      if (!Number.isFinite(parameter)) return `is ${parameter}, which no column can hold`;
      return Number.isInteger(parameter) && !Number.isSafeInteger(parameter)
        ? 'is an integer beyond 2^53, which would not be read back the same'
        : undefined;
    case 'bigint':
      return parameter > BigInt(Number.MAX_SAFE_INTEGER) || parameter < BigInt(Number.MIN_SAFE_INTEGER)
        ? 'is an integer beyond 2^53, which could not be read back as a number'
        : undefined;
    case 'boolean':
      return 'is a boolean; store 0 or 1';
    case 'object':
      if (parameter === null || parameter instanceof Uint8Array) return undefined;
      return parameter instanceof Date
        ? 'is a Date; store its milliseconds'
        : 'is an object; store JSON text (toJson) or its parts';
    default:
      return `is of type ${typeof parameter}, which no column can hold`;
  }
}
