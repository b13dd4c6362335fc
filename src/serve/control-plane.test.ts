/** What the API is given is what its schemas promise, in every state, and holds no secret. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  bmcAnswerSchema,
  bmcDetailSchema,
  bmcViewSchema,
  type ControlPlane,
  eventViewSchema,
  imageViewSchema,
  leaseViewSchema,
  machineDetailSchema,
  machineViewSchema,
  operationDetailSchema,
  operationViewSchema,
  ruleSetViewSchema,
  screenViewSchema,
} from '../api/index.ts';
import { type BmcAnswer, type BmcCommand, loadBmcCommands } from '../bmc/index.ts';
import { machineStates, offeredVerbs, stateTable } from '../machine/index.ts';
import { takeLease } from '../machine/testing/scripted-machine.ts';
import { hardware, type Rack, type RackOptions, useRacks } from '../machine/testing/use-bench.ts';
import { createControlPlane } from './control-plane.ts';
import { createObserver } from '../recovery/index.ts';
import { createCredentials } from './credentials.ts';
import { createRecoveryPlane } from './recovery-plane.ts';

const rack = useRacks();
const canary = 'canary-password';

async function open(options?: RackOptions): Promise<Rack & { plane: ControlPlane }> {
  const opened = await rack(options);
  const { store, operations, requests, environment, now } = opened.bench;
  const credentials = createCredentials(store, now, () => Promise.resolve());
  const plane = createControlPlane({
    store,
    site: environment.site,
    operations,
    requests,
    credentials,
    networks: { list: () => [] },
    recovery: createRecoveryPlane({
      store,
      sources: { store, leases: environment.site.leases },
      requests,
      observer: createObserver({
        store,
        read: () => undefined,
        consoleOf: () => Promise.resolve(undefined),
        powerOf: () => Promise.resolve('on'),
        now,
      }),
      recovery: { rulesChanged: () => undefined, maintenanceChanged: () => Promise.resolve() },
      now,
    }),
    now,
  });
  return { ...opened, plane };
}

const bmcCommands = await loadBmcCommands();

async function ask(plane: ControlPlane, name: string, parameters = {}, bmc = 'bmc-1'): Promise<BmcAnswer> {
  const command = bmcCommands.find((one) => one.name === name);
  if (command === undefined) throw new Error(`the table has no ${name}`);
  return await plane.askBmc(bmc, command, parameters, 'tester');
}

describe('machines', () => {
  it.each(machineStates)('are shown as the schemas say in %s', async (state) => {
    const { bench, plane, machineId } = await open({ idle: true, machine: { state } });
    if (stateTable[state].waiting !== undefined)
      await bench.operations.start('inspect-machine', machineId, { because: 'request' });
    const [view, ...others] = await plane.listMachines();
    expect(others).toEqual([]);
    expect(machineViewSchema.strict().parse(view)).toEqual(view);
    expect(view).toMatchObject({
      state,
      bmc: 'bmc-1',
      uuid: hardware.uuid,
      macs: [hardware.mac],
      allowedVerbs: offeredVerbs(state),
    });
    expect([view?.waitsFor !== undefined, view?.deadline !== undefined]).toEqual(
      Array(2).fill(stateTable[state].waiting !== undefined),
    );
    const detail = await plane.getMachine('r1');
    expect(machineDetailSchema.strict().parse(detail)).toEqual(detail);
  });

  it('are shown with what they carry, where they are, and why they failed', async () => {
    const { bench, plane, bmc } = await open();
    const begun = await plane.deployMachine('r1', { image: 'lab-os', hostname: 'web-1' });
    expect(operationDetailSchema.strict().parse(begun)).toEqual(begun);
    await bench.ended(begun.id);
    expect(await plane.getMachine('r1')).toMatchObject({
      state: 'active',
      image: 'lab-os',
      hostname: 'web-1',
      address: hardware.address,
      serial: `S-${hardware.mac}`,
      inventory: { vendor: 'Maker' },
      operation: null,
      failure: null,
      operations: [{ id: begun.id, state: 'succeeded' }],
    });
    bmc.deaf = true;
    const second = await plane.deployMachine('r1', { image: 'lab-os' });
    await bench.ended(second.id);
    const [failed] = await plane.listMachines();
    expect(failed?.failure).toMatchObject({
      step: 'confirm-bmc',
      code: 'bmc-unreachable',
      verbs: expect.arrayContaining(['deploy']),
    });
    const operation = await plane.getOperation(second.id);
    expect(operationDetailSchema.strict().parse(operation)).toEqual(operation);
    expect(operation).toMatchObject({ state: 'failed', step: 'confirm-bmc', deadline: null });
    const listed = await plane.listOperations({ machine: 'r1', state: 'failed' });
    expect(listed.map((one) => operationViewSchema.strict().parse(one).id)).toEqual([second.id]);
  });

  it('can be named, aborted and not found', async () => {
    const { bench, plane } = await open({ idle: true });
    expect(await plane.nameMachine('r1', 'web')).toMatchObject({ name: 'web' });
    const { id } = await plane.inspectMachine('web');
    expect(await plane.abortOperation(id, 'enough')).toMatchObject({ state: 'aborted' });
    expect((await bench.machine((await plane.getMachine('web')).id)).state).toBe('failed');
    await expect(plane.getMachine('nobody')).rejects.toMatchObject({ code: 'not-found' });
    await expect(plane.getOperation('nothing')).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('BMCs', () => {
  it('are broken off with the call of whoever asked, reads and changes', async () => {
    const { plane } = await open();
    for (const name of ['power status', 'identify']) {
      const command = bmcCommands.find((one) => one.name === name);
      if (command === undefined) throw new Error(`the table has no ${name}`);
      const calls = new AbortController();
      let given: AbortSignal | undefined;
      const noted: BmcCommand = {
        ...command,
        run: async (_bmc, _parameters, options) => {
          given = options?.signal;
          return { outcome: 'unsupported', driver: 'ipmi', capability: 'power', reason: 'only a test' };
        },
      };
      await plane.askBmc('bmc-1', noted, {}, 'tester', calls.signal);
      expect(given).toBe(calls.signal);
    }
  });

  it('are shown as the schemas say, and what was asked of them is in the history', async () => {
    const { bench, plane, machineId } = await open();
    const [view] = await plane.listBmcs();
    expect(bmcViewSchema.strict().parse(view)).toEqual(view);
    const detail = await plane.getBmc('bmc-1');
    expect(bmcDetailSchema.strict().parse(detail)).toEqual(detail);
    for (const answer of [
      await ask(plane, 'power on'),
      await ask(plane, 'power status'),
      await ask(plane, 'boot pxe'),
    ]) {
      expect(bmcAnswerSchema.strict().parse(answer)).toEqual(answer);
      expect(answer.outcome).toBe('done');
    }
    expect((await bench.machine(machineId)).power).toBe('on');
    const kinds = (await bench.events()).map(({ kind }) => kind).filter((kind) => kind.startsWith('bmc.'));
    expect(kinds).toEqual(['bmc.command', 'bmc.answered', 'bmc.command', 'bmc.answered']);
    const [asked, answered] = (await bench.events()).filter(({ kind }) => kind.startsWith('bmc.'));
    expect(asked?.data).toEqual({ bmc: 'bmc-1', command: 'power on', parameters: {}, caller: 'tester' });
    expect(answered?.data).toMatchObject({ command: 'power on', outcome: 'done', value: 'on', caller: 'tester' });
    await expect(plane.getBmc('bmc-2')).rejects.toMatchObject({ code: 'not-found', remedy: 'Known: bmc-1.' });
  });

  it('are asked in the history without its secrets and without what holds anyway', async () => {
    const { bench, plane } = await open();
    // Whatever this BMC makes of it: what was asked is written down first.
    await ask(plane, 'user set-password', { id: 3, password: canary }).catch(() => undefined);
    const bytes = [...Buffer.from(canary)];
    await ask(plane, 'raw', { networkFunction: 6, command: 0x47, data: [3, 2, ...bytes] }).catch(() => undefined);
    await ask(plane, 'raw', { networkFunction: 6, command: 0x34, data: [7, ...bytes] }).catch(() => undefined);
    for (const networkFunction of [0x2e, 0x30, 0x3e]) {
      await ask(plane, 'raw', { networkFunction, command: 0x70, data: [1, ...bytes] }).catch(() => undefined);
    }
    await ask(plane, 'user test-password', { id: 3, password: canary }).catch(() => undefined);
    await ask(plane, 'lan set', { vlanPriority: 2, community: canary }).catch(() => undefined);
    await ask(plane, 'boot pxe', { uefi: true, legacy: false });
    const events = (await bench.events()).filter(({ kind }) => kind.startsWith('bmc.'));
    expect(JSON.stringify(events)).not.toContain(canary);
    expect(JSON.stringify(events)).not.toContain(bytes.join(','));
    const asked = events.filter(({ kind }) => kind === 'bmc.command').map(({ data }) => data);
    expect(asked.map((data) => z.object({ command: z.string(), parameters: z.unknown() }).parse(data))).toEqual([
      { command: 'user set-password', parameters: { id: 3 } },
      { command: 'raw', parameters: { networkFunction: 6, command: 0x47, data: 'not shown: it may hold a secret' } },
      { command: 'raw', parameters: { networkFunction: 6, command: 0x34, data: 'not shown: it may hold a secret' } },
      ...[0x2e, 0x30, 0x3e].map((networkFunction) => ({
        command: 'raw',
        parameters: { networkFunction, command: 0x70, data: 'not shown: it may hold a secret' },
      })),
      { command: 'user test-password', parameters: { id: 3 } },
      { command: 'lan set', parameters: { vlanPriority: 2 } },
      { command: 'boot pxe', parameters: { uefi: true } },
    ]);
  });

  it('that are deaf say so in the answer', async () => {
    const { plane, bmc } = await open();
    bmc.deaf = true;
    const answer = await ask(plane, 'power on');
    expect(answer).toMatchObject({ outcome: 'failed', error: { code: 'bmc-unreachable' } });
    expect(bmcAnswerSchema.strict().parse(answer)).toEqual(answer);
  });

  it('are neither switched nor typed to by hand while an operation runs on their machine', async () => {
    const { plane, bmc } = await open({ idle: true });
    const { id } = await plane.deployMachine('r1', { image: 'lab-os' });
    const unused = (): Promise<void> => Promise.reject(new Error('it was opened'));
    const typing = plane.withConsole('bmc-1', { takeOver: true }, 'tester', AbortSignal.timeout(5_000), unused);
    for (const asked of [ask(plane, 'power on'), ask(plane, 'boot pxe'), typing]) {
      await expect(asked).rejects.toMatchObject({ code: 'operation-running' });
      await expect(asked).rejects.toHaveProperty('remedy', expect.stringContaining(id));
    }
    expect(bmc.changes).toEqual([]);
    expect((await ask(plane, 'power status')).outcome).toBe('done');
  });
});

describe('the rest', () => {
  it('is shown as the schemas say', async () => {
    const { bench, plane, machineId } = await open();
    await takeLease(bench, hardware, 'none');
    await bench.leases.put({
      network: 'lab',
      mac: '52:54:00:00:00:09',
      address: '10.0.0.9',
      expiresAt: 5,
      state: 'bound',
    });
    const leases = await plane.listLeases();
    expect(leases.map((lease) => leaseViewSchema.strict().parse(lease))).toEqual(leases);
    expect(leases.map(({ state, machine }) => [state, machine])).toEqual([
      ['bound', machineId],
      ['expired', null],
    ]);
    const images = await plane.listImages();
    expect(images.map((image) => imageViewSchema.strict().parse(image))).toMatchObject([
      { name: 'lab-os', state: 'unchecked' },
    ]);
  });

  it('tells every event once, in order, and no secret in any', async () => {
    const { bench, plane } = await open();
    await plane.setCredential('lab', { protocol: 'ipmi', username: 'admin', password: canary });
    await plane.setCredential('lab', { protocol: 'ipmi', username: 'admin', password: `${canary}2` });
    const { id } = await plane.deployMachine('r1', { image: 'lab-os' });
    await bench.ended(id);
    const last = await plane.latestEventSequence();
    const seen: unknown[] = [];
    for await (const event of plane.events(0, AbortSignal.timeout(5000))) {
      expect(eventViewSchema.strict().parse(event)).toEqual(event);
      seen.push(event);
      if (event.sequence === last) break;
    }
    const everything = JSON.stringify(seen);
    expect(seen).toContainEqual(expect.objectContaining({ kind: 'credential.changed' }));
    for (const text of [canary, Buffer.from(canary).toString('base64').slice(0, 16)])
      expect(everything).not.toContain(text);
  });
});

describe('recovery', () => {
  it('maintenance is shown, and a machine without a console says so instead of failing', async () => {
    const { plane } = await open();
    expect(await plane.setMaintenance('r1', { maintenance: true, reason: 'a new fan' })).toMatchObject({
      maintenance: true,
      incident: null,
      lastHeardAt: null,
    });
    const screen = await plane.screenOf('r1');
    expect(screenViewSchema.strict().parse(screen)).toEqual(screen);
    expect(screen).toMatchObject({ power: 'on', frame: null, reading: null, machineName: 'r1' });
    expect(screen.problem).toMatch(/console/);
  });

  it('rules are taken whole, shown as the schemas say, or refused with every finding', async () => {
    const { plane } = await open();
    expect(await plane.rules()).toMatchObject({ revision: 0, rules: [], appliedAt: null });
    const text = [
      'rules:',
      '  - { name: panic, when: { screen: Kernel panic, not: Rebooting }, playbook: cycle }',
      'playbooks:',
      '  - name: cycle',
      '    steps: [{ power: cycle }, { wait-for-screen: { see: login, within: 1m } },',
      '            { keys: { type: root, press: Enter, see: Password, within: 10s } }, { wait-for-heartbeat: 5m }]',
    ].join('\n');
    const applied = await plane.applyRules([{ name: 'a.yaml', text }]);
    expect(ruleSetViewSchema.strict().parse(applied)).toEqual(applied);
    expect(applied).toMatchObject({ revision: 1, rules: [{ name: 'panic', source: { file: 'a.yaml', line: 2 } }] });
    const refused = plane.applyRules([{ name: 'a.yaml', text: text.replace('playbook: cycle', 'playbook: circle') }]);
    await expect(refused).rejects.toMatchObject({ code: 'invalid-rules', findings: [{ file: 'a.yaml', line: 2 }] });
    expect((await plane.rules()).revision).toBe(1);
  });

  it('what is switched off by Athanor is off on purpose, until it is switched on', async () => {
    const { bench, plane, machineId } = await open();
    await ask(plane, 'power off');
    expect(await bench.machine(machineId)).toMatchObject({ off_on_purpose: 1 });
    await ask(plane, 'power on');
    expect(await bench.machine(machineId)).toMatchObject({ off_on_purpose: 0 });
  });

  it('what could not even be asked of a BMC leaves the machine as it was: its silence still counts', async () => {
    const { bench, plane, machineId } = await open();
    await bench.store.db.updateTable('bmcs').set({ name: 'gone' }).where('name', '=', 'bmc-1').execute();
    await expect(ask(plane, 'power off', {}, 'gone')).rejects.toThrow();
    expect(await bench.machine(machineId)).toMatchObject({ off_on_purpose: 0 });
  });

  it('an incident or a frame that is not there is not found', async () => {
    const { plane } = await open();
    await expect(plane.getIncident('x')).rejects.toMatchObject({ code: 'not-found' });
    await expect(plane.frame('0'.repeat(64))).rejects.toMatchObject({ code: 'not-found' });
    expect([await plane.listIncidents({ state: 'all' }), await plane.listOutages()]).toEqual([[], []]);
  });
});
