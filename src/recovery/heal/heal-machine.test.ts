/** What heal does, and what it leaves alone: each test counts what reached the machine. */
import { describe, expect, it } from 'vitest';
import type { PlaybookStep } from '../rules/rule.ts';
import { frameOf, observationsOf } from '../observations/observation-store.ts';
import type { RowUpdate } from '../../store/index.ts';
import { actionsOf } from './actions.ts';
import { panickedServer, type Patient } from './testing/heal-bench.ts';
import type { BmcManner } from './testing/scripted-server.ts';
import { useHealBenches } from './testing/use-heal-bench.ts';

const open = useHealBenches();

const cycle: PlaybookStep[] = [
  { action: 'power', to: 'cycle' },
  { action: 'wait-for-heartbeat', withinMs: 5_000 },
];

async function evidenceOf(patient: Patient): Promise<Map<string, Record<string, unknown>>> {
  const { steps } = await patient.ended();
  return new Map(steps.map(({ name, evidence }) => [name, { ...Object(evidence) }]));
}

describe('a power cycle', () => {
  it('is off and on once, proved by a heartbeat of another boot, and leaves machine and incident healed', async () => {
    const bench = await open();
    const server = await panickedServer();
    const patient = await bench.begin(server, cycle);
    expect((await patient.ended()).state).toBe('succeeded');
    expect(server.done).toEqual(['power off', 'power on']);
    expect(bench.outcomes.get(patient.operationId)).toBe('healed');
    expect((await patient.machine()).state).toBe('active');
    const incident = await patient.incident();
    expect(incident).toMatchObject({ state: 'resolved', outcome: 'healed' });
    expect(incident.first_action_at).not.toBeNull();
  });

  it('leaves a film: each action names the look it was decided on', async () => {
    const bench = await open();
    const patient = await bench.begin(await panickedServer(), cycle);
    const evidence = await evidenceOf(patient);
    expect([...evidence.keys()]).toEqual(['confirm-bmc', 'power-off-1', 'power-on-1', 'wait-for-heartbeat-2']);
    const film = await observationsOf(bench.store, patient.incidentId);
    const seen = (step: string) => film.find(({ id }) => id === evidence.get(step)?.['observation']);
    expect(seen('power-off-1')).toMatchObject({
      power: 'on',
      reading: { lines: expect.arrayContaining([expect.stringContaining('Kernel panic')]) },
    });
    expect(seen('power-on-1')).toMatchObject({ power: 'off', reading: null });
    expect(seen('wait-for-heartbeat-2')).toMatchObject({ power: 'on', reading: { lines: ['lab-os login:'] } });
    const frame = await frameOf(bench.store, seen('power-off-1')?.frameId ?? '');
    expect(
      Buffer.from(frame?.png ?? [])
        .subarray(1, 4)
        .toString(),
    ).toBe('PNG');
    expect((await actionsOf(bench.store.db, patient)).map(({ action, bootId }) => [action, bootId])).toEqual([
      ['power off', 'boot-1'],
      ['power on', 'boot-1'],
    ]);
    const kinds = (await patient.events()).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'incident.acting')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'incident.action')).toHaveLength(2);
  });

  it('is not done when the screen was swapped between match and action', async () => {
    const bench = await open();
    const server = await panickedServer();
    server.screen = { lines: ['lab-os login:'] };
    const patient = await bench.begin(server, cycle);
    const ended = await patient.ended();
    expect(ended.failure).toMatchObject({ step: 'power-off-1', code: 'screen-changed' });
    expect(ended.failure?.message).toContain('lab-os login:');
    expect(server.done).toEqual([]);
    expect(await patient.incident()).toMatchObject({ state: 'open', first_action_at: null });
    expect((await patient.machine()).state).toBe('failed');
  });

  it.each([
    ['the console is unreachable', (patient: Patient) => void (patient.server.consoleDead = true), 'screen-changed'],
    [
      'the screen is no text',
      (patient: Patient) => void (patient.server.screen = { lines: ['NO TEXT'] }),
      'screen-changed',
    ],
    ['the machine is put in maintenance', (patient: Patient) => patient.setMaintenance(), 'state-forbids'],
  ])('is not done when %s at the last look', async (_what, change, code) => {
    const bench = await open();
    const server = await panickedServer();
    const patient = await bench.begin(server, cycle, {
      prepare: (begun) => {
        server.beforeFrame = () => change(begun);
      },
    });
    expect((await patient.ended()).failure).toMatchObject({ step: 'power-off-1', code });
    expect(server.done).toEqual([]);
  });

  it('is not done to a machine that is heard again, even during the last look', async () => {
    const bench = await open();
    const server = await panickedServer();
    const patient = await bench.begin(server, cycle, {
      prepare: (begun) => {
        server.beforeFrame = () => begun.beat();
      },
    });
    expect((await patient.ended()).state).toBe('succeeded');
    expect(server.done).toEqual([]);
    const evidence = await evidenceOf(patient);
    for (const step of ['power-off-1', 'power-on-1', 'wait-for-heartbeat-2'])
      expect(evidence.get(step)).toEqual({ skipped: 'the machine is back' });
    expect(bench.outcomes.get(patient.operationId)).toBe('returned');
    expect(await patient.incident()).toMatchObject({ state: 'resolved', outcome: 'returned' });
  });

  it('is not done when an abort came during the last look', async () => {
    const bench = await open();
    const server = await panickedServer();
    const patient = await bench.begin(server, cycle, {
      prepare: (begun) => {
        server.beforeFrame = async () => {
          server.beforeFrame = () => undefined;
          await bench.operations.abort(begun.operationId, 'a person looks');
        };
      },
    });
    expect((await patient.ended()).state).toBe('aborted');
    expect(server.done).toEqual([]);
    expect(await patient.incident()).toMatchObject({ state: 'escalated' });
  });

  it('is not done when an abort is written down and the signal still on its way', async () => {
    const bench = await open();
    const server = await panickedServer();
    const patient = await bench.begin(server, cycle, {
      prepare: ({ operationId }) => {
        server.beforeFrame = async () => {
          const wish = { abort_requested_at: 1, abort_reason: 'a person looks' };
          await bench.store.db.updateTable('operations').set(wish).where('id', '=', operationId).execute();
        };
      },
    });
    expect((await patient.ended()).failure).toMatchObject({ code: 'aborted' });
    expect(server.done).toEqual([]);
  });

  it('is not decided on a look that has grown old', async () => {
    const bench = await open();
    const server = await panickedServer();
    server.beforeFrame = (number) => {
      if (number === 1) bench.skip(10_000);
      else server.screen = { lines: ['fsck: 34% complete'] };
    };
    const patient = await bench.begin(server, cycle);
    expect((await patient.ended()).failure).toMatchObject({ step: 'power-off-1', code: 'screen-changed' });
    expect(server.done).toEqual([]);
  });

  it.each<[string, { machines?: RowUpdate<'machines'>; incidents?: RowUpdate<'incidents'> }]>([
    ['switched off by a person', { machines: { off_on_purpose: 1 } }],
    ['no longer recovering', { machines: { state: 'quarantined' } }],
    ['in an incident that was taken from it', { incidents: { state: 'escalated' } }],
  ])('is not done to a machine that is %s', async (_what, { machines, incidents }) => {
    const bench = await open();
    const server = await panickedServer();
    const patient = await bench.begin(server, cycle, {
      prepare: ({ machineId, incidentId }) => {
        server.beforeFrame = async () => {
          const { db } = bench.store;
          if (machines !== undefined)
            await db.updateTable('machines').set(machines).where('id', '=', machineId).execute();
          if (incidents !== undefined)
            await db.updateTable('incidents').set(incidents).where('id', '=', incidentId).execute();
        };
      },
    });
    expect((await patient.ended()).failure).toMatchObject({ code: 'state-forbids' });
    expect(server.done).toEqual([]);
  });

  it('stops before power-on when maintenance begins in between', async () => {
    const bench = await open();
    const server = await panickedServer();
    const patient = await bench.begin(server, cycle, {
      prepare: (begun) => {
        server.onDone = () => begun.setMaintenance();
      },
    });
    expect((await patient.ended()).failure).toMatchObject({ step: 'power-on-1', code: 'state-forbids' });
    expect(server.done).toEqual(['power off']);
    expect(await patient.incident()).toMatchObject({ state: 'resolved', outcome: 'withdrawn' });
  });

  it('leaves off what somebody else switched off', async () => {
    const bench = await open();
    const server = await panickedServer();
    server.power = 'off';
    const patient = await bench.begin(server, cycle);
    expect((await patient.ended()).failure).toMatchObject({ step: 'power-on-1', code: 'screen-changed' });
    expect(server.done).toEqual([]);
  });

  it('does not take a late packet of the old boot for a return, and so switches on again', async () => {
    const bench = await open();
    const server = await panickedServer();
    const patient = await bench.begin(server, cycle, {
      prepare: (begun) => {
        server.onDone = (what) => {
          if (what !== 'power off') return;
          // Later than the line that the action was written down in.
          bench.skip(100);
          begun.beat({ bootId: 'boot-1' });
        };
      },
    });
    expect((await patient.ended()).state).toBe('succeeded');
    expect(server.done).toEqual(['power off', 'power on']);
  });

  it('says what was on the screen when no heartbeat comes', async () => {
    const bench = await open();
    const server = await panickedServer();
    const steps: PlaybookStep[] = [
      cycle[0] ?? { action: 'power', to: 'cycle' },
      { action: 'wait-for-heartbeat', withinMs: 60 },
    ];
    const patient = await bench.begin(server, steps, {
      prepare: () => {
        server.onBoot = () => void (server.screen = { lines: ['No bootable device.'] });
      },
    });
    const { failure } = await patient.ended();
    expect(failure).toMatchObject({ step: 'wait-for-heartbeat-2', code: 'not-seen' });
    expect(failure?.message).toContain('No bootable device.');
    const film = await observationsOf(bench.store, patient.incidentId);
    expect(film.at(-1)?.reading?.lines).toEqual(['No bootable device.']);
  });

  it('does not take a farewell for a return', async () => {
    const bench = await open();
    const server = await panickedServer();
    const steps: PlaybookStep[] = [{ action: 'wait-for-heartbeat', withinMs: 60 }];
    const patient = await bench.begin(server, steps, { prepare: (begun) => begun.beat({ stopping: true }) });
    expect((await patient.ended()).failure).toMatchObject({ code: 'not-seen' });
  });
});

describe('a BMC', () => {
  it.each<[BmcManner, string]>([
    ['refuses', 'bmc-refused'],
    ['deaf', 'deadline-exceeded'],
    ['unsupported', 'unsupported'],
    ['request lost', 'outcome-unknown'],
  ])('that %s is asked once and never again', async (manner, code) => {
    const bench = await open();
    const server = await panickedServer();
    let asked = 0;
    server.manner = () => {
      asked += 1;
      return manner;
    };
    const patient = await bench.begin(server, cycle);
    expect((await patient.ended()).failure).toMatchObject({ step: 'power-off-1', code });
    expect(asked).toBe(1);
    expect((await patient.machine()).state).toBe('failed');
  });

  it('whose answer is lost is read back', async () => {
    const bench = await open();
    const server = await panickedServer();
    server.manner = () => 'answer lost';
    const patient = await bench.begin(server, cycle);
    expect((await patient.ended()).state).toBe('succeeded');
    expect(server.done).toEqual(['power off', 'power on']);
    expect((await evidenceOf(patient)).get('power-on-1')).toMatchObject({ acted: true, readBack: 'on' });
  });

  it('that loses the request to switch on leaves it to a person', async () => {
    const bench = await open();
    const server = await panickedServer();
    server.manner = (verb) => (verb === 'on' ? 'request lost' : 'obeys');
    const patient = await bench.begin(server, cycle);
    expect((await patient.ended()).failure).toMatchObject({ step: 'power-on-1', code: 'outcome-unknown' });
    expect(server.done).toEqual(['power off']);
  });
});
