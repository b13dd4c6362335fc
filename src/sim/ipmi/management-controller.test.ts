import { describe, expect, it } from 'vitest';
import { IpmiDecodeError } from '../../protocols/ipmi/index.ts';
import type { Bench } from './testing/test-console.ts';
import { createBench, loggedIn, login } from './testing/test-console.ts';

const application = 0x06;
const deviceId = 0x01;
const chassis = 0x00;
const chassisStatus = 0x01;
const chassisControl = 0x02;
const on = 1;
const outOfResources = 0x01;
const unauthorizedName = 0x0d;
const wrongCode = 0x0f;

describe('sessions', () => {
  it.each([3, 17])('are opened with cipher suite %i', (suite) => {
    const session = loggedIn(createBench(), { suite });
    expect(session.ask(application, deviceId)).toMatchObject([{ completionCode: 0 }]);
  });

  it('are refused by the specification’s status codes', () => {
    const bench = createBench();
    expect(login(bench, { username: 'nobody' })).toBe(unauthorizedName);
    expect(login(bench, { username: 'guest', password: 'guest', role: 4 })).toBe(0x0a);
    expect(login(bench, { password: 'wrong' })).toBe(wrongCode);
    expect(login(bench, { suite: 8 })).toBe(0x11);
    expect(bench.controller.sessions()).toBe(0);
  });

  it('begin as a user’s, and rise no higher than the user may', () => {
    const bench = createBench();
    const session = login(bench, { username: 'guest', password: 'guest' });
    if (typeof session !== 'object') throw new Error('no session');
    expect(session.ask(application, 0x3b, [3])).toMatchObject([{ completionCode: 0x81 }]);
    expect(session.ask(chassis, chassisControl, [on])).toMatchObject([{ completionCode: 0xd4 }]);
    expect(bench.server.powerOn).toBe(false);
  });

  it('are so many and no more, and make room when they end', () => {
    const bench = createBench({ maximumSessions: 2 });
    const first = loggedIn(bench);
    loggedIn(bench);
    expect(login(bench)).toBe(outOfResources);
    const id = Buffer.alloc(4);
    id.writeUInt32LE(first.id);
    expect(first.ask(application, 0x3c, [...id])).toMatchObject([{ completionCode: 0 }]);
    expect(login(bench)).toBeTypeOf('object');
  });

  it('end after a minute of silence, and not before', () => {
    const bench = createBench();
    const session = loggedIn(bench);
    bench.clock.advance(59_000);
    expect(session.ask(application, deviceId)).toHaveLength(1);
    bench.clock.advance(59_000);
    expect(session.ask(application, deviceId)).toHaveLength(1);
    bench.clock.advance(60_000);
    expect(session.ask(application, deviceId)).toHaveLength(0);
    expect(bench.clock.pending()).toBe(0);
  });

  it('take each packet once', () => {
    const bench = createBench();
    const session = loggedIn(bench);
    const packet = session.seal(application, deviceId);
    bench.receive(packet);
    bench.receive(packet);
    expect(bench.sent()).toHaveLength(1);
  });

  it('take no packet that was changed on the way', () => {
    const bench = createBench();
    const packet = loggedIn(bench).seal(application, deviceId);
    packet[packet.length - 1] = (packet.at(-1) ?? 0) ^ 1;
    bench.sent();
    expect(() => bench.receive(packet)).toThrow(IpmiDecodeError);
    expect(bench.sent()).toEqual([]);
  });

  it('half open take no room from others, however many', () => {
    const bench = createBench();
    for (let count = 0; count < 100; count += 1) login(bench, { username: 'nobody' });
    expect(login(bench)).toBeTypeOf('object');
  });

  it('answer RAKP message 3 alike when it comes twice', () => {
    const bench = createBench({ faults: { rakp4Lost: 1 } });
    let third: Uint8Array = Buffer.alloc(0);
    const onRakp3 = (packet: Uint8Array) => {
      third = packet;
    };
    expect(login(bench, { onRakp3 })).toBeUndefined();
    expect(bench.controller.sessions()).toBe(1);
    bench.faults.rakp4Lost = 0;
    bench.receive(third);
    expect(bench.sent()).toHaveLength(1);
    expect(bench.controller.sessions()).toBe(1);
  });
});

describe('commands', () => {
  const codeOf = (bench: Bench, network: number, command: number, data?: number[]) =>
    loggedIn(bench).ask(network, command, data)[0]?.completionCode;

  it('unknown are refused with 0xC1, cut short with 0xC7', () => {
    const bench = createBench();
    expect(codeOf(bench, 0x30, 0x77)).toBe(0xc1);
    expect(codeOf(bench, chassis, chassisControl, [])).toBe(0xc7);
  });

  it('of a defining body are refused in its name', () => {
    const session = loggedIn(createBench());
    expect(session.ask(0x2c, 0x7f, [0xdc, 1])).toMatchObject([{ completionCode: 0xc1, data: Buffer.of(0xdc) }]);
  });

  it('through a bridge are acknowledged, and answered by whom they were for', () => {
    const session = loggedIn(createBench());
    const request = [0x2c, 0x18, 0xbc, 0x81, 0x04, 0x01, 0x7a];
    const [acknowledged, answered] = session.ask(application, 0x34, [0x40, ...request]);
    expect(acknowledged).toMatchObject({ command: 0x34, completionCode: 0 });
    expect(answered).toMatchObject({ command: 0x01, responderAddress: 0x2c, completionCode: 0, sequence: 1 });
    expect(session.ask(application, 0x34, [0x41, ...request])).toMatchObject([{ completionCode: 0x83 }]);
  });
});

describe('faults', () => {
  it('busy: so many requests, or a share of them', () => {
    const bench = createBench();
    const session = loggedIn(bench);
    bench.faults.busyRequests = 2;
    const codes = [1, 2, 3].map(() => session.ask(application, deviceId)[0]?.completionCode);
    expect(codes).toEqual([0xc0, 0xc0, 0]);
    bench.faults.busy = 1;
    expect(session.ask(chassis, chassisControl, [on])).toMatchObject([{ completionCode: 0xc0 }]);
    expect(bench.server.powerOn).toBe(false);
  });

  it('session table full', () => {
    const bench = createBench({ faults: { sessionTableFull: true } });
    expect(login(bench)).toBe(outOfResources);
  });

  it('deaf', () => {
    const bench = createBench();
    const session = loggedIn(bench);
    bench.faults.deaf = true;
    expect(session.ask(application, deviceId)).toEqual([]);
    bench.faults.deaf = false;
    expect(session.ask(application, deviceId)).toHaveLength(1);
  });

  it('wrong session sequence numbers: one that was left behind long ago', () => {
    const bench = createBench();
    const session = loggedIn(bench);
    const [before] = session.ask(application, deviceId);
    bench.faults.wrongSessionSequence = 1;
    const [after] = session.ask(application, deviceId);
    expect(((after?.sessionSequence ?? 0) - (before?.sessionSequence ?? 0) + 2 ** 32) % 2 ** 32).toBeGreaterThanOrEqual(
      2 ** 31,
    );
  });

  it('wrong request sequence numbers', () => {
    const bench = createBench();
    const session = loggedIn(bench);
    const [before] = session.ask(application, deviceId);
    bench.faults.wrongRequestSequence = 1;
    const [after] = session.ask(application, deviceId);
    expect(after?.sequence).not.toBe(((before?.sequence ?? 0) + 1) % 64);
  });

  it('garbage: what comes back is no answer', () => {
    const bench = createBench();
    const session = loggedIn(bench);
    bench.faults.garbage = 1;
    expect(() => session.ask(application, deviceId)).toThrow(IpmiDecodeError);
  });

  it('power that is acknowledged and not switched', () => {
    const bench = createBench({ faults: { power: 'ignored' } });
    const session = loggedIn(bench);
    expect(session.ask(chassis, chassisControl, [on])).toMatchObject([{ completionCode: 0 }]);
    expect(bench.server.powerOn).toBe(false);
  });

  it('power that reads the wrong way round', () => {
    const bench = createBench({ faults: { power: 'reads wrong' } });
    const session = loggedIn(bench);
    expect((session.ask(chassis, chassisStatus)[0]?.data[0] ?? 0) & 1).toBe(1);
    session.ask(chassis, chassisControl, [on]);
    expect(bench.server.powerOn).toBe(true);
    expect((session.ask(chassis, chassisStatus)[0]?.data[0] ?? 0) & 1).toBe(0);
  });

  it('reset in the middle: the last request is done and not answered, sessions are gone, then silence', () => {
    const bench = createBench();
    const session = loggedIn(bench);
    bench.faults.resetSilentMs = 5_000;
    bench.faults.resetAfterRequests = 2;
    expect(session.ask(application, deviceId)).toHaveLength(1);
    expect(session.ask(chassis, chassisControl, [on])).toEqual([]);
    expect(bench.server.powerOn).toBe(true);
    expect(bench.controller.sessions()).toBe(0);
    expect(login(bench)).toBeUndefined();
    bench.clock.advance(5_000);
    expect(session.ask(application, deviceId)).toEqual([]);
    expect(login(bench)).toBeTypeOf('object');
  });

  it('lockout after so many wrong passwords, for so long, of that user alone', () => {
    const bench = createBench({ faults: { lockoutAfter: 3, lockoutMs: 10_000 } });
    for (let count = 0; count < 3; count += 1) expect(login(bench, { password: 'wrong' })).toBe(wrongCode);
    expect(login(bench)).toBe(unauthorizedName);
    expect(login(bench, { username: 'guest', password: 'guest' })).toBeTypeOf('object');
    bench.clock.advance(10_000);
    expect(login(bench)).toBeTypeOf('object');
    expect(login(bench, { password: 'wrong' })).toBe(wrongCode);
    expect(login(bench)).toBeTypeOf('object');
  });
});
