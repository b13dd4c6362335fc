/** A control plane made of plain data, to test what carries it: the API and the command line. Only for tests. */
import { AthanorError } from '../errors/index.ts';
import type { ControlPlane } from './control-plane.ts';
import { createRecoveryFixture } from './recovery.fixture.ts';
import type { BmcAnswer, SerialConsole } from '../bmc/index.ts';
import type { EventView, MachineView, OperationDetail } from './schemas.ts';

const time = '2026-11-21T10:00:00.000Z';

export interface FixtureControlPlane extends ControlPlane {
  /** Every call with its arguments, in order. */
  readonly calls: unknown[][];
  readonly operations: Map<string, OperationDetail>;
  /** What the next BMC action answers. */
  action: BmcAnswer;
  /** What the next console is. */
  openConsole(signal: AbortSignal): Promise<SerialConsole>;
  append(kind: string, subjectId: string): EventView;
  /** Event streams that are being read now. */
  openStreams(): number;
}

export function machineFixture(over: Partial<MachineView> = {}): MachineView {
  return {
    id: 'm-1',
    name: 'r1',
    state: 'free',
    stateSince: time,
    allowedVerbs: ['deploy', 'inspect'],
    power: 'off',
    maintenance: false,
    macs: ['52:54:00:00:00:01'],
    uuid: null,
    serial: null,
    bmc: 'r1-bmc',
    image: null,
    hostname: null,
    address: null,
    operation: null,
    failure: null,
    incident: null,
    lastHeardAt: null,
    ...over,
  };
}

export function operationFixture(over: Partial<OperationDetail> = {}): OperationDetail {
  return {
    id: 'op-1',
    kind: 'deploy',
    machine: 'm-1',
    machineName: 'r1',
    state: 'running',
    step: 'write-image',
    progress: { text: 'writing', done: 50, total: 100, unit: 'bytes' },
    startedAt: time,
    endedAt: null,
    deadline: null,
    failure: null,
    steps: [{ name: 'write-image', state: 'intent', startedAt: time, endedAt: null }],
    log: [{ time, text: 'began' }],
    ...over,
  };
}

export function createControlPlaneFixture(): FixtureControlPlane {
  const calls: unknown[][] = [];
  const machines = [machineFixture(), machineFixture({ id: 'm-2', name: null, state: 'discovered', bmc: null })];
  const operations = new Map<string, OperationDetail>();
  const events: EventView[] = [];
  const waiting = new Set<() => void>();
  let streams = 0;

  function machine(reference: string): MachineView {
    const found = machines.find(
      ({ id, name, macs }) => id === reference || name === reference || macs.includes(reference),
    );
    if (found === undefined) {
      throw new AthanorError('not-found', `There is no machine ${reference}.`, { field: 'machine', value: reference });
    }
    return found;
  }
  function operation(id: string): OperationDetail {
    const found = operations.get(id);
    if (found === undefined) {
      throw new AthanorError('not-found', `There is no operation ${id}.`, { field: 'operation', value: id });
    }
    return found;
  }

  const fixture: FixtureControlPlane = {
    calls,
    operations,
    openConsole: () => Promise.reject(new AthanorError('not-found', 'There is no console.')),
    action: { bmc: 'r1-bmc', driver: 'ipmi', outcome: 'done', value: 'on', evidence: [] },
    append(kind, subjectId) {
      const event: EventView = {
        sequence: events.length + 1,
        time,
        kind,
        subjectKind: 'machine',
        subjectId,
        data: { text: kind },
      };
      events.push(event);
      for (const wake of waiting) wake();
      return event;
    },
    openStreams: () => streams,
    listMachines: async () => machines,
    getMachine: async (reference) => ({ ...machine(reference), claims: [], inventory: { cpus: 2 }, operations: [] }),
    async deployMachine(reference, request) {
      calls.push(['deployMachine', reference, request]);
      if (request.image === 'none-such') {
        throw new AthanorError('not-found', 'There is no image none-such.', { field: 'image', value: 'none-such' });
      }
      const started = operationFixture({ machine: machine(reference).id });
      operations.set(started.id, started);
      return started;
    },
    async inspectMachine(reference) {
      calls.push(['inspectMachine', reference]);
      throw new AthanorError('state-forbids', `Machine ${reference} is active.`, {
        field: 'machine',
        value: reference,
      });
    },
    async nameMachine(reference, name) {
      calls.push(['nameMachine', reference, name]);
      return { ...machine(reference), name };
    },
    async setMaintenance(reference, { maintenance, reason }) {
      calls.push(['setMaintenance', reference, maintenance, reason]);
      return { ...machine(reference), maintenance };
    },
    ...createRecoveryFixture(calls),
    listBmcs: async () => [
      {
        name: 'r1-bmc',
        driver: 'ipmi',
        address: '10.77.1.1',
        port: 623,
        credential: 'lab',
        machine: 'm-1',
        machineName: 'r1',
        power: 'on',
        state: 'ready',
      },
    ],
    async getBmc(name) {
      const [bmc] = await fixture.listBmcs();
      if (bmc === undefined || bmc.name !== name) throw new AthanorError('not-found', `There is no BMC ${name}.`);
      return { ...bmc, guid: null, mac: null, device: null, evidence: [] };
    },
    async askBmc(name, command, parameters, caller) {
      calls.push(['askBmc', name, command.name, parameters, caller]);
      return fixture.action;
    },
    async withConsole(name, { takeOver }, caller, signal, use) {
      calls.push(['withConsole', name, takeOver, caller]);
      await use(await fixture.openConsole(signal));
    },
    async listOperations(filter) {
      calls.push(['listOperations', filter]);
      return [...operations.values()];
    },
    getOperation: async (id) => operation(id),
    async abortOperation(id, reason) {
      calls.push(['abortOperation', id, reason]);
      const aborted = operationFixture({ ...operation(id), state: 'aborted', endedAt: time });
      operations.set(id, aborted);
      return aborted;
    },
    async *events(after, signal) {
      streams += 1;
      try {
        let next = after;
        while (!signal.aborted) {
          const event = events[next];
          if (event !== undefined) {
            next += 1;
            yield event;
            continue;
          }
          const { promise, resolve } = Promise.withResolvers<void>();
          waiting.add(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
          await promise;
          waiting.delete(resolve);
        }
      } finally {
        streams -= 1;
      }
    },
    latestEventSequence: async () => events.length,
    listNetworks: async () => [
      { name: 'lab', interface: 'cp0', subnet: '10.77.0.0/24', state: 'blocked', rival: '10.77.0.9', reason: 'rival' },
    ],
    listLeases: async () => [],
    listImages: async () => [
      { name: 'lab-os', file: '/images/lab-os.raw', sha256: 'a'.repeat(64), sizeBytes: 5, state: 'ready' },
    ],
    async setCredential(name, credential) {
      calls.push(['setCredential', name, credential]);
      return { name };
    },
  };
  return fixture;
}
