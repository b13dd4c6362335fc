/** A MAC that nobody knows boots from the network: it becomes a discovered machine. */
import type { Store } from '../store/index.ts';
import { machinesClaiming, recordClaims } from '../discovery/index.ts';

/**
 * The machine of this MAC, made when there is none.
 *
 * @returns its id, and whether it was made now
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
