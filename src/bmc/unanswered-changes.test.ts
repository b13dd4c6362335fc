/** Changes whose answer, or whose read-back, never comes: nobody knows whether they were made, and nothing else is said. */
import { describe, expect, it } from 'vitest';
import type { Bmc, BmcResult } from './index.ts';
import { powerOn, startScripted } from './testing/start-scripted.ts';
import { expectUnknown } from './testing/results.ts';

/** What this BMC answers, by network function and command in hex. */
const answers: Readonly<Record<string, readonly number[]>> = {
  // Set Power Restore Policy: every policy is supported.
  '0/6': [0x07],
  // Watchdog: for the operating system, power cycle, 60 s.
  '6/25': [0x04, 0x03, 0x00, 0x00, 0x58, 0x02, 0x58, 0x02],
  // Event log: version 1.5, three entries.
  'a/40': [0x51, 0x03, 0x00, 0x00, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0x02],
  'a/42': [0x01, 0x00],
  'a/5c': [0xff, 0x07],
  // Clear SEL: erasure in progress.
  'a/47': [0x00],
};

interface Change {
  name: string;
  /** The request by which it is made. */
  sent: string;
  run(bmc: Bmc): Promise<BmcResult<unknown>>;
}

const changes: readonly Change[] = [
  { name: 'restore policy', sent: '0/6', run: (bmc) => bmc.chassis.setRestorePolicy('always-on') },
  {
    name: 'buttons',
    sent: '0/a',
    run: (bmc) => bmc.chassis.disableButtons({ power: true, reset: false, diagnosticInterrupt: false, standby: false }),
  },
  { name: 'identify', sent: '0/4', run: (bmc) => bmc.identifyLed.set('on', undefined) },
  { name: 'start of the watchdog', sent: '6/22', run: (bmc) => bmc.watchdog.start() },
  { name: 'stop of the watchdog', sent: '6/24', run: (bmc) => bmc.watchdog.stop() },
  { name: 'clearing of the event log', sent: 'a/47', run: (bmc) => bmc.systemEventLog.clear() },
];

/** The BMC dies at the request `sent`: before it answers that, or right after. */
function startDying(sent: string, answersLast: boolean): Bmc {
  let dead = false;
  const { bmc } = startScripted({
    command({ networkFunction, command }) {
      const name = `${networkFunction.toString(16)}/${command.toString(16)}`;
      const silent = dead || (name === sent && !answersLast);
      if (name === sent) dead = true;
      if (silent) return undefined;
      return name === '0/1' ? powerOn : { completionCode: 0, data: Buffer.from(answers[name] ?? []) };
    },
  });
  return bmc;
}

describe.each(changes)('the $name', ({ sent, run }) => {
  it('is in doubt when it is not answered', async () => {
    const bmc = startDying(sent, false);
    expect(expectUnknown(await run(bmc)).error.code).toBe('outcome-unknown');
    await bmc.close();
  });

  it('is in doubt when it is confirmed and cannot be read back', async () => {
    const bmc = startDying(sent, true);
    expect(expectUnknown(await run(bmc)).error.code).toBe('outcome-unknown');
    await bmc.close();
  });
});

it('the restart of a BMC is in doubt when the caller goes before the BMC is back', async () => {
  const caller = new AbortController();
  const { bmc } = startScripted({
    command({ networkFunction, command }) {
      if (networkFunction !== 6) return powerOn;
      if (command === 0x02) caller.abort();
      return { completionCode: 0, data: Buffer.alloc(command === 0x01 ? 11 : 0) };
    },
  });
  expectUnknown(await bmc.bmcReset.reset('cold', { signal: caller.signal }));
  await bmc.close();
});
