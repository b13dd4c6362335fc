/** The newest hardware inventory of each machine, kept as the ramdisk reported it. */
import type { Transaction } from 'kysely';
import { type Database, fromJson, type Store, toJson } from '../store/index.ts';
import { type InventoryReport, inventoryReport } from './ramdisk-messages.ts';

export async function keepInventory(
  trx: Transaction<Database>,
  machineId: string,
  report: InventoryReport,
  options: { source: string; now: number },
): Promise<void> {
  const row = { time: options.now, source: options.source, data: toJson(report) };
  await trx
    .insertInto('inventories')
    .values({ machine_id: machineId, ...row })
    .onConflict((conflict) => conflict.column('machine_id').doUpdateSet(row))
    .execute();
}

/** The newest inventory, or undefined before the first. */
export async function inventoryOf(store: Store, machineId: string): Promise<InventoryReport | undefined> {
  const row = await store.db
    .selectFrom('inventories')
    .select('data')
    .where('machine_id', '=', machineId)
    .executeTakeFirst();
  return row === undefined ? undefined : fromJson(inventoryReport, row.data, 'inventories.data');
}

/** When the newest inventory was reported, milliseconds since 1970, or undefined. */
export async function inventoryTime(store: Store, machineId: string): Promise<number | undefined> {
  const row = await store.db
    .selectFrom('inventories')
    .select('time')
    .where('machine_id', '=', machineId)
    .executeTakeFirst();
  return row?.time;
}
