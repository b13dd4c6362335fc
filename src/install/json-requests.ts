/** JSON in plain HTTP as machines on the provisioning network speak it: bodies, tokens, answers and problem documents. */
import type { z } from 'zod';
import { AthanorError, catalogue } from '../errors/index.ts';
import type { BootHttpRequest, BootHttpResponse } from '../site/index.ts';

/**
 * The request's body, checked.
 *
 * @param longestBytes what more is refused; the listener has a bound of its own
 * @throws AthanorError `invalid-input`
 */
export function parseBody<S extends z.ZodType>(
  schema: S,
  { body = Buffer.alloc(0) }: Pick<BootHttpRequest, 'body'>,
  longestBytes = Number.POSITIVE_INFINITY,
): z.output<S> {
  if (body.length > longestBytes)
    throw new AthanorError('invalid-input', `the body is longer than ${longestBytes} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    // The parser's own words quote the body, which may hold a ticket: they go nowhere.
    throw new AthanorError('invalid-input', 'the body is not JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AthanorError('invalid-input', issue?.message ?? 'the body is not what was expected', {
    field: issue?.path.join('.') ?? '',
  });
}

/** The request's token (RFC 6750 §2.1), or undefined. */
export function bearerToken({ headers }: Pick<BootHttpRequest, 'headers'>): string | undefined {
  return /^Bearer ([A-Za-z0-9_-]{1,128})$/.exec(headers.authorization ?? '')?.[1];
}

export function jsonAnswer(status: number, body: unknown): BootHttpResponse {
  return {
    status,
    headers: {
      'content-type': status < 400 ? 'application/json' : 'application/problem+json',
      'cache-control': 'no-store',
    },
    body: JSON.stringify(body),
  };
}

/** RFC 9457; what a bug says of itself is for the log alone. */
export function problemAnswer(error: AthanorError): BootHttpResponse {
  const { status, title } = catalogue[error.code];
  const detail = error.code === 'internal' ? title : error.message;
  return jsonAnswer(status, { title, status, detail, code: error.code, remedy: error.remedy });
}
