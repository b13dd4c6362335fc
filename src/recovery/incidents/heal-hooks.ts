/** What the end of a heal operation means for its incident and its machine. */
import type { Transaction } from 'kysely';
import type { RecoveringMoves } from '../../machine/index.ts';
import type { OperationFailure } from '../../operation/index.ts';
import type { Database, Row, Store } from '../../store/index.ts';
import { countAttempts, ruleOfInput, tiredInWords } from './heal-attempts.ts';
import { createIncidents, hasActed } from './transition.ts';

type Trx = Transaction<Database>;

/** Which operation ends, for which incident on which machine. */
export interface HealKey {
  incidentId: string;
  machineId: string;
  operationId: string;
}

/** Each runs in the transaction that ends the operation. */
export interface HealHooks {
  succeeded(trx: Trx, key: HealKey): Promise<void>;
  failed(trx: Trx, key: HealKey, failure: OperationFailure): Promise<void>;
  aborted(trx: Trx, key: HealKey, reason: string): Promise<void>;
}

export interface HealHooksOptions {
  store: Store;
  machines: RecoveringMoves;
  now(): number;
}

export function createHealHooks({ store, machines, now }: HealHooksOptions): HealHooks {
  const incidents = createIncidents(store, now);

  /** The incident, when this operation is the one that heals it. */
  async function healedBy(trx: Trx, { incidentId, operationId }: HealKey): Promise<Row<'incidents'> | undefined> {
    return await trx
      .selectFrom('incidents')
      .selectAll()
      .where('id', '=', incidentId)
      .where('operation_id', '=', operationId)
      .where('state', '=', 'healing')
      .executeTakeFirst();
  }

  async function inMaintenance(trx: Trx, machineId: string): Promise<boolean> {
    const machine = await trx
      .selectFrom('machines')
      .select('maintenance')
      .where('id', '=', machineId)
      .executeTakeFirst();
    return machine?.maintenance === 1;
  }

  /** Why it was the last try, or undefined when the rule may be tried again. */
  async function exhausted(trx: Trx, { machineId, operationId }: HealKey): Promise<string | undefined> {
    const operation = await trx
      .selectFrom('operations')
      .select('input')
      .where('id', '=', operationId)
      .executeTakeFirst();
    const rule = operation === undefined ? undefined : ruleOfInput(operation.input);
    if (rule === undefined) return 'its rule is not known';
    const tried = await countAttempts(trx, machineId, rule, now());
    return tried < rule.attempts.most ? undefined : tiredInWords(rule, tried);
  }

  async function endUnhealed(
    trx: Trx,
    key: HealKey,
    failure: OperationFailure,
    next: () => Promise<{ to: 'open' | 'escalated'; reason: string }>,
  ): Promise<void> {
    const { machineId, operationId } = key;
    await machines.end(trx, machineId, { to: 'failed', operationId, reason: failure.message, failure });
    const incident = await healedBy(trx, key);
    if (incident === undefined) return;
    const change = { incidentId: incident.id, operationId };
    if (await inMaintenance(trx, machineId))
      await incidents.change(trx, {
        ...change,
        to: 'resolved',
        outcome: 'withdrawn',
        reason: 'the machine is in maintenance',
      });
    else await incidents.change(trx, { ...change, ...(await next()) });
  }

  return {
    succeeded: async (trx, key) => {
      const { machineId, operationId } = key;
      const acted = await hasActed(trx, key.incidentId, operationId);
      const reason = acted ? 'the playbook saw it well' : 'it came back before anything was done';
      await machines.end(trx, machineId, { to: 'active', operationId, reason });
      const incident = await healedBy(trx, key);
      if (incident === undefined) return;
      const outcome = acted ? 'healed' : 'returned';
      await incidents.change(trx, { incidentId: incident.id, operationId, to: 'resolved', outcome, reason });
    },

    failed: async (trx, key, failure) =>
      await endUnhealed(trx, key, failure, async () => {
        const tired = await exhausted(trx, key);
        const failed = `step ${failure.step} failed: ${failure.message}`;
        return tired === undefined
          ? { to: 'open', reason: failed }
          : { to: 'escalated', reason: `${failed}; ${tired}` };
      }),

    aborted: async (trx, key, reason) => {
      const failure: OperationFailure = {
        step: 'abort',
        code: 'aborted',
        message: `aborted: ${reason}`,
        remedy: 'Look at the machine. It is watched on; put it in maintenance to work on it.',
      };
      await endUnhealed(trx, key, failure, async () => ({ to: 'escalated', reason: `aborted: ${reason}` }));
    },
  };
}
