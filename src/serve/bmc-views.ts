/** BMCs as the API shows them. */
import { z } from 'zod';
import type { BmcDetail, BmcView } from '../api/index.ts';
import { fromJson, type Row, type Store } from '../store/index.ts';

const lastError = z.object({ code: z.string(), message: z.string(), remedy: z.string(), time: z.number() });
const device = z.record(z.string(), z.unknown());

const stateOfError: Record<string, string> = {
  'bmc-authentication': 'credential refused',
  'bmc-unknown-user': 'credential refused',
  'bmc-circuit-open': 'left alone',
  'bmc-unreachable': 'unreachable',
  'bmc-no-route': 'unreachable',
  'bmc-port-closed': 'unreachable',
};

/** The machine of a BMC, as far as the BMC's view shows it. */
export interface BmcMachine {
  name: string | null;
  /** As last read. */
  power: BmcView['power'];
}

export function viewBmc(bmc: Row<'bmcs'>, machine: BmcMachine | undefined): BmcView {
  const error = bmc.last_error === null ? undefined : fromJson(lastError, bmc.last_error, 'bmcs.last_error');
  const fine = bmc.last_seen_at === null ? 'unknown' : 'ready';
  return {
    name: bmc.name,
    driver: bmc.driver,
    address: bmc.address,
    port: bmc.port,
    credential: bmc.credential_name,
    machine: bmc.machine_id,
    machineName: machine?.name ?? null,
    power: machine?.power ?? 'unknown',
    state: error === undefined ? fine : (stateOfError[error.code] ?? 'failing'),
    ...(error === undefined ? {} : { reason: `${error.message} ${error.remedy}` }),
  };
}

export function viewBmcDetail(bmc: Row<'bmcs'>, machine: BmcMachine | undefined): BmcDetail {
  return {
    ...viewBmc(bmc, machine),
    guid: bmc.guid,
    mac: bmc.mac,
    device: bmc.device === null ? null : fromJson(device, bmc.device, 'bmcs.device'),
    evidence: [],
  };
}

/** Machine id → what the view of its BMC shows of it. */
export async function machinesOfBmcs(store: Store): Promise<Map<string, BmcMachine>> {
  const rows = await store.db.selectFrom('machines').select(['id', 'name', 'power']).execute();
  return new Map(rows.map(({ id, name, power }) => [id, { name, power }]));
}
