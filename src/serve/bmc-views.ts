/** BMCs and what was asked of them, as the API shows them. */
import { z } from 'zod';
import type { BmcActionView, BmcDetail, BmcView } from '../api/index.ts';
import type { BmcResult } from '../site/index.ts';
import { fromJson, type Row, type Store } from '../store/index.ts';
import { iso } from './machine-views.ts';

const lastError = z.object({ code: z.string(), message: z.string(), remedy: z.string(), time: z.number() });
const device = z.record(z.string(), z.unknown());

const stateOfError: Record<string, string> = {
  'bmc-authentication': 'credential refused',
  'bmc-circuit-open': 'left alone',
  'bmc-unreachable': 'unreachable',
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

/** @param show how the value reads, e.g. `on` */
export function viewAction<T>(bmc: string, result: BmcResult<T>, show: (value: T) => string): BmcActionView {
  const evidence =
    'evidence' in result ? result.evidence.map(({ source, detail, at }) => ({ source, detail, at: iso(at) })) : [];
  const base = { bmc, driver: result.driver, outcome: result.outcome, evidence };
  switch (result.outcome) {
    case 'done':
      return { ...base, value: show(result.value) };
    case 'unsupported':
      return {
        ...base,
        error: { code: 'unsupported', message: result.reason, remedy: 'Use a driver or a machine that can.' },
      };
    case 'failed':
    case 'outcome unknown': {
      const { code, message, remedy } = result.error;
      return { ...base, error: { code, message, remedy } };
    }
  }
}

/** Machine id → what the view of its BMC shows of it. */
export async function machinesOfBmcs(store: Store): Promise<Map<string, BmcMachine>> {
  const rows = await store.db.selectFrom('machines').select(['id', 'name', 'power']).execute();
  return new Map(rows.map(({ id, name, power }) => [id, { name, power }]));
}
