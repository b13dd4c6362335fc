import type { ZodType } from 'zod';
import { AthanorError } from '../errors/index.ts';
import type { JsonText } from './schema.ts';

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue | undefined };

/** A JSON document for a JSON column. */
export function toJson(value: JsonValue): JsonText {
  return JSON.stringify(value);
}

/** The document of a JSON column, checked by its schema; `column` names it in the error of one that does not fit. */
export function fromJson<T>(schema: ZodType<T>, text: JsonText, column: string): T {
  const parsed = schema.safeParse(parseJson(text, column));
  if (parsed.success) return parsed.data;
  throw new AthanorError('database-failed', `the database's ${column} is not as expected: ${parsed.error.message}`, {
    field: column,
    cause: parsed.error,
  });
}

/** Any JSON document. */
export function parseJson(text: JsonText, column: string): JsonValue {
  try {
    // What JSON.parse gives is a JsonValue by definition; its type says any.
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw new AthanorError('database-failed', `the database's ${column} is not JSON`, { field: column, cause: error });
  }
}
