/** The film of an incident that goes on for long. */
import { expect, it } from 'vitest';
import { createIncidents } from './incidents/transition.ts';
import { getIncident } from './index.ts';
import { fallSilent, useRecoveryBenches } from './testing/use-recovery-bench.ts';

const open = useRecoveryBenches();

it('has its beginning and its end, however often the screen changed between them', async () => {
  const bench = await open();
  const machine = await bench.addMachine();
  await bench.start();
  await fallSilent(bench, machine);
  const { id } = await bench.incident(machine);
  await bench.store.transaction(async (trx) => {
    const incidents = createIncidents(bench.store, () => 0);
    for (let look = 1; look <= 1_200; look += 1)
      await incidents.observed(trx, id, { power: 'on', text: `look ${look}` });
  });
  machine.alive = true;
  await bench.beat(machine);
  const { state, timeline } = await getIncident(bench.store, id);
  const told = timeline.filter(({ kind }) => kind !== 'observation');
  expect([state, told.at(0)?.kind, told.at(-1)?.kind]).toEqual(['resolved', 'incident.opened', 'incident.resolved']);
  expect(new Set(told).size).toBe(told.length);
  expect(told.some(({ text }) => text.includes('“look 1”'))).toBe(true);
  expect(told.some(({ text }) => text.includes('“look 1200”'))).toBe(true);
});
