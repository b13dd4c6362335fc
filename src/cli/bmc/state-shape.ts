/** What is in the state file. Apart from the code that reads it, for most runs find none and start sooner without zod. */
import { z } from 'zod';

export const stateSchema = z.object({
  version: z.literal(1),
  key: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
  /** BMC → what it refused, the newest last. */
  refused: z.record(z.string(), z.array(z.object({ fingerprint: z.string(), at: z.number() }))),
});
export type State = z.infer<typeof stateSchema>;
