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
  // DCMI: confirmed; an asset tag of no characters.
  '2c/4': [0xdc],
  '2c/5': [0xdc],
  '2c/8': [0xdc, 0x02],
  '2c/a': [0xdc, 0x03],
  '2c/b': [0xdc],
  // Event filtering: nothing is set.
  '4/12': [],
  '4/13': [0x11, ...Array.from({ length: 21 }, () => 0)],
  '4/11': [0x05],
  // LAN configuration: destination 1, the only one, has no address.
  'c/2': [0x11, 1, ...Array.from({ length: 12 }, () => 0)],
  // A Supermicro X10: its fans at full speed, 40 %.
  '6/1': [0x20, 0x01, 0x01, 0x00, 0x02, 0x00, 0x7c, 0x2a, 0x00, 0x32, 0x08],
  '30/45': [0x01],
  '30/70': [40],
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
  {
    name: 'power limit',
    sent: '2c/4',
    run: (bmc) =>
      bmc.dataCentre.setPowerLimit({ watts: 300, correctionMs: 1_000, samplingSeconds: 1, whenExceeded: 'log-only' }),
  },
  { name: 'activation of the power limit', sent: '2c/5', run: (bmc) => bmc.dataCentre.activatePowerLimit(true) },
  { name: 'asset tag', sent: '2c/8', run: (bmc) => bmc.dataCentre.setAssetTag('r1') },
  { name: 'name of the controller', sent: '2c/a', run: (bmc) => bmc.dataCentre.setControllerName('b1') },
  {
    name: 'temperature limit',
    sent: '2c/b',
    run: (bmc) =>
      bmc.dataCentre.setTemperatureLimit({
        place: 'inlet',
        instance: 1,
        celsius: 40,
        exceptionSeconds: 60,
        powerOff: false,
        log: true,
      }),
  },
  { name: 'event filtering', sent: '4/12', run: (bmc) => bmc.alerting.enable(true) },
  { name: 'event filter', sent: '4/12', run: (bmc) => bmc.alerting.enableFilter(1, true) },
  { name: 'alert policy', sent: '4/12', run: (bmc) => bmc.alerting.setPolicy(1, { enabled: true }) },
  { name: 'alert string', sent: '4/12', run: (bmc) => bmc.alerting.setString(1, { text: 'a' }) },
  { name: 'postpone timer', sent: '4/11', run: (bmc) => bmc.alerting.postpone(5) },
  { name: 'fan mode', sent: '30/45', run: (bmc) => bmc.fans.setMode('full') },
  { name: 'fan duty', sent: '30/45', run: (bmc) => bmc.fans.setDuty({ percent: 60 }) },
  { name: 'held fan duty', sent: '30/45', run: (bmc) => bmc.fans.hold({ percent: 60 }) },
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

it('a fan mode that was read back is in doubt when the BMC tells nothing any more', async () => {
  let modes = 0;
  const { bmc } = startScripted({
    command({ networkFunction, command }) {
      if (networkFunction === 0x30 && command === 0x45) modes += 1;
      // The mode is set and read back; then it is read for the answer.
      if (modes > 2) return undefined;
      const read = modes === 2 ? [0x02] : answers[`${networkFunction.toString(16)}/${command.toString(16)}`];
      return { completionCode: 0, data: Buffer.from(read ?? []) };
    },
  });
  expect(expectUnknown(await bmc.fans.setMode('automatic')).error.message).toContain('the new fan mode');
  await bmc.close();
});

// The first write says that a change is in progress: its silence is a failure, for nothing was changed.
it.each([2, 3, 4, 5])('an alert destination is in doubt when the BMC dies at write or read-back %i', async (last) => {
  let requests = 0;
  const { bmc } = startScripted({
    command({ networkFunction, command }) {
      const name = `${networkFunction.toString(16)}/${command.toString(16)}`;
      if (name === 'c/1' || requests > 0) requests += 1;
      return requests < last ? { completionCode: 0, data: Buffer.from(answers[name] ?? []) } : undefined;
    },
  });
  expectUnknown(await bmc.alerting.setDestination(1, { channel: 1, address: '192.0.2.9' }));
  await bmc.close();
});
