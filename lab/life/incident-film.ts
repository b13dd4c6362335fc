/** An incident as `athanor incident describe` tells it. */
import { z } from 'zod';
import type { Athanor } from './athanor.ts';

const film = z.object({
  id: z.string(),
  machine: z.string(),
  machineName: z.string().nullable(),
  state: z.string(),
  openedAt: z.string(),
  firstActionAt: z.string().nullable(),
  resolvedAt: z.string().nullable(),
  outage: z.string().nullable(),
  rule: z.string().nullable(),
  attempts: z.number(),
  reason: z.string().nullable(),
  outcome: z.string().nullable(),
  timeline: z.array(z.object({ time: z.string(), kind: z.string(), text: z.string() })),
  observations: z.array(
    z.object({
      id: z.string(),
      time: z.string(),
      power: z.string(),
      frame: z.string().nullable(),
      lines: z.array(z.string()).nullable(),
      cursor: z.object({ column: z.number(), row: z.number() }).nullable(),
      confidence: z.number().nullable(),
      problem: z.string().nullable(),
    }),
  ),
});
export type IncidentFilm = z.infer<typeof film>;

export async function describeIncident(athanor: Athanor, id: string): Promise<IncidentFilm> {
  return film.parse(await athanor.ask(['incident', 'describe', id]));
}

const line = film.omit({ timeline: true, observations: true });
export type IncidentLine = z.infer<typeof line>;

/** The newest first. */
export async function listIncidents(athanor: Athanor, options: { all?: boolean } = {}): Promise<IncidentLine[]> {
  return z.array(line).parse(await athanor.ask(['incident', 'list', ...(options.all === true ? ['--all'] : [])]));
}
