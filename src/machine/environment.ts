/** What the machine room's work needs from the rest of the house; the composition root fills it in. */
import type { BootAttempts, Wakeups } from '../install/index.ts';
import type { Bmc, Site } from '../site/index.ts';
import type { Store } from '../store/index.ts';

export interface MachineDeadlines {
  /** From power-on to a ramdisk that has identified itself, milliseconds. */
  netbootMs: number;
  /** Longest silence of a ramdisk that writes an image, milliseconds. */
  writeStallMs: number;
  /** From the written disk to an operating system that asks for its address, milliseconds. */
  bootMs: number;
}

export const defaultDeadlines: MachineDeadlines = {
  netbootMs: 5 * 60_000,
  writeStallMs: 2 * 60_000,
  bootMs: 10 * 60_000,
};

export interface MachineEnvironment {
  store: Store;
  site: Site;
  attempts: BootAttempts;
  wakeups: Wakeups;
  now(): number;
  deadlines: MachineDeadlines;
}

/** The BMC that is tied to a machine, or undefined: then a person stands in for it. */
export async function bmcOfMachine(environment: MachineEnvironment, machineId: string): Promise<Bmc | undefined> {
  const row = await environment.store.db
    .selectFrom('bmcs')
    .select('name')
    .where('machine_id', '=', machineId)
    .orderBy('name')
    .executeTakeFirst();
  return row === undefined ? undefined : environment.site.bmc(row.name);
}

/** Keep what was last seen of a machine's power, for people. */
export async function keepPower({ store }: MachineEnvironment, machineId: string, power: 'on' | 'off'): Promise<void> {
  // Who has power again is not off on purpose any more.
  const purpose = power === 'on' ? { off_on_purpose: 0 as const } : {};
  await store.db
    .updateTable('machines')
    .set({ power, ...purpose })
    .where('id', '=', machineId)
    .execute();
}

/** The SMBIOS UUID that the machine's own ramdisk read, or undefined. */
export async function uuidOfMachine(store: Store, machineId: string): Promise<string | undefined> {
  const claim = await store.db
    .selectFrom('machine_claims')
    .select('value')
    .where('machine_id', '=', machineId)
    .where('kind', '=', 'uuid')
    .orderBy('last_seen_at', 'desc')
    .executeTakeFirst();
  return claim?.value;
}
