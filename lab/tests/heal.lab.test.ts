/**
 * Servers that are active break and are healed by what their screens show. The rack is the witness: VGA memory or the
 * serial copy for the screen, the chassis log for power, QEMU's trace for keys.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hangAtGrub, type LabMachine, mendGrub, panicBySysrq, resetToGrub } from '../index.ts';
import { type Breakage, grubPrompt, nmiPanic, sysrqPanic } from '../life/breakage.ts';
import type { LifeEvent } from '../life/athanor.ts';
import { chassisCallsSince, type HealReport, healLife, typedSince } from '../life/heal.ts';
import { describeIncident, listIncidents } from '../life/incident-film.ts';
import {
  activeSince,
  biosMachine,
  type HealStage,
  incidentEvent,
  restartKilledAt,
  setHealStage,
  uefiMachine,
  useRules,
} from './healing.ts';
import { startPostgresFor } from './postgres.ts';

async function heal(stage: HealStage, name: string, breakage: Breakage): Promise<HealReport> {
  const { athanor, watch } = stage;
  const onStage = (): void => undefined;
  const options = { athanor, watch, machine: stage.machine(name), breakage, onStage };
  const report = await healLife(options, stage.machineId(name));
  const { faultToHealedMs, detectionToActionMs, comparedWith } = report;
  console.log(
    `${name} ${breakage.name}: healed in ${faultToHealedMs} ms, first action after ${detectionToActionMs} ms`,
  );
  expect(report.incident).toMatchObject({ state: 'resolved', outcome: 'healed', attempts: 1 });
  expect(report.incident.observations.some(({ frame }) => frame !== null)).toBe(true);
  expect(comparedWith).not.toBe('');
  return report;
}

describe('on SQLite', () => {
  let stage: HealStage;
  beforeAll(async () => {
    stage = await setHealStage([biosMachine, uefiMachine]);
    await useRules(stage, 'panic', 'grub');
  });
  afterAll(async () => {
    await stage.close();
  });

  it('both are healed of a kernel panic at the same time, each cycled once', async () => {
    const reports = await Promise.all([heal(stage, 'bios', sysrqPanic), heal(stage, 'uefi', nmiPanic)]);
    expect(reports.map(({ comparedWith }) => comparedWith)).toEqual(['VGA memory', 'the serial copy']);
    const film = reports[0]?.incident.timeline.map(({ kind }) => kind) ?? [];
    const order = ['opened', 'observed', 'matched', 'acting', 'resolved'].map((kind) =>
      film.indexOf(`incident.${kind}`),
    );
    expect(order).not.toContain(-1);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(await listIncidents(stage.athanor)).toEqual([]);
  });

  it("a server at GRUB's prompt is healed by keys, typed once, and nothing is asked of its power", async () => {
    const machine = stage.machine('bios');
    try {
      await heal(stage, 'bios', grubPrompt);
    } finally {
      await mendGrub(machine);
    }
  });

  it('without a rule that fits a person is asked, and nothing is done; a rule applied then heals at once', async () => {
    const machine = stage.machine('bios');
    await useRules(stage, 'grub');
    const since = await panicBySysrq(machine);
    const { subjectId, data } = await incidentEvent(stage, 'bios', 'incident.escalated', since);
    expect(String(data['reason'])).toMatch(/no rule/i);
    expect(await chassisCallsSince(machine, since)).toEqual([]);
    expect(await listIncidents(stage.athanor)).toMatchObject([{ id: subjectId, state: 'escalated' }]);
    await useRules(stage, 'panic', 'grub');
    await activeSince(stage, 'bios', since);
    expect(await describeIncident(stage.athanor, subjectId)).toMatchObject({ state: 'resolved', outcome: 'healed' });
    expect((await chassisCallsSince(machine, since)).map(({ call }) => call)).toEqual(['power 0', 'power 1']);
  });

  it('a BMC that is deaf meanwhile is waited for, and costs the rule no attempt', async () => {
    const machine = stage.machine('bios');
    const id = stage.machineId('bios');
    let since: number;
    machine.bmc.stop();
    try {
      since = await panicBySysrq(machine);
      const failed = await stage.watch.waitFor(
        ({ kind, subjectId, time }) => kind === 'operation.failed' && subjectId === id && Date.parse(time) >= since,
        { timeoutMs: 90_000, what: 'the heal operation without a BMC' },
      );
      expect(failed.data).toMatchObject({ code: 'bmc-unreachable' });
      expect(await chassisCallsSince(machine, since)).toEqual([]);
    } finally {
      machine.bmc.continue();
    }
    await activeSince(stage, 'bios', since);
    const resolved = await incidentEvent(stage, 'bios', 'incident.resolved', since);
    expect(await describeIncident(stage.athanor, resolved.subjectId)).toMatchObject({ outcome: 'healed' });
    expect((await chassisCallsSince(machine, since)).map(({ call }) => call)).toEqual(['power 0', 'power 1']);
  });

  describe('the screen is swapped between match and action', () => {
    const ownPanic = '<alt-print><alt-print-c>';

    /** Breaks it, lets the rule match and Athanor die before the first action, swaps the screen, and goes on. */
    async function swap(options: {
      rules: Parameters<typeof useRules>[1];
      break(machine: LabMachine): Promise<number>;
      swap(machine: LabMachine): Promise<unknown>;
      typedByLab: string;
    }): Promise<void> {
      const { athanor } = stage;
      const machine = stage.machine('bios');
      await useRules(stage, options.rules);
      await restartKilledAt(athanor, 'heal-machine/confirm-bmc/done');
      const since = await options.break(machine);
      expect(await athanor.ended()).toBe('SIGKILL');
      // Whatever goes wrong now: the next test finds a server that runs.
      try {
        await options.swap(machine);
      } finally {
        await athanor.start();
      }
      const failed = await stage.watch.waitFor(
        ({ kind, subjectId, time }) =>
          kind === 'operation.failed' && subjectId === stage.machineId('bios') && Date.parse(time) >= since,
        { timeoutMs: 60_000, what: 'the heal operation refused' },
      );
      expect(failed.data).toMatchObject({ code: 'screen-changed' });
      const later = ({ sequence }: LifeEvent): boolean => sequence > failed.sequence;
      await incidentEvent(stage, 'bios', 'incident.escalated', since, later);
      expect(await chassisCallsSince(machine, since)).toEqual([]);
      expect(await typedSince(machine, since)).toBe(options.typedByLab);
    }

    it('no power verb is sent to a machine that panicked and is at a prompt now', async () => {
      const since = Date.now();
      await swap({ rules: 'panic', break: panicBySysrq, swap: hangAtGrub, typedByLab: ownPanic });
      // What it shows now has a rule of its own.
      await useRules(stage, 'panic', 'grub');
      await activeSince(stage, 'bios', since);
    });

    it('nothing is typed at a machine that was at a prompt and has panicked now', async () => {
      const since = Date.now();
      await swap({
        rules: 'grub',
        // Its configuration is still away from the test before.
        break: resetToGrub,
        swap: async (machine) => {
          await mendGrub(machine);
          const from = (await machine.serialLog()).length;
          await machine.qmp('system_reset');
          await machine.waitForSerial(/ATHANOR-LAB-OS up .*root=ok/, { timeoutMs: 60_000, from });
          await panicBySysrq(machine);
          await machine.waitForSerial(/---\[ end Kernel panic.*\]---/, { timeoutMs: 60_000, from });
        },
        typedByLab: ownPanic,
      });
      await useRules(stage, 'panic', 'grub');
      await activeSince(stage, 'bios', since);
    });
  });
});

describe('on PostgreSQL', () => {
  it('a kernel panic is healed as on SQLite', async () => {
    const closing: (() => Promise<void>)[] = [];
    try {
      const stage = await setHealStage([biosMachine], {}, async (rack) => {
        const postgres = await startPostgresFor(rack);
        closing.push(postgres.stop);
        return { postgresUrl: postgres.url };
      });
      closing.push(stage.close);
      await useRules(stage, 'panic', 'grub');
      await heal(stage, 'bios', sysrqPanic);
    } finally {
      for (const close of closing.reverse()) await close();
    }
  });
});
