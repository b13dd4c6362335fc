import { expect, it } from 'vitest';
import { panickedServer } from './testing/heal-bench.ts';
import { useHealBenches } from './testing/use-heal-bench.ts';

const open = useHealBenches();

it('a wait is as long as its playbook says, though the clock is set meanwhile', async () => {
  const bench = await open();
  const server = await panickedServer();
  const steps = [
    { action: 'power', to: 'cycle' },
    { action: 'wait-for-heartbeat', withinMs: 5_000 },
  ] as const;
  const patient = await bench.begin(server, steps, {
    prepare: (begun) => {
      server.onBoot = () => {
        let looks = 0;
        server.beforeFrame = () => {
          looks += 1;
          if (looks === 1) bench.skip(3_600_000);
          if (looks === 2) begun.beat({ bootId: 'boot-2' });
        };
      };
    },
  });
  expect((await patient.ended()).state).toBe('succeeded');
});
