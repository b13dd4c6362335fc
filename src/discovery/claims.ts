/**
 * What identifies a machine, as claims with their source and time. A UUID, a serial number or a MAC may be missing,
 * shared by vendor error, or change with a new board; so none of them is a key and none is ever overwritten.
 */
import { sql, type Transaction } from 'kysely';
import { AthanorError } from '../errors/index.ts';
import type { Database, Row, Store } from '../store/index.ts';

export type ClaimKind = Row<'machine_claims'>['kind'];

export interface Claim {
  kind: ClaimKind;
  /** MACs with colons and UUIDs with dashes, lower case; a serial number as its maker wrote it. */
  value: string;
}

/** Values that vendors ship on many boxes; they identify nothing. */
const worthless = new Set([
  '',
  'none',
  'default string',
  'to be filled by o.e.m.',
  'not specified',
  'system serial number',
  '0123456789',
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '03000200-0400-0500-0006-000700080009',
]);

/** Record what `source` says of a machine; a claim it made before gets a new time. */
export async function recordClaims(
  store: Store,
  trx: Transaction<Database>,
  machineId: string,
  claims: readonly Claim[],
  options: { source: string; now: number },
): Promise<void> {
  for (const { kind, value } of claims) {
    const trimmed = value.trim();
    if (worthless.has(trimmed.toLowerCase())) continue;
    const normal = kind === 'serial' ? trimmed : trimmed.toLowerCase();
    await trx
      .insertInto('machine_claims')
      .values({
        id: store.newId(),
        machine_id: machineId,
        kind,
        value: normal,
        source: options.source,
        first_seen_at: options.now,
        last_seen_at: options.now,
      })
      .onConflict((conflict) =>
        conflict.columns(['machine_id', 'kind', 'value', 'source']).doUpdateSet({ last_seen_at: options.now }),
      )
      .execute();
  }
}

/** Machines that hold this claim, the one that held it first at the front. */
export async function machinesClaiming(store: Store, kind: ClaimKind, value: string): Promise<string[]> {
  const rows = await store.db
    .selectFrom('machine_claims')
    .select(['machine_id'])
    .where('kind', '=', kind)
    .where('value', '=', value.toLowerCase())
    .orderBy('first_seen_at')
    .execute();
  return [...new Set(rows.map((row) => row.machine_id))];
}

/** People also write MACs with dashes; claims are kept with colons. */
function spelledAsClaim(reference: string): string {
  const text = reference.trim().toLowerCase();
  return /^[0-9a-f]{2}(-[0-9a-f]{2}){5}$/.test(text) ? text.replaceAll('-', ':') : text;
}

/**
 * The machine a person means: by id, by name, or by a MAC, UUID or serial number that only one machine claims.
 *
 * @throws AthanorError `not-found`, or `conflict` when several machines claim it
 */
export async function findMachine(store: Store, reference: string): Promise<Row<'machines'>> {
  const direct = await store.db
    .selectFrom('machines')
    .selectAll()
    .where((where) => where.or([where('id', '=', reference), where('name', '=', reference)]))
    .executeTakeFirst();
  if (direct !== undefined) return direct;
  const claimed = await store.db
    .selectFrom('machine_claims')
    .innerJoin('machines', 'machines.id', 'machine_claims.machine_id')
    .selectAll('machines')
    .distinct()
    .where(sql`lower(machine_claims.value)`, '=', spelledAsClaim(reference))
    .execute();
  const [only, second] = claimed;
  if (only !== undefined && second === undefined) return only;
  if (only !== undefined)
    throw new AthanorError('conflict', `${claimed.length} machines claim ${reference}`, {
      field: 'machine',
      value: reference,
      remedy: `Use an id: ${claimed.map((machine) => machine.id).join(', ')}.`,
    });
  throw new AthanorError('not-found', `there is no machine ${reference}`, {
    field: 'machine',
    value: reference,
    remedy: 'Use an id, a name, a MAC, a UUID or a serial number from `athanor machine list`.',
  });
}
