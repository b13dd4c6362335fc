/** What agents send, checked (docs/reference/agent-protocol.md). */
import { z } from 'zod';

export const LONGEST_BODY_BYTES = 4096;
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
