/** A duty that is held for a program which ends: nothing else would give the fans back to the BMC. */
import { expect, it } from 'vitest';
import { powerOn, startScripted } from './testing/start-scripted.ts';
import { expectDone } from './testing/results.ts';

it('the fans are automatic again when the BMC is closed', async () => {
  const modes: string[] = [];
  let duty = 40;
  const { bmc } = startScripted({
    command({ networkFunction, command, data }) {
      const answer = (...bytes: number[]) => ({ completionCode: 0, data: Buffer.from(bytes) });
      // A Supermicro X10.
      if (networkFunction === 6 && command === 1) return answer(0x20, 1, 1, 0, 2, 0, 0x7c, 0x2a, 0, 0x32, 0x08);
      if (networkFunction !== 0x30) return powerOn;
      if (command === 0x45) {
        if (data[0] === 1) modes.push(Buffer.from(data).toString('hex'));
        return answer(Number(modes.at(-1)?.slice(2) ?? 0));
      }
      if (data[1] === 1) duty = data[3] ?? 0;
      return answer(duty);
    },
  });
  const held = bmc.fans.hold({ percent: 60 });
  await expect.poll(() => modes).toEqual(['0101']);
  await bmc.close();
  expect(modes).toEqual(['0101', '0102']);
  expectDone(await held);
});
