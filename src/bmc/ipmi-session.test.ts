/** Sessions of the ipmi driver against a scripted BMC: what no real peer can be made to do. */
import { describe, expect, it } from 'vitest';
import { findCipherSuite, payloadType } from '../protocols/ipmi/index.ts';
import { expectDone, expectFailed, expectUnknown } from './testing/results.ts';
import { powerOn, startScripted as start } from './testing/start-scripted.ts';

const setUp = ['open', 'rakp1', 'rakp3'];

describe('cipher suites', () => {
  it('speaks 17 where the BMC has it', async () => {
    const { bmc, scripted } = start({ suites: [17] });
    expect(expectDone(await bmc.power.get()).value.state).toBe('on');
    expect(scripted.arrived).toEqual([...setUp, '0/1']);
  });

  it('falls back to 3 on the status of Open Session, without trying the password twice', async () => {
    const { bmc, scripted } = start({ suites: [3] });
    expectDone(await bmc.power.get());
    expect(scripted.arrived).toEqual(['open', ...setUp, '0/1']);
  });

  it('refuses a BMC with none of them, one that answers with other algorithms, and IPMI 1.5', async () => {
    const three = findCipherSuite(3);
    if (three === undefined) throw new Error('suite 3 is not in the table');
    const none = { ...three, integrity: { ...three.integrity, code: 0 } };
    const cases = [
      { change: { suites: [] }, code: 'bmc-cipher-refused' },
      { change: { claimedSuite: () => none }, code: 'bmc-insecure' },
      { change: { supportsIpmi20: false }, code: 'bmc-insecure' },
    ];
    for (const { change, code } of cases) {
      const { bmc, scripted } = start(change);
      expect(expectFailed(await bmc.power.get()).error.code).toBe(code);
      expect(scripted.arrived).not.toContain('rakp1');
    }
  });
});

describe('credentials', () => {
  it('sees a wrong password in RAKP message 2 and never sends RAKP message 3', async () => {
    const { bmc, scripted } = start({ password: 'another' });
    expect(expectFailed(await bmc.power.get()).error.code).toBe('bmc-authentication');
    expect(expectFailed(await bmc.power.set('on')).error.code).toBe('bmc-authentication');
    expect(scripted.arrived).toEqual(['open', 'rakp1']);
  });

  it.each([
    { step: 'RAKP 2', change: { rakp2Status: () => 0x0d }, code: 'bmc-unknown-user' },
    { step: 'RAKP 4', change: { rakp4Status: () => 0x0f }, code: 'bmc-authentication' },
  ])('takes the status of $step as a refusal, once', async ({ change, code }) => {
    const { bmc, scripted } = start(change);
    expect(expectFailed(await bmc.power.get()).error.code).toBe(code);
    const { length } = scripted.arrived;
    expect(expectFailed(await bmc.power.get()).error.code).toBe('bmc-authentication');
    expect(scripted.arrived).toHaveLength(length);
  });

  it('does not take a forged RAKP message 4 for a session', async () => {
    const { bmc } = start({
      answer: (packet) => {
        const forged = Buffer.from(packet);
        if (forged[5] === payloadType.rakpMessage4) forged[24] = (forged[24] ?? 0) ^ 1;
        return forged;
      },
    });
    expect(expectFailed(await bmc.power.get()).error.code).toBe('bmc-authentication');
  });

  it('lowers the role where the user may not be administrator', async () => {
    const { bmc, scripted } = start({ rakp2Status: (role) => (role > 3 ? 0x0a : undefined) });
    expectDone(await bmc.power.get());
    expect(scripted.arrived.filter((name) => name === 'rakp1')).toHaveLength(2);
  });

  it('is not shown by the handle', () => {
    const credential = { name: 'c', username: 'admin', password: 'canary-8d1', fingerprint: '1' };
    expect(JSON.stringify(start({}, { credential }).bmc)).not.toContain('canary-8d1');
  });

  it('is refused before anything is sent when it is too long for IPMI', () => {
    const credential = { name: 'c', username: 'admin', password: 'x'.repeat(21), fingerprint: '1' };
    expect(() => start({}, { credential })).toThrowError(/has 21 bytes/);
  });
});

describe('sessions', () => {
  it('are used again while fresh, and closed when idle', async () => {
    const { bmc, scripted, clock } = start();
    expectDone(await bmc.power.get());
    expectDone(await bmc.power.get());
    expect(scripted.arrived).toEqual([...setUp, '0/1', '0/1']);
    await clock.advance(26_000);
    expect(scripted.arrived.at(-1)).toBe('6/3c');
    expectDone(await bmc.power.get());
    expect(scripted.arrived.filter((name) => name === 'open')).toHaveLength(2);
  });

  it('are opened anew when the BMC has forgotten them', async () => {
    const { bmc, scripted } = start();
    expectDone(await bmc.power.get());
    scripted.restart();
    expectDone(await bmc.power.get());
    expect(scripted.arrived.filter((name) => name === 'rakp1')).toHaveLength(2);
  });

  it('wait for a BMC whose sessions are all taken, then say so', async () => {
    const { bmc, scripted } = start({ openSessionStatus: () => 0x01 });
    const { error } = expectFailed(await bmc.power.get());
    expect(error.code).toBe('bmc-sessions-full');
    expect(error.message).toContain('Insufficient resources');
    expect(scripted.arrived.filter((name) => name === 'open').length).toBeGreaterThan(1);
  });

  it('outlive the silence of controllers behind the BMC, which counts against nobody', async () => {
    const { bmc, scripted } = start({ command: ({ command }) => (command === 0x34 ? undefined : powerOn) });
    const through = [{ channel: 0, address: 0x82 }];
    const request = { networkFunction: 0x04, command: 0x2d, data: Buffer.of(1), idempotent: true, through };
    for (let call = 0; call < 4; call += 1) {
      expect(expectFailed(await bmc.raw.send(request)).error.message).toContain('controller 0x82 on channel 0');
    }
    expectDone(await bmc.power.get());
    expect(scripted.arrived.filter((name) => name === 'open')).toHaveLength(1);
  });

  it('fail after close', async () => {
    const { bmc } = start();
    expectDone(await bmc.power.get());
    await bmc.close();
    expect(expectFailed(await bmc.power.get()).error.code).toBe('aborted');
  });
});

describe('answers', () => {
  it('that are garbage are a protocol error, not silence', async () => {
    const { bmc } = start({ answer: () => Buffer.from('0600ff07c0ffee', 'hex') });
    expect(expectFailed(await bmc.power.get()).error.code).toBe('bmc-protocol');
  });

  it('that are too short for the command are a protocol error', async () => {
    const { bmc } = start({ command: () => ({ completionCode: 0, data: Buffer.of(1) }) });
    expect(expectFailed(await bmc.power.get()).error.code).toBe('bmc-protocol');
  });

  it('with a completion code carry the words of the specification', async () => {
    const { bmc } = start({ command: () => ({ completionCode: 0xd4, data: Buffer.alloc(0) }) });
    const { error } = expectFailed(await bmc.power.get());
    expect(error.code).toBe('bmc-privilege');
    expect(error.message).toContain('insufficient privilege level');
  });

  it('of "Invalid Command" mean unsupported', async () => {
    const { bmc } = start({ command: () => ({ completionCode: 0xc1, data: Buffer.alloc(0) }) });
    expect(await bmc.power.get()).toMatchObject({ outcome: 'unsupported', capability: 'power' });
  });

  it('of "Node Busy" are waited out', async () => {
    let busy = 2;
    const { bmc } = start({
      command: () => (busy-- > 0 ? { completionCode: 0xc0, data: Buffer.alloc(0) } : powerOn),
    });
    expectDone(await bmc.power.get());
  });
});

describe('power verbs', () => {
  const chassisControl = '0/2';

  it('accept "already so" when the read-back agrees', async () => {
    const { bmc } = start({
      command: ({ command }) => (command === 2 ? { completionCode: 0xd5, data: Buffer.alloc(0) } : powerOn),
    });
    expect(expectDone(await bmc.power.set('on')).value.state).toBe('on');
    expectFailed(await bmc.power.set('cycle'));
  });

  it.each([0xc3, 0xce])(
    'are not sent again after completion code %i, which may hide that it ran',
    async (completionCode) => {
      const { bmc, scripted } = start({
        command: ({ command }) => (command === 2 ? { completionCode, data: Buffer.alloc(0) } : powerOn),
      });
      expectUnknown(await bmc.power.set('cycle'));
      expect(scripted.arrived.filter((name) => name === chassisControl)).toHaveLength(1);
    },
  );

  it('cut the power although a shutdown is still waited for, which then has its end', async () => {
    let state = powerOn;
    const { bmc } = start({
      command({ command, data }) {
        if (command === 2 && data[0] === 0) state = { completionCode: 0, data: Buffer.alloc(3) };
        return command === 2 ? { completionCode: 0, data: Buffer.alloc(0) } : state;
      },
    });
    const soft = bmc.power.set('soft');
    expect(expectDone(await bmc.power.set('off')).value.state).toBe('off');
    expect(expectDone(await soft).value.state).toBe('off');
  });

  it('end as outcome unknown when the BMC vanishes under them', async () => {
    let gone = false;
    const { bmc, scripted } = start({
      command({ command }) {
        gone ||= command === 2;
        return gone ? undefined : powerOn;
      },
    });
    const result = expectUnknown(await bmc.power.set('off'));
    expect(result.error.code).toBe('outcome-unknown');
    expect(scripted.arrived.filter((name) => name === chassisControl)).toHaveLength(1);
  });

  it('are not sent at all when the power cannot be read before', async () => {
    const { bmc, scripted } = start({ command: () => undefined });
    expectFailed(await bmc.power.set('off'));
    expect(scripted.arrived).not.toContain(chassisControl);
  });
});

describe('boot device', () => {
  it('sends the flags of the specification and trusts a read-back that agrees', async () => {
    let flags: Buffer = Buffer.alloc(5);
    const { bmc } = start({
      command({ command, data }) {
        if (command === 8 && data[0] === 5) flags = Buffer.from(data.subarray(1));
        if (command === 8) return { completionCode: data[0] === 5 ? 0 : 0x80, data: Buffer.alloc(0) };
        return { completionCode: 0, data: Buffer.concat([Buffer.of(1, 5), flags]) };
      },
    });
    const sent: string[] = [];
    for (const device of ['pxe', 'disk', 'cdrom', 'bios', 'default'] as const) {
      for (const once of [true, false]) {
        const result = expectDone(await bmc.bootDevice.set({ device, once, firmware: once ? 'uefi' : 'bios' }));
        expect(result.value.readBackAgrees).toBe(true);
        sent.push(flags.toString('hex', 0, 2));
      }
    }
    expect(sent).toEqual(['a004', 'c004', 'a008', 'c008', 'a014', 'c014', 'a018', 'c018', 'a000', 'c000']);
  });

  it('is outcome unknown when the BMC vanishes under it', async () => {
    const { bmc } = start({
      command: ({ command, data }) => (command === 8 && data[0] === 5 ? undefined : powerOn),
    });
    expectUnknown(await bmc.bootDevice.set({ device: 'pxe', once: true }));
  });
});
