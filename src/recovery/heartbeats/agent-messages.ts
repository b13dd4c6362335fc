/** What agents send, checked (docs/reference/agent-protocol.md), and the form of the answers. */
import { z } from 'zod';
import { AthanorError, catalogue } from '../../errors/index.ts';
import type { BootHttpRequest, BootHttpResponse } from '../../site/index.ts';

const LONGEST_BODY_BYTES = 4096;
const LONGEST_INTERVAL_MS = 10 * 60_000;

export const enrolRequest = z.object({
  /** New at each boot: on Linux the kernel's own boot id. */
  bootId: z
    .string()
    .regex(/^[A-Za-z0-9._-]{8,64}$/, 'a boot id is 8 to 64 letters, digits, dots, dashes or underscores'),
  version: z.string().regex(/^[\x20-\x7e]{1,64}$/, 'a version is up to 64 printable characters'),
});

export const heartbeatRequest = z.object({
  sequence: z.int().min(1),
  uptimeMs: z.int().min(0),
  /** What the agent waits until its next beat unless the answer says otherwise. */
  intervalMs: z.int().min(1).max(LONGEST_INTERVAL_MS).optional(),
  stopping: z.boolean().optional(),
});

export type EnrolRequest = z.infer<typeof enrolRequest>;
export type HeartbeatRequest = z.infer<typeof heartbeatRequest>;

/** @throws AthanorError `invalid-input` */
export function parseBody<S extends z.ZodType>(schema: S, { body }: BootHttpRequest): z.output<S> {
  if (body !== undefined && body.length > LONGEST_BODY_BYTES)
    throw new AthanorError('invalid-input', `the body is longer than ${LONGEST_BODY_BYTES} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(body ?? []).toString('utf8'));
  } catch {
    throw new AthanorError('invalid-input', 'the body is not JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AthanorError('invalid-input', issue?.message ?? 'the body is not what was expected', {
    field: issue?.path.join('.') ?? '',
  });
}

/** The request's token, or undefined. */
export function bearer({ headers }: BootHttpRequest): string | undefined {
  return /^Bearer ([A-Za-z0-9_-]{1,128})$/.exec(headers.authorization ?? '')?.[1];
}

export function answer(status: number, body: unknown): BootHttpResponse {
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
export function problem(error: AthanorError): BootHttpResponse {
  const { status, title } = catalogue[error.code];
  const detail = error.code === 'internal' ? title : error.message;
  return answer(status, { title, status, detail, code: error.code, remedy: error.remedy });
}
