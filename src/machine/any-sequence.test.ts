/** Whatever people ask and however work ends, in any order: the machine goes along the table, with its operation. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AthanorError } from '../errors/index.ts';
import { deployMachine, inspectMachine, leadsTo, machineStates, stateOf, stateTable } from './index.ts';
import { type Rack, useRacks } from './testing/use-bench.ts';

const rack = useRacks();
const actions = ['deploy', 'deploy as web', 'inspect', 'boot', 'abort', 'succeed', 'fail', 'deploy nothing'] as const;
type Action = (typeof actions)[number];

const refusals = new Set(['state-forbids', 'operation-running', 'conflict', 'not-found']);

async function act({ bench }: Rack, machineId: string, action: Action): Promise<void> {
  const { requests, operations, store } = bench;
  const [running] = await operations.list({ machineId, states: ['queued', 'running'] });
  switch (action) {
    case 'deploy':
      return void (await requests.deploy(machineId, { image: 'lab-os' }));
    case 'deploy as web':
      return void (await requests.deploy(machineId, { image: 'lab-os', name: 'web' }));
    case 'deploy nothing':
      return void (await requests.deploy(machineId, { image: 'none', name: 'nothing' }));
    case 'inspect':
      return void (await requests.inspect(machineId));
    case 'boot':
      return void (await requests.inspectBooting(machineId));
    case 'abort':
      return running === undefined ? undefined : await operations.abort(running.id, 'a test');
    case 'succeed':
    case 'fail': {
      if (running === undefined) return;
      const definitions = [deployMachine(bench.environment), inspectMachine(bench.environment)];
      const definition = definitions.find(({ kind }) => kind === running.kind);
      if (definition === undefined) throw new Error(`no definition of ${running.kind}`);
      const context = { operationId: running.id, machineId, input: running.input, evidenceOf: () => undefined };
      await store.transaction(async (trx) => {
        const state = action === 'succeed' ? ('succeeded' as const) : ('failed' as const);
        await trx
          .updateTable('operations')
          .set({ state, ended_at: bench.now() })
          .where('id', '=', running.id)
          .execute();
        const failure = { step: 'x', code: 'internal', message: 'it broke', remedy: 'Mend it.' } as const;
        const input = definition.parseInput(running.input);
        const typed = { ...context, input: input as never };
        await (action === 'succeed' ? definition.onSucceeded(trx, typed) : definition.onFailed(trx, typed, failure));
      });
    }
  }
}

it('keeps machine, operation and history in agreement', async () => {
  const opened = await rack({ idle: true });
  const { bench } = opened;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...machineStates.filter((state) => stateTable[state].waiting === undefined)),
      fc.array(fc.constantFrom(...actions), { maxLength: 12 }),
      async (begin, sequence) => {
        const machineId = await bench.addMachine({ state: begin });
        const start = await bench.store.events.newestSequence();
        for (const action of sequence) {
          const before = await bench.machine(machineId);
          const seen = await bench.store.events.newestSequence();
          let refused = false;
          await act(opened, machineId, action).catch((error: unknown) => {
            if (!(error instanceof AthanorError) || !refusals.has(error.code)) throw error;
            refused = true;
          });
          const after = await bench.machine(machineId);
          // A refusal leaves no trace.
          if (refused) expect([after, await bench.store.events.newestSequence()]).toEqual([before, seen]);
          // It waits exactly while an operation runs on it, and only a failed machine has a failure.
          const running = await bench.operations.list({ machineId, states: ['queued', 'running'] });
          expect(running.length, `${action} led to ${after.state}`).toBe(
            stateTable[stateOf(after)].waiting === undefined ? 0 : 1,
          );
          if (after.state !== 'failed') expect(after.failure).toBeNull();
        }
        const moves = await bench.store.events.listEvents({
          after: start,
          limit: 1000,
          subject: { kind: 'machine', id: machineId },
        });
        let state = begin;
        for (const { kind, data } of moves) {
          if (kind !== 'machine.state') continue;
          const { from, to } = Object(data);
          expect(from).toBe(state);
          expect(leadsTo(from, to)).toBe(true);
          state = to;
        }
        expect((await bench.machine(machineId)).state).toBe(state);
      },
    ),
    { numRuns: 100 },
  );
});
