/**
 * What can be read of a document even where parts of it are wrong, so that one mistake does not hide the next: checks
 * between fields look at every field that is right by itself.
 */
import type { z } from 'zod';
import { bmcSchema, credentialSchema, imageSchema, networkSchema, reservationSchema } from './schema.ts';

const partialSchemas = {
  network: networkSchema.partial(),
  reservation: reservationSchema.partial(),
  bmc: bmcSchema.partial(),
  credential: credentialSchema.partial(),
  image: imageSchema.partial(),
};

export type NetworkView = z.output<typeof partialSchemas.network>;
export type ReservationView = z.output<typeof partialSchemas.reservation>;

export interface DocumentView {
  networks: NetworkView[];
  /** Per network, in the file's order. */
  reservations: ReservationView[][];
  bmcs: z.output<typeof partialSchemas.bmc>[];
  credentials: z.output<typeof partialSchemas.credential>[];
  images: z.output<typeof partialSchemas.image>[];
}

export function viewDocument(content: unknown): DocumentView {
  const networks = list(content, 'networks');
  return {
    networks: networks.map((raw) => readable(partialSchemas.network, raw) ?? {}),
    reservations: networks.map((raw) =>
      list(raw, 'reservations').map((one) => readable(partialSchemas.reservation, one) ?? {}),
    ),
    bmcs: list(content, 'bmcs').map((raw) => readable(partialSchemas.bmc, raw) ?? {}),
    credentials: list(content, 'credentials').map((raw) => readable(partialSchemas.credential, raw) ?? {}),
    images: list(content, 'images').map((raw) => readable(partialSchemas.image, raw) ?? {}),
  };
}

/** The section without the keys that are unknown or wrong. */
function readable<Section>(schema: z.ZodType<Section>, raw: unknown): Section | undefined {
  if (!isRecord(raw)) return undefined;
  const whole = schema.safeParse(raw);
  if (whole.success) return whole.data;
  const wrong = new Set(
    whole.error.issues.flatMap((issue) =>
      issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys : [String(issue.path[0])],
    ),
  );
  const rest = schema.safeParse(Object.fromEntries(Object.entries(raw).filter(([key]) => !wrong.has(key))));
  return rest.success ? rest.data : undefined;
}

function list(content: unknown, key: string): unknown[] {
  const value = isRecord(content) ? content[key] : undefined;
  return Array.isArray(value) ? value : [];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
