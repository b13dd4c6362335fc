/** What the store says of a machine that fell silent: whether its silence is an incident, and whether one goes on. */
import type { Kysely } from 'kysely';
import { failureOf, HEAL_MACHINE, type MachineState, stateOf } from '../../machine/index.ts';
import type { Database, Row } from '../../store/index.ts';
import { isOffOnPurpose } from '../off-on-purpose.ts';

export interface MachineConditions {
  machineId: string;
  name: string | null;
  state: MachineState;
  maintenance: boolean;
  offOnPurpose: boolean;
  /** When a person last switched its power by Athanor. */
  switchedAt: number | null;
  /** It is `failed`, and by a heal operation: what was deployed is still on it, and it is watched on. */
  failedByHeal: boolean;
  /** What runs on it. */
  operation: { id: string; kind: string } | null;
  /** Its incident that is not resolved. */
  incident: Row<'incidents'> | null;
  /** When a playbook healed it last. */
  healedAt: number | null;
}

/** Below what the databases allow as parameters of one query. */
const mostAtOnce = 400;

/** Six queries for each few hundred machines. Machines that are not in the store are not in the answer. */
export async function conditionsOf(
  db: Kysely<Database>,
  machineIds: readonly string[],
): Promise<Map<string, MachineConditions>> {
  const found = new Map<string, MachineConditions>();
  for (let begin = 0; begin < machineIds.length; begin += mostAtOnce)
    await readConditions(db, machineIds.slice(begin, begin + mostAtOnce), found);
  return found;
}

async function readConditions(
  db: Kysely<Database>,
  ids: readonly string[],
  found: Map<string, MachineConditions>,
): Promise<void> {
  const machines = await db.selectFrom('machines').selectAll().where('id', 'in', ids).execute();
  const operations = await db
    .selectFrom('operations')
    .select(['id', 'kind', 'machine_id'])
    .where('machine_id', 'in', ids)
    .where('state', 'in', ['queued', 'running'])
    .execute();
  const incidents = await db
    .selectFrom('incidents')
    .selectAll()
    .where('machine_id', 'in', ids)
    .where('state', '!=', 'resolved')
    .execute();
  const healed = await db
    .selectFrom('incidents')
    .select(({ fn }) => ['machine_id', fn.max('resolved_at').as('healed_at')])
    .where('machine_id', 'in', ids)
    .where('outcome', '=', 'healed')
    .groupBy('machine_id')
    .execute();
  const agents = await db
    .selectFrom('agents')
    .select(['machine_id', 'last_heard_at'])
    .where('machine_id', 'in', ids)
    .execute();
  const heardAt = new Map(agents.map((agent) => [agent.machine_id, agent.last_heard_at]));
  const failedBy = new Map(
    machines.flatMap((machine) => {
      const operation = failureOf(machine)?.operation ?? null;
      return operation === null ? [] : [[machine.id, operation] as const];
    }),
  );
  const heals = new Set(
    failedBy.size === 0
      ? []
      : (
          await db
            .selectFrom('operations')
            .select('id')
            .where('id', 'in', [...failedBy.values()])
            .where('kind', '=', HEAL_MACHINE)
            .execute()
        ).map(({ id }) => id),
  );
  const operationOf = new Map(operations.map(({ id, kind, machine_id }) => [machine_id, { id, kind }]));
  const incidentOf = new Map(incidents.map((incident) => [incident.machine_id, incident]));
  const healedAt = new Map(healed.map(({ machine_id, healed_at }) => [machine_id, healed_at]));
  for (const machine of machines) {
    const state = stateOf(machine);
    // An aggregate may arrive as text from PostgreSQL.
    const time = healedAt.get(machine.id) ?? null;
    found.set(machine.id, {
      machineId: machine.id,
      name: machine.name,
      state,
      maintenance: machine.maintenance === 1,
      offOnPurpose: isOffOnPurpose(machine, heardAt.get(machine.id)),
      switchedAt: machine.switched_at,
      failedByHeal: state === 'failed' && heals.has(failedBy.get(machine.id) ?? ''),
      operation: operationOf.get(machine.id) ?? null,
      incident: incidentOf.get(machine.id) ?? null,
      healedAt: time === null ? null : Number(time),
    });
  }
}

/** Why the machine's silence is no incident of its own, or why an incident of it does not go on; else undefined. */
export function notWatched(conditions: MachineConditions): string | undefined {
  const { state, maintenance, offOnPurpose, failedByHeal } = conditions;
  if (maintenance) return 'the machine is in maintenance';
  if (offOnPurpose) return 'it was switched off on purpose';
  if (state === 'failed' && !failedByHeal) return 'another operation on it failed';
  if (state !== 'active' && state !== 'failed' && state !== 'recovering') return `the machine is ${state}`;
  return undefined;
}

/**
 * Why its silence begins no incident now; undefined when it does.
 *
 * @param settleMs how long a machine that a playbook saw well may take to be heard
 * @param bootMs how long one that a person switched on or restarted may take
 */
export function excuseOf(
  conditions: MachineConditions,
  { lastHeardAt, now, settleMs, bootMs }: { lastHeardAt: number; now: number; settleMs: number; bootMs: number },
): string | undefined {
  const { operation, incident, healedAt, switchedAt, state } = conditions;
  const since = (time: number | null, ms: number): boolean =>
    time !== null && lastHeardAt <= time && now >= time && now - time < ms;
  if (incident !== null) return 'it has an incident';
  if (operation !== null) return `the operation ${operation.kind} runs on it`;
  if (state === 'recovering') return 'it is being recovered';
  if (since(healedAt, settleMs)) return 'a playbook saw it well just now';
  if (since(switchedAt, bootMs)) return 'a person switched its power just now';
  return notWatched(conditions);
}
