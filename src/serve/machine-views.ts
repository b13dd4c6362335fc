/** Machines and operations as the API shows them. */
import type { FailureView, MachineDetail, MachineView, OperationDetail, OperationView } from '../api/index.ts';
import { inventoryOf } from '../install/index.ts';
import { failureOf, offeredVerbs, stateOf, stateTable } from '../machine/index.ts';
import type { OperationDetail as StoredDetail, OperationView as StoredView } from '../operation/index.ts';
import { openIncidentOf } from '../recovery/index.ts';
import type { SiteLeaseStore } from '../site/index.ts';
import type { Row, Store } from '../store/index.ts';

export const iso = (time: number): string => new Date(time).toISOString();
export const isoOrNull = (time: number | null): string | null => (time === null ? null : iso(time));

function failureView(failure: {
  step: string;
  code: string;
  message: string;
  remedy: string;
  verbs?: string[];
}): FailureView {
  return {
    step: failure.step,
    code: failure.code,
    message: failure.message,
    remedy: failure.remedy,
    verbs: failure.verbs ?? [],
  };
}

const unended: readonly string[] = ['queued', 'running'];

export interface ViewSources {
  store: Store;
  leases: Pick<SiteLeaseStore, 'addressOf'>;
}

/** Machines with what belongs to them, in few queries however many there are. */
export async function viewMachines(
  { store, leases }: ViewSources,
  machines: readonly Row<'machines'>[],
): Promise<MachineView[]> {
  const { db } = store;
  const ids = machines.map((machine) => machine.id);
  if (ids.length === 0) return [];
  const claims = await db
    .selectFrom('machine_claims')
    .selectAll()
    .where('machine_id', 'in', ids)
    .orderBy('first_seen_at')
    .execute();
  const bmcs = await db.selectFrom('bmcs').select(['name', 'machine_id']).where('machine_id', 'in', ids).execute();
  const deployments = await db.selectFrom('deployments').selectAll().where('machine_id', 'in', ids).execute();
  const operations = await db
    .selectFrom('operations')
    .select(['id', 'machine_id', 'deadline_at'])
    .where('machine_id', 'in', ids)
    .where('state', 'in', ['queued', 'running'])
    .execute();
  const incidents = await openIncidentOf(store, ids);
  const agents = await db
    .selectFrom('agents')
    .select(['machine_id', 'last_heard_at'])
    .where('machine_id', 'in', ids)
    .execute();
  return machines.map((machine) => {
    const state = stateOf(machine);
    const row = stateTable[state];
    const own = claims.filter((claim) => claim.machine_id === machine.id);
    const newest = (kind: string): string | null => own.findLast((claim) => claim.kind === kind)?.value ?? null;
    const macs = [...new Set(own.filter((claim) => claim.kind === 'mac').map((claim) => claim.value))];
    const deployment = deployments.find((candidate) => candidate.machine_id === machine.id);
    const operation = operations.find((candidate) => candidate.machine_id === machine.id);
    const failure = failureOf(machine);
    return {
      id: machine.id,
      name: machine.name,
      state,
      stateSince: iso(machine.state_since),
      ...(row.waiting === undefined ? {} : { waitsFor: row.waiting.waitsFor }),
      ...(operation === undefined ? {} : { deadline: iso(operation.deadline_at) }),
      allowedVerbs: offeredVerbs(state),
      power: machine.power,
      maintenance: machine.maintenance === 1,
      macs,
      uuid: newest('uuid'),
      serial: newest('serial'),
      bmc: bmcs.find((bmc) => bmc.machine_id === machine.id)?.name ?? null,
      image: deployment?.image ?? null,
      hostname: deployment?.hostname ?? null,
      address: macs.map((mac) => leases.addressOf(mac)).find((address) => address !== undefined) ?? null,
      operation: operation?.id ?? null,
      failure: failure === null ? null : failureView(failure),
      incident: incidents.get(machine.id) ?? null,
      lastHeardAt: isoOrNull(agents.find((agent) => agent.machine_id === machine.id)?.last_heard_at ?? null),
    };
  });
}

export async function viewMachine(sources: ViewSources, machine: Row<'machines'>): Promise<MachineView> {
  const [view] = await viewMachines(sources, [machine]);
  if (view === undefined) throw new Error('a machine has no view');
  return view;
}

export async function viewMachineDetail(
  sources: ViewSources,
  machine: Row<'machines'>,
  operations: readonly StoredView[],
): Promise<MachineDetail> {
  const view = await viewMachine(sources, machine);
  const claims = await sources.store.db
    .selectFrom('machine_claims')
    .selectAll()
    .where('machine_id', '=', machine.id)
    .orderBy('first_seen_at')
    .execute();
  return {
    ...view,
    claims: claims.map(({ kind, value, source, last_seen_at }) => ({ kind, value, source, at: iso(last_seen_at) })),
    inventory: (await inventoryOf(sources.store, machine.id)) ?? null,
    operations: operations.map((operation) => viewOperation(operation, machine.name)),
  };
}

/** The names of all machines that have one: id → name. */
export async function machineNames({ db }: Store): Promise<Map<string, string>> {
  const rows = await db.selectFrom('machines').select(['id', 'name']).where('name', 'is not', null).execute();
  return new Map(rows.map((row) => [row.id, row.name ?? '']));
}

/** @param step the step that runs now, where it is known */
export function viewOperation(
  operation: StoredView,
  machineName: string | null,
  step: string | null = null,
): OperationView {
  const { failure } = operation;
  // How far the last step was says nothing any more about an operation that succeeded.
  const progress = operation.state === 'succeeded' ? undefined : operation.progress;
  return {
    id: operation.id,
    kind: operation.kind,
    machine: operation.machineId,
    machineName,
    state: operation.state,
    step: failure?.step ?? step ?? progress?.step ?? null,
    progress:
      progress === undefined
        ? null
        : {
            text: progress.text ?? progress.step,
            ...(progress.done === undefined ? {} : { done: progress.done }),
            ...(progress.total === undefined ? {} : { total: progress.total }),
            ...(progress.unit === undefined ? {} : { unit: progress.unit }),
          },
    startedAt: iso(operation.startedAt ?? operation.createdAt),
    endedAt: isoOrNull(operation.endedAt),
    deadline: unended.includes(operation.state) ? iso(operation.deadlineAt) : null,
    failure: failure === undefined ? null : failureView(failure),
  };
}

export function viewOperationDetail(operation: StoredDetail, machineName: string | null): OperationDetail {
  const current = operation.steps.find((step) => step.state === 'intent' || step.state === 'failed');
  return {
    ...viewOperation(operation, machineName, current?.name ?? null),
    steps: operation.steps.map((step) => ({
      name: step.name,
      state: step.state === 'intent' && unended.includes(operation.state) ? 'running' : step.state,
      startedAt: isoOrNull(step.intentAt ?? null),
      endedAt: isoOrNull(step.doneAt ?? null),
      ...(step.evidence !== undefined
        ? { detail: JSON.stringify(step.evidence) }
        : step.waitsFor !== undefined && step.state === 'intent'
          ? { detail: `waits for ${step.waitsFor}` }
          : {}),
    })),
    log: operation.log.map(({ time, text }) => ({ time: iso(time), text })),
  };
}
