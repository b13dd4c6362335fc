/**
 * The API's port, answered by the rooms. No logic lives here: it finds the room that knows, and turns what the room says
 * into what the API shows.
 */
import type { ControlPlane, EventView } from '../api/index.ts';
import { AthanorError } from '../errors/index.ts';
import { findMachine } from '../discovery/index.ts';
import type { MachineRequests } from '../machine/index.ts';
import type { Operations } from '../operation/index.ts';
import type { Site } from '../site/index.ts';
import type { Event, Row, Store } from '../store/index.ts';
import { createAskBmc } from './ask-bmc.ts';
import { machinesOfBmcs, viewBmc, viewBmcDetail } from './bmc-views.ts';
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
import { createWithConsole } from './with-console.ts';

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
    askBmc: createAskBmc({ store, site, bmcRow, now }),
    withConsole: createWithConsole({ store, site, bmcRow, now }),

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
      const { protocol, username, password } = credential;
      const systemKey = 'kg' in credential ? credential.kg : undefined;
      await credentials.set(name, { protocol, username, password, systemKey });
      return { name };
    },
  };
}
