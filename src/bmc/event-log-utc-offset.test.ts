/** BMCs that answer Get SEL Time UTC Offset with something else: the event log can be read all the same. */
import { describe, expect, it } from 'vitest';
import { powerOn, startScripted } from './testing/start-scripted.ts';
import { expectDone } from './testing/results.ts';

/** 2027-01-15T08:00:00Z, as the scripted clock begins. */
const now = Buffer.alloc(4);
now.writeUInt32LE(1_800_000_000);
const record = Buffer.concat([Buffer.of(1, 0, 0x02), now, Buffer.of(0x20, 0, 4, 1, 1, 1, 0x57, 0, 0)]);

const answers: Readonly<Record<number, Uint8Array>> = {
  // Version 1.5, one entry.
  0x40: Buffer.concat([Buffer.of(0x51, 1, 0, 0, 0x10), now, now, Buffer.of(0x02)]),
  0x42: Buffer.of(1, 0),
  0x43: Buffer.concat([Buffer.of(0xff, 0xff), record]),
  // Erasure completed.
  0x47: Buffer.of(0x01),
  0x48: now,
};

function start(offset: Uint8Array) {
  let cleared = false;
  return startScripted({
    command({ networkFunction, command }) {
      if (networkFunction !== 0x0a) return powerOn;
      if (command === 0x47) cleared = true;
      const answer = command === 0x5c ? offset : answers[command];
      if (answer === undefined) return { completionCode: 0xc1, data: Buffer.alloc(0) };
      const data = Buffer.from(answer);
      if (command === 0x40 && cleared) data[1] = 0;
      return { completionCode: 0, data };
    },
  }).bmc;
}

describe.each([
  ['nothing', Buffer.alloc(0)],
  ['one byte', Buffer.of(0x3c)],
  ['more than a day', Buffer.of(0xff, 0x7f)],
])('an offset of %s', (_what, offset) => {
  it('is as none: the clock is taken for UTC', async () => {
    const bmc = start(offset);
    const at = '2027-01-15T08:00:00Z';
    expect(expectDone(await bmc.systemEventLog.info()).value).toMatchObject({ entries: 1, lastAddedAt: at });
    expect(expectDone(await bmc.systemEventLog.list()).value.entries).toMatchObject([{ at }]);
    const time = expectDone(await bmc.systemEventLog.time());
    expect(time.value).toMatchObject({ at });
    expect(time.value).not.toHaveProperty('utcOffsetMinutes');
    expect(time.evidence.map(({ detail }) => detail).join()).toContain('the clock is taken for UTC');
    expectDone(await bmc.systemEventLog.clear());
    await bmc.close();
  });
});
