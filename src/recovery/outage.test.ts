/** Many machines fall silent together: one cause, which no playbook mends. */
import { expect, it } from 'vitest';
import { listOutages } from './index.ts';
import type { RecoveryBench, ScriptedMachine } from './testing/recovery-bench.ts';
import { useRecoveryBenches } from './testing/use-recovery-bench.ts';

const open = useRecoveryBenches();
const panic = ['Kernel panic - not syncing'];

/** So many machines whose beats are spread over their interval, all heard. */
async function fleet(count: number, bench: RecoveryBench): Promise<ScriptedMachine[]> {
  await bench.applyPanicRule();
  const machines = await bench.addMachines(count);
  for (const [index, machine] of machines.entries()) machine.lastBeat -= (index * 10_000) / count;
  await bench.start();
  await bench.pass(20_000);
  return machines;
}

function silence(machines: readonly ScriptedMachine[]): void {
  for (const machine of machines) {
    machine.alive = false;
    machine.screen = panic;
  }
}

async function counts(bench: RecoveryBench): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const { state } of await bench.incidents()) found[state] = (found[state] ?? 0) + 1;
  return found;
}

it('holds 200 machines that fall silent at once, heals none of them, and sees its end', async () => {
  const bench = await open();
  const machines = await fleet(200, bench);
  silence(machines);
  await bench.pass(50_000);
  expect(await counts(bench)).toEqual({ held: 200 });
  expect(await bench.heals()).toEqual([]);
  expect(bench.looks).toEqual([]);
  const [outage, ...more] = await listOutages(bench.store);
  expect(more).toEqual([]);
  expect(outage).toMatchObject({ machines: 200, watched: 200, resolvedAt: null });
  expect((await bench.incidents()).every((incident) => incident.outage_id === outage?.id)).toBe(true);
  expect((await bench.events('outage.opened')).length).toBe(1);

  // Three of four are back: that is the end, and the others are looked at.
  const back = machines.slice(0, 149);
  for (const machine of back) machine.alive = true;
  await bench.pass(2_000);
  expect(await counts(bench)).toEqual({ held: 51, resolved: 149 });
  expect((await listOutages(bench.store))[0]?.resolvedAt).toBeNull();
  for (const machine of machines.slice(149, 150)) machine.alive = true;
  await bench.pass(1_000);
  expect((await listOutages(bench.store))[0]?.resolvedAt).toBe(bench.now());
  expect(await counts(bench)).toEqual({ resolved: 150, healing: 5, open: 45 });
  const looked = new Set(bench.looks);
  expect(machines.slice(150).every(({ id }) => looked.has(id))).toBe(true);
  expect(bench.complaints.filter((line) => !line.startsWith('many machines'))).toEqual([]);
}, 60_000);

it('does not heal the first of them, though the others are not missed yet', async () => {
  const bench = await open();
  const machines = await fleet(12, bench);
  await bench.pass(60_000);
  silence(machines);
  while ((await bench.incidents()).length === 0) await bench.pass(200, 200);
  expect(await counts(bench)).toEqual({ held: 1 });
  // It is no end that the others are only late.
  await bench.pass(1_000, 200);
  expect((await listOutages(bench.store))[0]?.resolvedAt).toBeNull();
  expect(await bench.heals()).toEqual([]);
});

it.each([2, 3])('is none when all %i machines there are fall silent', async (count) => {
  const bench = await open();
  const machines = await fleet(count, bench);
  silence(machines);
  await bench.pass(50_000);
  expect(await listOutages(bench.store)).toEqual([]);
  expect(await counts(bench)).toEqual({ healing: count });
});

it('takes in no machine in maintenance, and counts none that is off on purpose or broken for long', async () => {
  const bench = await open();
  const machines = await fleet(30, bench);
  const [kept, ...rest] = machines;
  if (kept === undefined) throw new Error('no machines');
  await bench.setMaintenance(kept, true);
  for (const machine of rest.slice(0, 12)) await bench.setMachine(machine, { off_on_purpose: 1 });
  silence([kept, ...rest.slice(0, 12)]);
  await bench.pass(120_000);
  expect(await bench.incidents()).toEqual([]);
  silence(rest.slice(12, 14));
  await bench.pass(40_000);
  expect(await listOutages(bench.store)).toEqual([]);
  expect(await counts(bench)).toEqual({ healing: 2 });
});

it('holds those that were open already, and leaves those that heal to their operations', async () => {
  const bench = await open({ concurrentHeals: 1 });
  const machines = await fleet(20, bench);
  // Two a little before the others.
  silence(machines.slice(0, 2));
  await bench.pass(31_000);
  expect(await counts(bench)).toEqual({ healing: 1, open: 1 });
  for (const machine of machines.slice(2)) machine.lastBeat -= 20_000;
  silence(machines.slice(2));
  await bench.pass(25_000);
  expect(await counts(bench)).toEqual({ healing: 1, held: 19 });
});

it('goes on after a restart, even when only its first machine was known', async () => {
  const bench = await open();
  const machines = await fleet(12, bench);
  silence(machines);
  while ((await bench.incidents()).length === 0) await bench.pass(200, 200);
  await bench.restart();
  await bench.pass(29_000);
  expect(await counts(bench)).toEqual({ held: 1 });
  await bench.pass(60_000);
  expect(await counts(bench)).toEqual({ held: 12 });
  expect((await listOutages(bench.store)).length).toBe(1);
  expect(await bench.heals()).toEqual([]);
  for (const machine of machines.slice(1)) machine.alive = true;
  await bench.pass(2_000);
  expect(await counts(bench)).toEqual({ resolved: 11, healing: 1 });
});

it('does not hold a machine that fails while it goes on elsewhere', async () => {
  const bench = await open();
  const machines = await fleet(40, bench);
  silence(machines.slice(0, 12));
  await bench.pass(200_000);
  expect(await counts(bench)).toEqual({ held: 12 });
  silence(machines.slice(12, 13));
  await bench.pass(41_000);
  expect(await counts(bench)).toEqual({ held: 12, healing: 1 });
});

it('is judged among the machines that were not broken before', async () => {
  const bench = await open();
  const machines = await fleet(12, bench);
  await bench.applyNoRules();
  for (const machine of machines.slice(0, 6)) {
    silence([machine]);
    await bench.pass(61_000);
  }
  expect(await counts(bench)).toEqual({ escalated: 6 });
  silence(machines.slice(6, 10));
  await bench.pass(45_000);
  expect(await counts(bench)).toEqual({ escalated: 6, held: 4 });
  expect(await listOutages(bench.store)).toMatchObject([{ machines: 4, watched: 6 }]);
});

it('ends for a machine that is put in maintenance', async () => {
  const bench = await open();
  const machines = await fleet(12, bench);
  silence(machines);
  await bench.pass(45_000);
  const [first] = machines;
  if (first === undefined) throw new Error('no machines');
  await bench.setMaintenance(first, true);
  expect(await bench.incident(first)).toMatchObject({ state: 'resolved', outcome: 'withdrawn' });
  expect(await counts(bench)).toEqual({ held: 11, resolved: 1 });
});
