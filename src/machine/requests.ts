/**
 * What people ask of machines. Each request checks the state, moves the machine and starts its operation in one
 * transaction, so that a machine is never `deploying` without an operation, nor the other way round.
 */
import type { Transaction } from 'kysely';
import { AthanorError } from '../errors/index.ts';
import { findMachine } from '../discovery/index.ts';
import { findImage } from '../install/index.ts';
import type { Operations } from '../operation/index.ts';
import type { Database, Row, Store } from '../store/index.ts';
import { DEPLOY_MACHINE, type DeployMachineInput } from './deploy-machine.ts';
import { INSPECT_MACHINE, type InspectMachineInput } from './inspect-machine.ts';
import { allows, type MachineVerb, offerInWords, stateTable } from './states.ts';
import { moveMachine, stateOf } from './transition.ts';

export interface DeployRequest {
  image: string;
  hostname?: string | undefined;
  disk?: string | undefined;
  /** Gives the machine this name as well. */
  name?: string | undefined;
}

export interface MachineRequests {
  /** @returns the id of the operation */
  deploy(reference: string, request: DeployRequest): Promise<string>;
  inspect(reference: string): Promise<string>;
  /** A machine that is booting the ramdisk unasked is inspected; undefined when its state or an operation forbids it. */
  inspectBooting(machineId: string): Promise<string | undefined>;
  name(reference: string, name: string): Promise<void>;
  /**
   * Enter or leave maintenance, from every state: nothing is healed meanwhile.
   *
   * @returns whether that was a change
   */
  setMaintenance(reference: string, maintenance: boolean, reason?: string): Promise<boolean>;
}

function requireVerb(machine: Row<'machines'>, verb: MachineVerb): void {
  const state = stateOf(machine);
  if (allows(state, verb)) return;
  throw new AthanorError(
    'state-forbids',
    `machine ${machine.name ?? machine.id} is ${state}: ${stateTable[state].meaning}`,
    {
      field: 'state',
      value: state,
      remedy: offerInWords(state),
    },
  );
}

const hostnamePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

function requireHostname(field: string, value: string): void {
  if (hostnamePattern.test(value)) return;
  throw new AthanorError('invalid-input', `${value} is not a host name`, {
    field,
    value,
    remedy: 'Use 1 to 63 letters, digits and dashes, with no dash at either end (RFC 1123).',
  });
}

export function createMachineRequests(store: Store, operations: Operations, now: () => number): MachineRequests {
  /** Looks and writes in one transaction, so that of two who want a name at once one is told so. */
  async function giveName(trx: Transaction<Database>, machine: Row<'machines'>, name: string): Promise<void> {
    const other = await trx
      .selectFrom('machines')
      .select('id')
      .where('name', '=', name)
      .where('id', '!=', machine.id)
      .executeTakeFirst();
    if (other !== undefined)
      throw new AthanorError('conflict', `machine ${other.id} has the name ${name}`, {
        field: 'name',
        value: name,
        remedy: 'Choose another name, or rename that machine first.',
      });
    if (name === machine.name) return;
    await trx.updateTable('machines').set({ name, updated_at: now() }).where('id', '=', machine.id).execute();
    await store.events.appendEvent(trx, {
      kind: 'machine.named',
      subject: { kind: 'machine', id: machine.id },
      data: { name, before: machine.name },
    });
  }

  /** The operation is accepted already: when the engine cannot take it now, its next reconciliation does. */
  async function dispatch(operationId: string): Promise<string> {
    await operations.dispatch(operationId).catch(() => undefined);
    return operationId;
  }

  async function startInspect(machine: Row<'machines'>, because: InspectMachineInput['because']): Promise<string> {
    const operationId = await store.transaction(async (trx) => {
      const id = await operations.startIn(trx, INSPECT_MACHINE, machine.id, { because });
      await moveMachine(store, trx, now(), {
        machineId: machine.id,
        to: 'inspecting',
        operationId: id,
        reason: because === 'netboot' ? 'it booted from the network' : 'it was asked for',
      });
      return id;
    });
    return await dispatch(operationId);
  }

  return {
    deploy: async (reference, request) => {
      const machine = await findMachine(store, reference);
      requireVerb(machine, 'deploy');
      const image = await findImage(store, request.image);
      if (request.hostname !== undefined) requireHostname('hostname', request.hostname);
      if (request.name !== undefined) requireHostname('name', request.name);
      const input: DeployMachineInput = { image: image.name, disk: request.disk ?? 'auto' };
      const operationId = await store.transaction(async (trx) => {
        const id = await operations.startIn(trx, DEPLOY_MACHINE, machine.id, input);
        if (request.name !== undefined) await giveName(trx, machine, request.name);
        const deployment = {
          image: image.name,
          hostname: request.hostname ?? request.name ?? machine.name,
          disk: input.disk,
          updated_at: now(),
        };
        await trx
          .insertInto('deployments')
          .values({ id: store.newId(), name: machine.id, machine_id: machine.id, created_at: now(), ...deployment })
          .onConflict((conflict) => conflict.column('name').doUpdateSet(deployment))
          .execute();
        const move = { machineId: machine.id, operationId: id, reason: `deploy of ${image.name} was asked for` };
        if (stateOf(machine) === 'free') await moveMachine(store, trx, now(), { ...move, to: 'allocated' });
        await moveMachine(store, trx, now(), { ...move, to: 'deploying' });
        return id;
      });
      return await dispatch(operationId);
    },

    inspect: async (reference) => {
      const machine = await findMachine(store, reference);
      requireVerb(machine, 'inspect');
      return await startInspect(machine, 'request');
    },

    inspectBooting: async (machineId) => {
      const machine = await findMachine(store, machineId);
      if (stateOf(machine) !== 'discovered') return undefined;
      try {
        return await startInspect(machine, 'netboot');
      } catch (error) {
        if (error instanceof AthanorError && ['operation-running', 'state-forbids'].includes(error.code))
          return undefined;
        throw error;
      }
    },

    name: async (reference, name) => {
      const machine = await findMachine(store, reference);
      requireHostname('name', name);
      await store.transaction(async (trx) => await giveName(trx, machine, name));
    },

    setMaintenance: async (reference, maintenance, reason) => {
      const { id } = await findMachine(store, reference);
      return await store.transaction(async (trx) => {
        const wanted = maintenance ? 1 : 0;
        const changed = await trx
          .updateTable('machines')
          .set((expression) => ({
            maintenance: wanted,
            revision: expression('revision', '+', 1),
            updated_at: now(),
          }))
          .where('id', '=', id)
          .where('maintenance', '!=', wanted)
          .executeTakeFirst();
        if (changed.numUpdatedRows === 0n) return false;
        await store.events.appendEvent(trx, {
          kind: 'machine.maintenance',
          subject: { kind: 'machine', id },
          data: { maintenance, reason },
        });
        return true;
      });
    },
  };
}
