/**
 * What each known MAC is to be told when it boots from the network: boot data in memory, derived from the store (design
 * decision 5). One entry per MAC is replaced at once, so a booting machine sees the old answer or the new one, never half.
 */
import { attemptResult } from '../install/index.ts';
import type { Store } from '../store/index.ts';
import { DEPLOY_MACHINE } from './deploy-machine.ts';
import { HEAL_MACHINE } from './recovering.ts';
import { type StateRow, stateTable } from './states.ts';
import { failureOf, stateOf } from './transition.ts';

export interface BootEntry {
  machineId: string;
  netboot: StateRow['netboot'];
  /** The host name of its deployment, told with its lease. */
  hostname?: string;
}

export interface BootDirectory {
  /** From memory; undefined for a MAC that no machine claims. */
  find(mac: string): BootEntry | undefined;
  /** Derive the entries of one machine anew. */
  refresh(machineId: string): Promise<void>;
  /** Derive every entry anew. */
  load(): Promise<void>;
  /** Follow the history from `load` on until the signal: every change of a machine refreshes its entries, then `changed` is called. */
  follow(signal: AbortSignal, changed: (machineId: string) => void): Promise<void>;
}

export function createBootDirectory(store: Store): BootDirectory {
  const entries = new Map<string, BootEntry>();
  /** The number of the newest refresh that was applied, for each machine: an older one that ends later is dropped. */
  const applied = new Map<string, number>();
  let begun = 0;
  /** Where the history stood before the entries were derived from it. */
  let loadedAt: number | undefined;

  /** A machine whose disk was written in this deployment boots that disk, whatever its firmware tries first. */
  async function diskIsWritten(machineId: string): Promise<boolean> {
    const attempt = await store.db
      .selectFrom('boot_attempts')
      .innerJoin('operations', 'operations.id', 'boot_attempts.operation_id')
      .selectAll('boot_attempts')
      .where('boot_attempts.machine_id', '=', machineId)
      .where('operations.kind', '=', DEPLOY_MACHINE)
      .where('operations.state', 'in', ['queued', 'running'])
      .where('boot_attempts.state', '=', 'finished')
      .orderBy('boot_attempts.number', 'desc')
      .executeTakeFirst();
    return attempt !== undefined && attemptResult(attempt)?.outcome === 'complete';
  }

  /** A machine that could not be healed keeps its system: whoever switches it on by hand wants that, not the ramdisk. */
  async function healFailed(operationId: string | null): Promise<boolean> {
    if (operationId === null) return false;
    const operation = await store.db
      .selectFrom('operations')
      .select('kind')
      .where('id', '=', operationId)
      .executeTakeFirst();
    return operation?.kind === HEAL_MACHINE;
  }

  /** Its MACs without those that another machine claimed before it: a MAC has one entry, and who came first keeps it. */
  async function macsOf(machineId: string): Promise<string[]> {
    const own = store.db
      .selectFrom('machine_claims')
      .select('value')
      .where('machine_id', '=', machineId)
      .where('kind', '=', 'mac');
    const claims = await store.db
      .selectFrom('machine_claims')
      .select(['value', 'machine_id'])
      .where('kind', '=', 'mac')
      .where('value', 'in', own)
      .orderBy('first_seen_at')
      .orderBy('id')
      .execute();
    const first = new Map<string, string>();
    for (const claim of claims) if (!first.has(claim.value)) first.set(claim.value, claim.machine_id);
    return [...first].filter(([, owner]) => owner === machineId).map(([mac]) => mac);
  }

  async function refresh(machineId: string): Promise<void> {
    begun += 1;
    const turn = begun;
    const machine = await store.db.selectFrom('machines').selectAll().where('id', '=', machineId).executeTakeFirst();
    if (machine === undefined) return;
    const state = stateOf(machine);
    const macs = await macsOf(machineId);
    const hasSystem =
      (state === 'deploying' && (await diskIsWritten(machineId))) ||
      (state === 'failed' && (await healFailed(failureOf(machine)?.operation ?? null)));
    const netboot = hasSystem ? 'local-disk' : stateTable[state].netboot;
    const deployment = await store.db
      .selectFrom('deployments')
      .select('hostname')
      .where('machine_id', '=', machineId)
      .executeTakeFirst();
    const hostname = deployment?.hostname ?? null;
    const entry = { machineId, netboot, ...(hostname === null ? {} : { hostname }) };
    if ((applied.get(machineId) ?? 0) > turn) return;
    applied.set(machineId, turn);
    for (const mac of macs) entries.set(mac, entry);
  }

  return {
    find: (mac) => entries.get(mac),
    refresh,
    load: async () => {
      loadedAt = await store.events.newestSequence();
      const machines = await store.db.selectFrom('machines').select('id').execute();
      for (const { id } of machines) await refresh(id);
    },
    follow: async (signal, changed) => {
      const after = loadedAt ?? (await store.events.newestSequence());
      for await (const event of store.events.subscribe(after, signal))
        if (event.subject.kind === 'machine') {
          await refresh(event.subject.id);
          changed(event.subject.id);
        }
    },
  };
}
