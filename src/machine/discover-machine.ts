/** A MAC that nobody knows boots from the network: it becomes a discovered machine. */
import { AthanorError } from '../errors/index.ts';
import type { Store } from '../store/index.ts';
import { machinesClaiming, recordClaims } from '../discovery/index.ts';

/** Machines that wait to be inspected; more than that is a flood of invented MACs, not a delivery of servers. */
export const MOST_DISCOVERED = 1000;

/**
 * The machine of this MAC, made when there is none.
 *
 * @returns its id, and whether it was made now
 * @throws AthanorError `too-many-requests` when too many machines are discovered and not inspected
 */
export async function discoverMachine(
  store: Store,
  now: number,
  seen: { mac: string; network: string; architecture?: number | undefined },
): Promise<{ machineId: string; made: boolean }> {
  const [known] = await machinesClaiming(store, 'mac', seen.mac);
  if (known !== undefined) return { machineId: known, made: false };
  const machineId = store.newId();
  await store.transaction(async (trx) => {
    const waiting = await trx
      .selectFrom('machines')
      .select((count) => count.fn.countAll<number>().as('machines'))
      .where('state', '=', 'discovered')
      .executeTakeFirstOrThrow();
    if (Number(waiting.machines) >= MOST_DISCOVERED)
      throw new AthanorError(
        'too-many-requests',
        `${MOST_DISCOVERED} machines wait to be inspected; ${seen.mac} is not taken in`,
        {
          field: 'mac',
          value: seen.mac,
          remedy: `Look on network ${seen.network} for what invents MACs, and stop it.`,
        },
      );
    await trx
      .insertInto('machines')
      .values({
        id: machineId,
        name: null,
        state: 'discovered',
        state_since: now,
        maintenance: 0,
        power: 'on',
        failure: null,
        revision: 1,
        created_at: now,
        updated_at: now,
      })
      .execute();
    await recordClaims(store, trx, machineId, [{ kind: 'mac', value: seen.mac }], {
      source: `dhcp/${seen.network}`,
      now,
    });
    await store.events.appendEvent(trx, {
      kind: 'machine.discovered',
      subject: { kind: 'machine', id: machineId },
      data: { mac: seen.mac, network: seen.network, architecture: seen.architecture ?? null },
    });
  });
  return { machineId, made: true };
}
