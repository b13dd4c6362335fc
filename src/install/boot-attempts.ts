/**
 * Boot identity (design decision 15). Each network boot of a machine is a numbered attempt with a one-time ticket, which
 * the ramdisk exchanges once for a token bound to the machine and its address. A newer attempt makes every older one
 * speak to deaf ears, so that a machine that was thought dead cannot go on writing a disk.
 *
 *     ticketed ──exchange──▶ exchanged ──complete or failed──▶ finished
 *         └───────────────────────┴──── a newer attempt ────▶ superseded
 */
import { z } from 'zod';
import { AthanorError } from '../errors/index.ts';
import { fromJson, hashToken, type Row, type Store, toJson } from '../store/index.ts';
import { completionReport, failureReport, type ProgressReport, progressReport } from './ramdisk-messages.ts';

export type BootAttempt = Row<'boot_attempts'>;

/** How an attempt's task ended, as the ramdisk reported it. */
const attemptResultSchema = z.discriminatedUnion('outcome', [
  z.object({ outcome: z.literal('complete'), report: completionReport }),
  z.object({ outcome: z.literal('failed'), report: failureReport }),
]);

export type AttemptResult = z.infer<typeof attemptResultSchema>;

/** A machine that has exchanged its ticket, as every later request proves anew. */
export interface IdentifiedAttempt {
  machineId: string;
  number: number;
  mac: string;
  address: string;
  operationId: string | null;
}

export interface NewAttempt {
  machineId: string;
  mac: string;
  /** IPv4 address of the machine's lease; the ticket is worth nothing from another one. */
  address: string;
  operationId: string | null;
}

export interface BootAttempts {
  /** Begin a new attempt and give out its ticket; every older attempt of the machine is over. */
  begin(attempt: NewAttempt): Promise<{ ticket: string; number: number }>;
  /** Exchange a ticket for a token, once: again only while the token was not used yet. Throws `unauthorised` or `outdated-attempt`. */
  exchange(ticket: string, address: string): Promise<{ token: string; attempt: IdentifiedAttempt }>;
  /** Whose token is this? Throws `unauthorised`, or `outdated-attempt` for one that a newer boot made void. */
  authenticate(token: string, address: string): Promise<IdentifiedAttempt>;
  /** Throws `outdated-attempt` once the operation ended or is being aborted: the ramdisk must stop writing then. */
  recordProgress(attempt: IdentifiedAttempt, progress: ProgressReport): Promise<void>;
  /** The end of the attempt's task. A repeated report (its answer was lost) changes nothing; refused as progress is. */
  recordResult(attempt: IdentifiedAttempt, result: AttemptResult): Promise<void>;
  /** The newest attempt that an operation is waiting for, or undefined. */
  newestOf(operationId: string): Promise<BootAttempt | undefined>;
}

export function attemptProgress(attempt: BootAttempt): ProgressReport | undefined {
  return attempt.progress === null ? undefined : fromJson(progressReport, attempt.progress, 'boot_attempts.progress');
}

export function attemptResult(attempt: BootAttempt): AttemptResult | undefined {
  return attempt.result === null ? undefined : fromJson(attemptResultSchema, attempt.result, 'boot_attempts.result');
}

const identify = (row: BootAttempt): IdentifiedAttempt => ({
  machineId: row.machine_id,
  number: row.number,
  mac: row.mac,
  address: row.address,
  operationId: row.operation_id,
});

function refuseUnlessCurrent(row: BootAttempt | undefined, address: string, what: string): asserts row is BootAttempt {
  if (row === undefined || row.address !== address)
    throw new AthanorError('unauthorised', `this ${what} is not known for this address`, {
      remedy: 'Boot the machine from the network again.',
    });
  if (row.state === 'superseded') throw attemptIsOver(row);
}

function attemptIsOver({ number }: BootAttempt): AthanorError {
  return new AthanorError('outdated-attempt', `boot attempt ${number} is over; a newer one has begun`);
}

/**
 * @param store where attempts live; tickets and tokens only as hashes
 * @param now the clock, milliseconds since 1970
 */
export function createBootAttempts(store: Store, now: () => number): BootAttempts {
  const { db } = store;

  async function change(attempt: IdentifiedAttempt, update: { progress?: string; result?: string }): Promise<void> {
    const changed = await db
      .updateTable('boot_attempts')
      .set({ ...update, ...(update.result === undefined ? {} : { state: 'finished' as const }), updated_at: now() })
      .where('machine_id', '=', attempt.machineId)
      .where('number', '=', attempt.number)
      .where('state', '=', 'exchanged')
      .where('operation_id', 'in', goingOn())
      .executeTakeFirst();
    if (changed.numUpdatedRows > 0n) return;
    const row = await db
      .selectFrom('boot_attempts')
      .selectAll()
      .where('machine_id', '=', attempt.machineId)
      .where('number', '=', attempt.number)
      .executeTakeFirst();
    refuseUnlessCurrent(row, attempt.address, 'attempt');
    const awaited = await goingOn().where('id', '=', row.operation_id).executeTakeFirst();
    if (awaited === undefined)
      throw new AthanorError('outdated-attempt', `no operation waits for boot attempt ${row.number} any more`);
  }

  /** Operations that still want to hear of their attempts: not ended, and not told to stop. */
  function goingOn() {
    return db
      .selectFrom('operations')
      .select('id')
      .where('state', 'in', ['queued', 'running'])
      .where('abort_requested_at', 'is', null);
  }

  return {
    begin: async ({ machineId, mac, address, operationId }) => {
      const ticket = store.secrets.newToken();
      const number = await store.transaction(async (trx) => {
        const newest = await trx
          .selectFrom('boot_attempts')
          .select((expression) => expression.fn.max('number').as('number'))
          .where('machine_id', '=', machineId)
          .executeTakeFirst();
        const next = Number(newest?.number ?? 0) + 1;
        await trx
          .updateTable('boot_attempts')
          .set({ state: 'superseded', updated_at: now() })
          .where('machine_id', '=', machineId)
          .where('state', 'in', ['ticketed', 'exchanged'])
          .execute();
        await trx
          .insertInto('boot_attempts')
          .values({
            machine_id: machineId,
            number: next,
            mac,
            address,
            operation_id: operationId,
            ticket_hash: hashToken(ticket),
            token_hash: null,
            token_used_at: null,
            state: 'ticketed',
            progress: null,
            result: null,
            created_at: now(),
            updated_at: now(),
          })
          .execute();
        return next;
      });
      return { ticket, number };
    },

    exchange: async (ticket, address) => {
      // Derived under the store's key: a ramdisk that lost the answer (this process may have died over it) asks again and
      // gets the same token, until it first uses it. Nobody without the key can tell one from the other.
      const token = store.secrets.fingerprint('boot token', ticket);
      const attempt = await store.transaction(async (trx) => {
        const row = await trx
          .selectFrom('boot_attempts')
          .selectAll()
          .where('ticket_hash', '=', hashToken(ticket))
          .executeTakeFirst();
        refuseUnlessCurrent(row, address, 'ticket');
        if (row.state === 'exchanged' && row.token_used_at === null) return identify(row);
        if (row.state !== 'ticketed')
          throw new AthanorError('unauthorised', 'this ticket was exchanged before', {
            remedy: 'Boot the machine from the network again.',
          });
        await trx
          .updateTable('boot_attempts')
          .set({ state: 'exchanged', token_hash: hashToken(token), updated_at: now() })
          .where('machine_id', '=', row.machine_id)
          .where('number', '=', row.number)
          .execute();
        await store.events.appendEvent(trx, {
          kind: 'machine.ramdisk-up',
          subject: { kind: 'machine', id: row.machine_id },
          operationId: row.operation_id,
          data: { attempt: row.number, mac: row.mac, address },
        });
        return identify(row);
      });
      return { token, attempt };
    },

    authenticate: async (token, address) => {
      const row = await db
        .selectFrom('boot_attempts')
        .selectAll()
        .where('token_hash', '=', hashToken(token))
        .executeTakeFirst();
      refuseUnlessCurrent(row, address, 'token');
      // One whose task ended keeps its state for those who read its result; its token is as void as any older one's.
      const newer = await db
        .selectFrom('boot_attempts')
        .select('number')
        .where('machine_id', '=', row.machine_id)
        .where('number', '>', row.number)
        .executeTakeFirst();
      if (newer !== undefined) throw attemptIsOver(row);
      if (row.token_used_at === null)
        await db
          .updateTable('boot_attempts')
          .set({ token_used_at: now() })
          .where('machine_id', '=', row.machine_id)
          .where('number', '=', row.number)
          .execute();
      return identify(row);
    },

    recordProgress: (attempt, progress) => change(attempt, { progress: toJson(progress) }),
    recordResult: (attempt, result) => change(attempt, { result: toJson(result) }),

    newestOf: async (operationId) =>
      await db
        .selectFrom('boot_attempts')
        .selectAll()
        .where('operation_id', '=', operationId)
        .where('state', '!=', 'superseded')
        .orderBy('number', 'desc')
        .executeTakeFirst(),
  };
}
