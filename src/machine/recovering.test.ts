import { expect, it } from 'vitest';
import { createRecoveringMoves } from './index.ts';
import { HEAL_MACHINE } from './recovering.ts';
import { hardware, useRacks } from './testing/use-bench.ts';

const rack = useRacks();
const failure = { step: 'power-off-1', code: 'screen-changed', message: 'it changed', remedy: 'Look.' } as const;

it('leads from active to recovering and back, and only from where the table allows', async () => {
  const { bench, machineId } = await rack({ machine: { state: 'active' } });
  const moves = createRecoveringMoves(bench.store, bench.now);
  const { transaction } = bench.store;
  await transaction((trx) => moves.begin(trx, machineId, null, 'it is silent'));
  expect(await bench.machine(machineId)).toMatchObject({ state: 'recovering' });
  await expect(transaction((trx) => moves.begin(trx, machineId, null, 'again'))).rejects.toMatchObject({
    code: 'state-forbids',
  });
  await transaction((trx) => moves.end(trx, machineId, { to: 'active', operationId: null, reason: 'it is back' }));
  expect(await bench.machine(machineId)).toMatchObject({ state: 'active', failure: null });
});

it('a machine that could not be healed boots its disk, unlike one whose deployment failed', async () => {
  const { bench, machineId } = await rack({ machine: { state: 'active' } });
  const moves = createRecoveringMoves(bench.store, bench.now);
  await bench.store.db
    .insertInto('operations')
    .values({
      id: 'heal-1',
      kind: HEAL_MACHINE,
      machine_id: machineId,
      state: 'failed',
      input: '{}',
      result: null,
      failure: null,
      progress: null,
      deadline_at: 1,
      abort_requested_at: null,
      abort_reason: null,
      created_at: 1,
      started_at: 1,
      ended_at: 1,
      engine_run_id: null,
    })
    .execute();
  await bench.store.transaction(async (trx) => {
    await moves.begin(trx, machineId, 'heal-1', 'a rule matched');
    await moves.end(trx, machineId, { to: 'failed', operationId: 'heal-1', reason: failure.message, failure });
  });
  await bench.directory.refresh(machineId);
  expect(bench.directory.find(hardware.mac)?.netboot).toBe('local-disk');

  const other = await rack({ machine: { state: 'failed' } });
  await other.bench.directory.refresh(other.machineId);
  expect(other.bench.directory.find(hardware.mac)?.netboot).toBe('ramdisk');
});
