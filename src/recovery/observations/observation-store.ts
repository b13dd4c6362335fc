/**
 * The tables `observations` and `frames`: the film of an incident. A picture that stands still is kept once, by its digest.
 * An incident keeps at most `mostPerIncident` observations: then the middle of the film gives way, never its beginning,
 * its newest part, or what an action was decided on.
 */
import { createHash } from 'node:crypto';
import type { Kysely, Transaction } from 'kysely';
import { z } from 'zod';
import { type Database, fromJson, parseJson, type Row, type Store, toJson } from '../../store/index.ts';
import type { Look, Observation, StoredReading } from './observation.ts';

export const mostPerIncident = 200;
/** Of looks that people asked for, outside an incident: the newest of each machine. */
export const mostPerMachine = 20;
/** Told of each action directly before it is done, with the observation it was decided on. */
export const actionEvent = 'incident.action';
/** How many of the first observations of an incident never give way. */
const beginning = 100;

const storedReading = z.object({
  font: z.string(),
  columns: z.number(),
  rows: z.number(),
  lines: z.array(z.string()),
  confidence: z.number(),
  cursor: z.object({ column: z.number(), row: z.number() }).nullable(),
});

export interface StoredFrame {
  id: string;
  width: number;
  height: number;
  png: Uint8Array;
  createdAt: number;
}

export function toStoredReading({ reading }: Pick<Look, 'reading'>): StoredReading | null {
  if (reading === undefined) return null;
  const { font, columns, rows, lines, confidence, cursor } = reading;
  return {
    font,
    columns,
    rows,
    lines: [...lines],
    confidence,
    cursor: cursor === undefined ? null : { column: cursor.column, row: cursor.row },
  };
}

/** @param png the picture of the look, encoded, when it has one */
export async function keepLook(
  store: Store,
  machineId: string,
  incidentId: string | null,
  look: Look,
  png: Uint8Array | undefined,
): Promise<Observation> {
  const reading = toStoredReading(look);
  const frameId = png === undefined ? null : createHash('sha256').update(png).digest('hex');
  // Words may quote what a stranger's device said; text columns hold no U+0000.
  const problem = look.problem === null ? null : look.problem.replaceAll('\u0000', '\uFFFD');
  const observation: Observation = {
    id: store.newId(),
    machineId,
    incidentId,
    time: look.time,
    power: look.power,
    frameId,
    reading,
    problem,
  };
  await store.transaction(async (trx) => {
    if (incidentId === null) await dropOldLooks(trx, machineId);
    else await makeRoom(trx, incidentId);
    if (png !== undefined && frameId !== null && look.frame !== undefined) {
      const { width, height } = look.frame;
      await trx
        .insertInto('frames')
        .values({ id: frameId, width, height, png, created_at: look.time })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .execute();
    }
    await trx
      .insertInto('observations')
      .values({
        id: observation.id,
        machine_id: machineId,
        incident_id: incidentId,
        time: look.time,
        power: look.power,
        frame_id: frameId,
        reading: reading === null ? null : toJson({ ...reading, lines: [...reading.lines] }),
        problem,
      })
      .execute();
  });
  return observation;
}

/** The picture with that id (the SHA-256 of its PNG), or undefined. */
export async function frameOf(store: Store, id: string): Promise<StoredFrame | undefined> {
  const row = await store.db.selectFrom('frames').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) return undefined;
  return { id: row.id, width: row.width, height: row.height, png: row.png, createdAt: row.created_at };
}

/** Every look kept for an incident, in the order of time. */
export async function observationsOf(store: Store, incidentId: string): Promise<Observation[]> {
  const rows = await store.db
    .selectFrom('observations')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .orderBy('time')
    .orderBy('id')
    .execute();
  return rows.map(fromRow);
}

function fromRow(row: Row<'observations'>): Observation {
  return {
    id: row.id,
    machineId: row.machine_id,
    incidentId: row.incident_id,
    time: row.time,
    power: row.power,
    frameId: row.frame_id,
    reading: row.reading === null ? null : fromJson(storedReading, row.reading, 'observations.reading'),
    problem: row.problem,
  };
}

const decision = z.object({ observation: z.string() });

/** The observations that actions of this incident were decided on. */
async function decisive(trx: Kysely<Database>, incidentId: string): Promise<Set<string>> {
  const rows = await trx
    .selectFrom('events')
    .select('data')
    .where('subject_kind', '=', 'incident')
    .where('subject_id', '=', incidentId)
    .where('kind', '=', actionEvent)
    .execute();
  const found = rows.map((row) => decision.safeParse(parseJson(row.data, 'events.data')));
  return new Set(found.flatMap((parsed) => (parsed.success ? [parsed.data.observation] : [])));
}

async function makeRoom(trx: Transaction<Database>, incidentId: string): Promise<void> {
  const rows = await trx
    .selectFrom('observations')
    .select(['id', 'frame_id'])
    .where('incident_id', '=', incidentId)
    .orderBy('time')
    .orderBy('id')
    .execute();
  if (rows.length < mostPerIncident) return;
  const kept = await decisive(trx, incidentId);
  const surplus = rows.length - mostPerIncident + 1;
  const leaving = rows
    .slice(beginning)
    .filter((row) => !kept.has(row.id))
    .slice(0, surplus);
  await drop(trx, leaving);
}

async function dropOldLooks(trx: Transaction<Database>, machineId: string): Promise<void> {
  const rows = await trx
    .selectFrom('observations')
    .select(['id', 'frame_id'])
    .where('machine_id', '=', machineId)
    .where('incident_id', 'is', null)
    .orderBy('time', 'desc')
    .orderBy('id', 'desc')
    .execute();
  await drop(trx, rows.slice(mostPerMachine - 1));
}

/** With the pictures that nothing else shows. */
async function drop(
  trx: Transaction<Database>,
  leaving: readonly { id: string; frame_id: string | null }[],
): Promise<void> {
  for (const { id, frame_id: frameId } of leaving) {
    await trx.deleteFrom('observations').where('id', '=', id).execute();
    if (frameId === null) continue;
    const other = await trx
      .selectFrom('observations')
      .select('id')
      .where('frame_id', '=', frameId)
      .limit(1)
      .executeTakeFirst();
    if (other === undefined) await trx.deleteFrom('frames').where('id', '=', frameId).execute();
  }
}

/** Incidents whose film is dropped in one transaction. */
const filmsAtOnce = 20;

/**
 * Drops what was seen in incidents that were resolved before then: the pictures and texts, the bulk of what is stored. The
 * incidents and their history stay.
 *
 * @param before milliseconds since 1970
 * @returns how many incidents lost their film; call again while it is not 0
 */
export async function dropOldFilms(store: Store, before: number): Promise<number> {
  return await store.transaction(async (trx) => {
    const incidents = await trx
      .selectFrom('incidents')
      .select('id')
      .where('resolved_at', '<', before)
      .where(({ exists, selectFrom }) =>
        exists(selectFrom('observations').select('id').whereRef('observations.incident_id', '=', 'incidents.id')),
      )
      .orderBy('resolved_at')
      .limit(filmsAtOnce)
      .execute();
    for (const { id } of incidents) {
      const rows = await trx
        .selectFrom('observations')
        .select(['id', 'frame_id'])
        .where('incident_id', '=', id)
        .execute();
      await drop(trx, rows);
    }
    return incidents.length;
  });
}
