/**
 * What identifies a machine, as claims with their source and time. A UUID, a serial number or a MAC may be missing,
 * shared by vendor error, or change with a new board; so none of them is a key and none is ever overwritten.
 */
import { sql, type Transaction } from 'kysely';
import { formatGuid, isUsableGuid, parseGuid } from '../bmc/index.ts';
import { AthanorError } from '../errors/index.ts';
import type { Database, Row, Store } from '../store/index.ts';

export type ClaimKind = Row<'machine_claims'>['kind'];

export interface Claim {
  kind: ClaimKind;
  /** MACs with colons and UUIDs with dashes, lower case; a serial number as its maker wrote it. */
  value: string;
}

/** Serial numbers that vendors ship on many boxes; they identify nothing. */
const worthlessSerials = new Set([
  '',
  'none',
  'n/a',
  'unknown',
  'default string',
  'to be filled by o.e.m.',
  'not specified',
  'not available',
  'system serial number',
  'chassis serial number',
  '0123456789',
  '123456789',
  '0',
]);

/** The value as claims are kept, or undefined for one that identifies nothing. */
function normalClaim({ kind, value }: Claim): string | undefined {
  const trimmed = value.trim();
  const lower = trimmed.toLowerCase();
  switch (kind) {
    case 'serial':
      return worthlessSerials.has(lower) ? undefined : trimmed;
    case 'uuid':
    case 'bmc-guid': {
      const bytes = parseGuid(trimmed);
      return bytes !== undefined && isUsableGuid(bytes) ? formatGuid(bytes) : undefined;
    }
    case 'mac': {
      const mac = lower.replaceAll('-', ':');
      return mac === '00:00:00:00:00:00' || mac === 'ff:ff:ff:ff:ff:ff' ? undefined : mac;
    }
  }
}

/** Record what `source` says of a machine; a claim it made before gets a new time. */
export async function recordClaims(
  store: Store,
  trx: Transaction<Database>,
  machineId: string,
  claims: readonly Claim[],
  options: { source: string; now: number },
): Promise<void> {
  for (const claim of claims) {
    const normal = normalClaim(claim);
    if (normal === undefined) continue;
    await trx
      .insertInto('machine_claims')
      .values({
        id: store.newId(),
        machine_id: machineId,
        kind: claim.kind,
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
  const normal = normalClaim({ kind, value });
  if (normal === undefined) return [];
  const rows = await store.db
    .selectFrom('machine_claims')
    .select(['machine_id'])
    .where('kind', '=', kind)
    .where('value', '=', normal)
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
  // The id first: nobody may take a machine's id as the name of another.
  for (const column of ['id', 'name'] as const) {
    const direct = await store.db.selectFrom('machines').selectAll().where(column, '=', reference).executeTakeFirst();
    if (direct !== undefined) return direct;
  }
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
