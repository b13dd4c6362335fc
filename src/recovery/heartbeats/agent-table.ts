/** The table `agents`: who enrolled, and, a moment late, who was heard. */
import { sql } from 'kysely';
import { machinesClaiming } from '../../discovery/index.ts';
import { AthanorError } from '../../errors/index.ts';
import { DEPLOY_MACHINE, type MachineState } from '../../machine/index.ts';
import { hashToken, type Row, type Store } from '../../store/index.ts';
import type { Agent } from './tracker.ts';

const statesWithAgent: readonly MachineState[] = ['active', 'deploying', 'recovering', 'failed'];

/** May a machine in this state run what was deployed on it? */
export function agentMayRun(state: string): boolean {
  return statesWithAgent.some((one) => one === state);
}

export interface Enrolment {
  mac: string;
  address: string;
  bootId: string;
  version: string;
  intervalMs: number;
  now: number;
}

const asAgent = (row: Row<'agents'>): Agent => ({
  machineId: row.machine_id,
  tokenHash: row.token_hash,
  address: row.address,
  bootId: row.boot_id,
  enrolledAt: row.enrolled_at,
  lastHeardAt: row.last_heard_at,
  sequence: row.last_sequence,
  intervalMs: row.interval_ms,
  stoppingAt: row.stopping_at,
});

/**
 * Give the machine with this MAC a new token; the row is its machine's only one, so the older token is void with it.
 *
 * @throws AthanorError `not-found` or `state-forbids`
 */
export async function enrolAgent(store: Store, enrolment: Enrolment): Promise<{ token: string; agent: Agent }> {
  const { mac, address, bootId, version, intervalMs, now } = enrolment;
  // As for a netboot, the machine that claimed the MAC first has it.
  const [machineId] = await machinesClaiming(store, 'mac', mac);
  if (machineId === undefined)
    throw new AthanorError('not-found', `no machine has the card ${mac}`, {
      remedy: 'Let the machine boot from the network once, so that it is discovered.',
    });
  const token = store.secrets.newToken();
  const agent = await store.transaction(async (trx) => {
    const machine = await trx
      .selectFrom('machines')
      .select(['name', 'state'])
      .where('id', '=', machineId)
      .executeTakeFirstOrThrow();
    if (!agentMayRun(machine.state))
      throw new AthanorError(
        'state-forbids',
        `machine ${machine.name ?? machineId} is ${machine.state}: no agent runs on it`,
        {
          field: 'state',
          value: machine.state,
          remedy: 'Deploy the machine; its agent is heard from then on.',
        },
      );
    const said = {
      token_hash: hashToken(token),
      address,
      boot_id: bootId,
      interval_ms: intervalMs,
      last_sequence: 0,
      enrolled_at: now,
      last_heard_at: now,
      stopping_at: null,
    };
    const before = await trx
      .selectFrom('agents')
      .select(['boot_id', 'address'])
      .where('machine_id', '=', machineId)
      .executeTakeFirst();
    const row = await trx
      .insertInto('agents')
      .values({ machine_id: machineId, ...said })
      .onConflict((conflict) => conflict.column('machine_id').doUpdateSet(said))
      .returningAll()
      .executeTakeFirstOrThrow();
    // Whoever switched it off by Athanor may have switched it on by hand: it runs, so it is not off on purpose any more.
    await trx.updateTable('machines').set({ off_on_purpose: 0 }).where('id', '=', machineId).execute();
    // Once for each boot: two agents on one system, each making the other's token void, must not fill the history.
    if (before?.boot_id !== bootId || before.address !== address)
      await store.events.appendEvent(trx, {
        kind: 'machine.agent-enrolled',
        subject: { kind: 'machine', id: machineId },
        data: { machine: machine.name, bootId, address, version },
      });
    return asAgent(row);
  });
  return { token, agent };
}

/** Write down that the agent said farewell. */
export async function recordStopping(store: Store, agent: Agent): Promise<void> {
  await store.transaction(async (trx) => {
    const changed = await trx
      .updateTable('agents')
      .set({ stopping_at: agent.stoppingAt, last_heard_at: agent.lastHeardAt, last_sequence: agent.sequence })
      .where('machine_id', '=', agent.machineId)
      .where('token_hash', '=', agent.tokenHash)
      .executeTakeFirst();
    if (changed.numUpdatedRows === 0n) return;
    const machine = await trx
      .selectFrom('machines')
      .select('name')
      .where('id', '=', agent.machineId)
      .executeTakeFirst();
    await store.events.appendEvent(trx, {
      kind: 'machine.agent-stopping',
      subject: { kind: 'machine', id: agent.machineId },
      data: { machine: machine?.name ?? null, bootId: agent.bootId, address: agent.address },
    });
  });
}

/** Rows of one statement: far below what either database takes as parameters. */
const ROWS_AT_ONCE = 500;

/** Write down who was heard, all in one transaction. A row that has a newer token, or is gone, stays as it is. */
export async function writeHeard(store: Store, agents: readonly Agent[]): Promise<void> {
  await store.transaction(async (trx) => {
    for (let from = 0; from < agents.length; from += ROWS_AT_ONCE) {
      // PostgreSQL takes an untyped parameter in VALUES for text.
      const rows = agents.slice(from, from + ROWS_AT_ONCE).map(
        (agent) => sql`(cast(${agent.tokenHash} as text), cast(${agent.lastHeardAt} as bigint),
            cast(${agent.sequence} as bigint), cast(${agent.intervalMs} as bigint), cast(${agent.stoppingAt} as bigint))`,
      );
      await sql`
        with heard (token_hash, last_heard_at, last_sequence, interval_ms, stopping_at) as (values ${sql.join(rows)})
        update agents set last_heard_at = heard.last_heard_at, last_sequence = heard.last_sequence,
          interval_ms = heard.interval_ms, stopping_at = heard.stopping_at
        from heard where agents.token_hash = heard.token_hash`.execute(trx);
    }
  });
}

/** The agents of the machines that may run what was deployed on them; `replaced`: a deployment began since it enrolled. */
export async function readAgents(store: Store): Promise<{ agent: Agent; replaced: boolean }[]> {
  const rows = await store.db
    .selectFrom('agents')
    .innerJoin('machines', 'machines.id', 'agents.machine_id')
    .selectAll('agents')
    .where('machines.state', 'in', statesWithAgent)
    .execute();
  const later = await store.db
    .selectFrom('operations')
    .innerJoin('agents', 'agents.machine_id', 'operations.machine_id')
    .select('agents.machine_id')
    .distinct()
    .where('operations.kind', '=', DEPLOY_MACHINE)
    .whereRef('operations.created_at', '>', 'agents.enrolled_at')
    .execute();
  const replaced = new Set(later.map((row) => row.machine_id));
  return rows.map((row) => ({ agent: asAgent(row), replaced: replaced.has(row.machine_id) }));
}

export async function deleteAgent(store: Store, machineId: string): Promise<void> {
  await store.db.deleteFrom('agents').where('machine_id', '=', machineId).execute();
}
