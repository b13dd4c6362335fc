/**
 * The API's port, answered by the rooms. No logic lives here: it finds the room that knows, and turns what the room says
 * into what the API shows. Whatever changes something at a BMC is written into the history with its evidence.
 */
import type { BmcActionView, ControlPlane, EventView } from '../api/index.ts';
import { AthanorError } from '../errors/index.ts';
import { findMachine } from '../discovery/index.ts';
import { inventoryOf } from '../install/index.ts';
import type { MachineRequests } from '../machine/index.ts';
import type { Operations } from '../operation/index.ts';
import type { BmcResult, Site } from '../site/index.ts';
import type { Event, Row, Store } from '../store/index.ts';
import { machinesOfBmcs, viewAction, viewBmc, viewBmcDetail } from './bmc-views.ts';
import type { Credentials } from './credentials.ts';
import {
  iso,
  machineNames,
  viewMachine,
  viewMachineDetail,
  viewMachines,
  viewOperation,
  viewOperationDetail,
} from './machine-views.ts';
import type { NetworkDirectory } from './networks.ts';
import type { RecoveryPlane } from './recovery-plane.ts';

export interface ControlPlaneParts {
  store: Store;
  site: Site;
  operations: Operations;
  requests: MachineRequests;
  credentials: Credentials;
  networks: NetworkDirectory;
  recovery: RecoveryPlane;
  now(): number;
}

function imageState({ verified_at, problem }: Row<'images'>): { state: string; reason?: string } {
  if (problem !== null) return { state: 'digest mismatch', reason: problem };
  return { state: verified_at === null ? 'unchecked' : 'ready' };
}

function viewEvent(event: Event): EventView {
  const { sequence, time, kind, subject, operationId, data } = event;
  const fields = typeof data === 'object' && data !== null && !Array.isArray(data) ? data : { value: data };
  return {
    sequence,
    time: iso(time),
    kind,
    subjectKind: subject.kind,
    subjectId: subject.id,
    ...(operationId === null ? {} : { operationId }),
    data: fields,
  };
}

export function createControlPlane(parts: ControlPlaneParts): ControlPlane {
  const { store, site, operations, requests, credentials, networks, now } = parts;
  const sources = { store, leases: site.leases };

  async function bmcRow(name: string): Promise<Row<'bmcs'>> {
    const row = await store.db.selectFrom('bmcs').selectAll().where('name', '=', name).executeTakeFirst();
    if (row !== undefined) return row;
    const names = await store.db.selectFrom('bmcs').select('name').orderBy('name').limit(20).execute();
    throw new AthanorError('not-found', `there is no BMC named ${name}`, {
      field: 'bmc',
      value: name,
      remedy:
        names.length === 0 ? 'Declare it in the configuration.' : `Known: ${names.map((row) => row.name).join(', ')}.`,
    });
  }

  /** A machine in the middle of an operation is not to be switched by hand: the operation's steps would be untrue. */
  async function requireNoOperation(bmc: Row<'bmcs'>): Promise<void> {
    if (bmc.machine_id === null) return;
    const running = await store.db
      .selectFrom('operations')
      .select(['id', 'kind'])
      .where('machine_id', '=', bmc.machine_id)
      .where('state', 'in', ['queued', 'running'])
      .executeTakeFirst();
    if (running === undefined) return;
    throw new AthanorError('operation-running', `${running.kind} runs on the machine of BMC ${bmc.name}`, {
      field: 'bmc',
      value: bmc.name,
      remedy: `Wait for it, or run \`athanor operation abort ${running.id}\` first.`,
    });
  }

  async function keepPower(bmc: Row<'bmcs'>, power: string): Promise<void> {
    if (bmc.machine_id === null || (power !== 'on' && power !== 'off')) return;
    await store.db.updateTable('machines').set({ power }).where('id', '=', bmc.machine_id).execute();
  }

  /** A machine that a person switches off by Athanor is not missed; one that is switched on again is. */
  async function notePurpose(bmc: Row<'bmcs'>, off: boolean): Promise<void> {
    if (bmc.machine_id === null) return;
    await store.db
      .updateTable('machines')
      .set({ off_on_purpose: off ? 1 : 0, switched_at: now() })
      .where('id', '=', bmc.machine_id)
      .execute();
  }

  async function change<T>(
    name: string,
    what: Record<string, string | boolean>,
    act: () => Promise<BmcResult<T>>,
    show: (value: T) => string,
  ): Promise<BmcActionView> {
    const bmc = await bmcRow(name);
    await requireNoOperation(bmc);
    const subject = { kind: 'bmc', id: bmc.id };
    await store.events.appendEvent(store.db, { kind: 'bmc.asked', subject, data: { bmc: name, ...what } });
    const view = viewAction(name, await act(), show);
    await store.events.appendEvent(store.db, {
      kind: 'bmc.answered',
      subject,
      data: { ...view, evidence: view.evidence.map((line) => ({ ...line })), ...what },
    });
    return view;
  }

  async function viewOperationById(id: string): Promise<ReturnType<typeof viewOperationDetail>> {
    const operation = await operations.get(id);
    return viewOperationDetail(operation, (await machineNames(store)).get(operation.machineId ?? '') ?? null);
  }

  return {
    ...parts.recovery,

    listMachines: async () =>
      await viewMachines(sources, await store.db.selectFrom('machines').selectAll().orderBy('created_at').execute()),
    getMachine: async (reference) => {
      const machine = await findMachine(store, reference);
      return await viewMachineDetail(sources, machine, await operations.list({ machineId: machine.id, limit: 20 }));
    },
    deployMachine: async (reference, request) => await viewOperationById(await requests.deploy(reference, request)),
    inspectMachine: async (reference) => await viewOperationById(await requests.inspect(reference)),
    nameMachine: async (reference, name) => {
      const { id } = await findMachine(store, reference);
      await requests.name(id, name);
      return await viewMachine(sources, await findMachine(store, id));
    },

    listBmcs: async () => {
      const machines = await machinesOfBmcs(store);
      const rows = await store.db.selectFrom('bmcs').selectAll().orderBy('name').execute();
      return rows.map((row) => viewBmc(row, machines.get(row.machine_id ?? '')));
    },
    getBmc: async (name) => {
      const row = await bmcRow(name);
      return viewBmcDetail(row, (await machinesOfBmcs(store)).get(row.machine_id ?? ''));
    },
    getBmcPower: async (name) => {
      const row = await bmcRow(name);
      const result = await site.bmc(name).power.get();
      if (result.outcome === 'done') await keepPower(row, result.value.state);
      return viewAction(name, result, (value) => value.state);
    },
    setBmcPower: async (name, action) => {
      const bmc = await bmcRow(name);
      const off = action === 'off' || action === 'soft';
      const view = await change(
        name,
        { power: action },
        async () => {
          // A BMC that the site does not have throws here, before anything is noted.
          const { power } = site.bmc(name);
          // Before the act: its silence begins before the BMC has confirmed anything.
          await notePurpose(bmc, off);
          return await power.set(action);
        },
        (value) => value.state,
      );
      if (view.outcome === 'done' && view.value !== undefined) await keepPower(bmc, view.value);
      // A power cut whose answer was lost was most likely made; a system that ignored the button runs on.
      else if (off && (action === 'soft' || view.outcome !== 'outcome unknown')) await notePurpose(bmc, false);
      return view;
    },
    setBmcBoot: async (name, { device, once, firmware }) => {
      const { machine_id: machineId } = await bmcRow(name);
      const known = firmware ?? (machineId === null ? undefined : (await inventoryOf(store, machineId))?.firmware);
      const override = { device, once, ...(known === undefined ? {} : { firmware: known }) };
      return await change(
        name,
        { bootDevice: device, once, ...(known === undefined ? {} : { firmware: known }) },
        () => site.bmc(name).bootDevice.set(override),
        (value) => value.requested.device,
      );
    },

    listOperations: async ({ machine, state }) => {
      const list = await operations.list({
        ...(machine === undefined ? {} : { machineId: (await findMachine(store, machine)).id }),
        ...(state === undefined ? {} : { states: [state] }),
      });
      const names = await machineNames(store);
      return list.map((operation) => viewOperation(operation, names.get(operation.machineId ?? '') ?? null));
    },
    getOperation: viewOperationById,
    abortOperation: async (id, reason) => {
      await operations.abort(id, reason ?? 'a person asked for it');
      return await viewOperationById(id);
    },

    events: async function* (after, signal) {
      for await (const event of store.events.subscribe(after, signal)) yield viewEvent(event);
    },
    latestEventSequence: async () => await store.events.newestSequence(),

    listNetworks: () => Promise.resolve(networks.list()),
    listLeases: async () => {
      const claims = await store.db
        .selectFrom('machine_claims')
        .select(['value', 'machine_id'])
        .where('kind', '=', 'mac')
        .execute();
      const owners = new Map(claims.map((claim) => [claim.value, claim.machine_id]));
      const names = await machineNames(store);
      return site.leases.all().map((lease) => ({
        network: lease.network,
        mac: lease.mac,
        address: lease.address,
        hostname: lease.hostname ?? null,
        state: lease.state === 'bound' && lease.expiresAt < now() ? 'expired' : lease.state,
        expiresAt: iso(lease.expiresAt),
        machine: owners.get(lease.mac) ?? null,
        machineName: names.get(owners.get(lease.mac) ?? '') ?? null,
      }));
    },
    listImages: async () => {
      const rows = await store.db.selectFrom('images').selectAll().orderBy('name').execute();
      return rows.map((image) => ({
        name: image.name,
        file: image.file,
        sha256: image.sha256,
        sizeBytes: image.size_bytes,
        ...imageState(image),
      }));
    },

    setCredential: async (name, credential) => {
      await credentials.set(name, credential);
      return { name };
    },
  };
}
