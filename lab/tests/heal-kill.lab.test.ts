/**
 * Athanor is killed at every checkpoint of healing, one kill after another within the same heal. It goes on or stops
 * safely; the BMC's chassis log and QEMU's trace of keys count what was done.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enumeratePoints, stepsOf } from '../../src/operation/index.ts';
import { type HealEnvironment, healMachine, parseRuleFiles } from '../../src/recovery/index.ts';
import { stringify } from 'yaml';
import { hangAtGrub, mendGrub, panicBySysrq, resetToGrub, typedText } from '../index.ts';
import { chassisCallsSince, typedSince } from '../life/heal.ts';
import { describeIncident } from '../life/incident-film.ts';
import {
  activeSince,
  biosMachine,
  type HealStage,
  incidentEvent,
  restartKilledAt,
  setHealStage,
  testPlaybooks,
  testRules,
  useRules,
} from './healing.ts';

/** The checkpoints that a heal by this rule passes, as the code has them. */
function checkpointsOf(name: string): string[] {
  const text = stringify({ rules: Object.values(testRules), playbooks: testPlaybooks });
  const { ruleSet } = parseRuleFiles([{ name: 'rules.yaml', text }]);
  const rule = ruleSet.rules.find((one) => one.name === name);
  const playbook = ruleSet.playbooks.find((one) => one.name === rule?.playbook);
  if (rule === undefined || playbook === undefined) throw new Error(`no rule ${name}`);
  const confirmBmc = { name: 'confirm-bmc', deadlineMs: 1 };
  // The definition looks at nothing else of its environment before it runs.
  const definition = healMachine({ confirmBmc } as HealEnvironment);
  return enumeratePoints(definition, stepsOf(definition, { incident: '-', observation: '-', rule, playbook }));
}

const panicPoints = checkpointsOf('kernel-panic');
const grubPoints = checkpointsOf('grub-prompt');

let stage: HealStage;
beforeAll(async () => {
  stage = await setHealStage([biosMachine]);
  await useRules(stage, 'panic', 'grub');
});
afterAll(async () => {
  await stage.close();
});

/** Breaks it with Athanor doomed at the first of the points, and starts it again, doomed at the next, until none is left. */
async function healDoomedAt(points: readonly string[], breakIt: () => Promise<number>): Promise<number> {
  const { athanor } = stage;
  const [first = '', ...others] = points;
  await restartKilledAt(athanor, first);
  const since = await breakIt();
  expect(await athanor.ended(), first).toBe('SIGKILL');
  for (const point of others) {
    await athanor.start({ killAt: point });
    expect(await athanor.ended(), point).toBe('SIGKILL');
  }
  await athanor.start();
  return since;
}

async function expectHealed(since: number): Promise<void> {
  await activeSince(stage, 'bios', since);
  const resolved = await incidentEvent(stage, 'bios', 'incident.resolved', since);
  expect(resolved.data).toMatchObject({ outcome: 'healed' });
  expect((await describeIncident(stage.athanor, resolved.subjectId)).attempts).toBe(1);
}

describe('kill -9', () => {
  it(`at each of the ${panicPoints.length} checkpoints of a power cycle: off once, on once`, async () => {
    expect(panicPoints.length).toBeGreaterThanOrEqual(17);
    const machine = stage.machine('bios');
    const since = await healDoomedAt(panicPoints, () => panicBySysrq(machine));
    await expectHealed(since);
    expect((await chassisCallsSince(machine, since)).map(({ call }) => call)).toEqual(['power 0', 'power 1']);
  });

  it(`at each of the ${grubPoints.length} checkpoints of keys: typed once`, async () => {
    expect(grubPoints.length).toBeGreaterThanOrEqual(13);
    const machine = stage.machine('bios');
    const since = await healDoomedAt(grubPoints, () => hangAtGrub(machine));
    await expectHealed(since);
    expect(await typedSince(machine, since)).toBe('configfile /grub.bak<ret>');
    expect(await chassisCallsSince(machine, since)).toEqual([]);
  });

  it('in the middle of typing: what was begun is not typed again, and a person is asked', async () => {
    const { athanor } = stage;
    const machine = stage.machine('bios');
    const since = await resetToGrub(machine);
    await keysPressed(since, 5);
    await athanor.kill();
    const typed = await typedSince(machine, since);
    expect('configfile /grub.bak<ret>'.startsWith(typed)).toBe(true);
    expect(typed.length).toBeLessThan('configfile /grub.bak<ret>'.length);
    await athanor.start();
    const escalated = await incidentEvent(stage, 'bios', 'incident.escalated', since);
    expect(await typedSince(machine, since)).toBe(typed);
    expect(await chassisCallsSince(machine, since)).toEqual([]);

    // A person mends it: nothing is left to be healed.
    await mendGrub(machine);
    const mendedAt = Date.now();
    await machine.qmp('system_reset');
    await activeSince(stage, 'bios', mendedAt);
    expect(await describeIncident(athanor, escalated.subjectId)).toMatchObject({
      state: 'resolved',
      outcome: 'returned',
    });
  });
});

/** Resolves once so many keys went down. */
async function keysPressed(since: number, count: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const events = (await stage.machine('bios').keysSeen()).filter(({ time }) => time >= since);
    if (typedText(events).length >= count) return;
    await pause(5);
  }
  throw new Error(`no ${count} keys were pressed`);
}
